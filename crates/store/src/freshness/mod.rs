//! For how long something read from the database may be kept in memory: until somebody changes it, and never longer
//! than the lease under which this process hears of changes.
//!
//! A reader takes a [`Stamp`] of the subjects it depends on *before* it reads, keeps it beside the value, and uses the
//! value only while [`Freshness::holds`]. A change moves the generation of its subjects on, so every stamp taken
//! before it is void: a read that raced the change can never be kept. Subjects share 4096 slots; a neighbour in the
//! same slot is forgotten too, which costs one more read and nothing else.

mod announce;
mod postgres;
mod sqlite;

use std::{
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    sync::atomic::{AtomicI64, AtomicU64, Ordering::SeqCst},
    time::Instant,
};

use tokio::sync::watch;

pub(crate) use self::announce::{announce, bump};
use crate::{Store, connect::Backend};

/// The PostgreSQL channel on which changes and heartbeats travel.
const CHANNEL: &str = "visage";

/// What a kept value can depend on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    User(String),
    Client(String),
    Grant(String),
    /// One access token, by its `jti`.
    Token(String),
    /// The signing keys.
    Keys,
}

impl Subject {
    fn to_payload(&self) -> String {
        match self {
            Self::User(id) => format!("u:{id}"),
            Self::Client(id) => format!("c:{id}"),
            Self::Grant(id) => format!("g:{id}"),
            Self::Token(id) => format!("t:{id}"),
            Self::Keys => "k:".into(),
        }
    }

    fn from_payload(payload: &str) -> Option<Self> {
        let (kind, id) = payload.split_once(':')?;
        match kind {
            "u" => Some(Self::User(id.into())),
            "c" => Some(Self::Client(id.into())),
            "g" => Some(Self::Grant(id.into())),
            "t" => Some(Self::Token(id.into())),
            "k" => Some(Self::Keys),
            _ => None,
        }
    }

    fn slot(&self) -> usize {
        BuildHasherDefault::<DefaultHasher>::default().hash_one(self) as usize % SLOTS
    }
}

const SLOTS: usize = 4096;
/// Of an exchanged token: its client, itself, its grant, its person, the client of its grant.
const SUBJECTS_PER_STAMP: usize = 5;

/// Which generations a value was read under.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    everything: u64,
    slots: [(u16, u64); SUBJECTS_PER_STAMP],
    used: u8,
}

pub struct Freshness {
    enabled: bool,
    began: Instant,
    /// Until when, in milliseconds since `began`, this process surely hears of changes. 0 when it does not.
    lease: AtomicU64,
    everything: AtomicU64,
    slots: Box<[AtomicU64]>,
    /// The last epoch that this process has taken into account (SQLite).
    epoch: AtomicI64,
    keys: watch::Sender<u64>,
}

impl Freshness {
    #[expect(
        clippy::disallowed_methods,
        reason = "a lease is measured by the monotonic clock, which no test turns"
    )]
    pub(crate) fn new(enabled: bool) -> Self {
        Self {
            enabled,
            began: Instant::now(),
            lease: AtomicU64::new(0),
            everything: AtomicU64::new(0),
            slots: (0..SLOTS).map(|_| AtomicU64::new(0)).collect(),
            epoch: AtomicI64::new(0),
            keys: watch::Sender::new(0),
        }
    }

    /// To be taken before the read. At most five subjects.
    pub fn stamp(&self, subjects: &[Subject]) -> Stamp {
        debug_assert!(subjects.len() <= SUBJECTS_PER_STAMP, "a stamp holds five subjects");
        let mut slots = [(0, 0); SUBJECTS_PER_STAMP];
        for (place, subject) in slots.iter_mut().zip(subjects) {
            let slot = subject.slot();
            *place = (slot as u16, self.slots[slot].load(SeqCst));
        }
        Stamp {
            everything: self.everything.load(SeqCst),
            slots,
            used: subjects.len().min(SUBJECTS_PER_STAMP) as u8,
        }
    }

    /// Whether nothing has changed since, as far as this process must have heard.
    pub fn holds(&self, stamp: &Stamp) -> bool {
        self.is_leased()
            && stamp.everything == self.everything.load(SeqCst)
            && stamp.slots[..usize::from(stamp.used)]
                .iter()
                .all(|(slot, generation)| self.slots[usize::from(*slot)].load(SeqCst) == *generation)
    }

    /// Whether anything may be served from memory now.
    pub fn is_leased(&self) -> bool {
        self.enabled && self.now() < self.lease.load(SeqCst)
    }

    /// Forgets everything that depends on these subjects.
    pub fn touch(&self, subjects: &[Subject]) {
        for subject in subjects {
            self.slots[subject.slot()].fetch_add(1, SeqCst);
            if matches!(subject, Subject::Keys) {
                self.keys.send_modify(|version| *version += 1);
            }
        }
    }

    /// Forgets everything, the parsed keys too.
    pub fn flush(&self) {
        self.everything.fetch_add(1, SeqCst);
        self.keys.send_modify(|version| *version += 1);
    }

    /// Ticks whenever the rows of `keys` may have changed.
    pub fn key_changes(&self) -> watch::Receiver<u64> {
        self.keys.subscribe()
    }

    /// A write of this process moved the epoch to `value`. If that was the next one, nobody else wrote in between.
    pub(crate) fn made_epoch(&self, value: i64) {
        let _ = self.epoch.compare_exchange(value - 1, value, SeqCst, SeqCst);
    }

    fn now(&self) -> u64 {
        self.began.elapsed().as_millis() as u64
    }

    /// Extends the lease to `milliseconds` after `since` (in the units of `now`).
    fn lease(&self, since: u64, milliseconds: u64) {
        self.lease.store(since + milliseconds, SeqCst);
    }

    /// Whether there was one to end.
    fn end_lease(&self) -> bool {
        self.lease.swap(0, SeqCst) > 0
    }
}

/// Starts to follow changes of other processes; ends with the store.
pub(crate) fn follow(store: &Store) {
    if !store.freshness().enabled {
        // Keys must be followed all the same: a rotation by a command is taken up without a restart.
        tracing::info!("caching is switched off; every request reads the database");
    }
    match store.backend() {
        Backend::Postgres(postgres) => {
            tokio::spawn(postgres::follow(
                postgres.dialer.clone(),
                std::sync::Arc::downgrade(store.freshness()),
            ));
        }
        Backend::Sqlite(lite) => {
            sqlite::follow(lite.path().to_owned(), std::sync::Arc::downgrade(store.freshness()))
        }
    }
}
