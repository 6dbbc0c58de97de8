//! Empties the deletion queue: claim with a lease, delete, forget. A failure waits longer each time and is never given
//! up; "it was not there" is as good as deleted, if it was our store that said so. Any number of workers, on any number
//! of nodes, may run at once; each store has its own, so that one that hangs holds back no other.

use crate::State;
use crate::installation::{self, Mark};
use crate::key::{KeyBase, ObjectKey};
use crate::objects::{ObjectError, ObjectStore};
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use futures_util::{StreamExt, stream};
use protocol::Micros;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use store::deletions::Deletion;
use store::{Store, StoreError};
use tokio::sync::OnceCell;
use tokio::time::Instant;

const SECOND: Micros = 1_000_000;
/// Taken anew before each delete.
const LEASE: Micros = 60 * SECOND;
/// For one delete with all its retries: well below the lease, so that nobody else has the row while it may still act.
const LONGEST: Duration = Duration::from_secs(30);
const LONGEST_WAIT: Micros = 3600 * SECOND;
const AT_ONCE: usize = 8;
const BATCH: i64 = 32;
/// Other processes queue too, so the queue is looked at this often even if nobody wakes us.
const LOOK_EVERY: Duration = Duration::from_secs(2);

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Round {
    pub deleted: usize,
    pub failed: usize,
}

/// Deletes what is due until nothing is. What failed is tried again later.
pub async fn delete_due(store: &Store, state: &State, now: Micros) -> Result<Round, StoreError> {
    let began = Instant::now();
    let clock = || now + i64::try_from(began.elapsed().as_micros()).unwrap_or(0);
    let mut all = Round::default();
    loop {
        let due = store.deletions_by_store(clock()).await?.into_iter().filter(|(_, due)| *due <= now);
        let drains: Vec<_> = due.map(|(name, _)| drain(store, state, name, &clock)).collect();
        if drains.is_empty() {
            while store.bury_pictures(100).await? == 100 {}
            return Ok(all);
        }
        for (_, round) in join_all(drains).await {
            let round = round?;
            all.deleted += round.deleted;
            all.failed += round.failed;
        }
    }
}

/// Never ends; may be stopped anywhere, since leases give back what was claimed.
pub async fn run(store: Store, state: State, clock: Arc<dyn web::Clock>) {
    let now = || clock.now();
    let mut drains = FuturesUnordered::new();
    let mut busy = HashSet::new();
    loop {
        let wait = match store.deletions_by_store(now()).await {
            Ok(waiting) => {
                let mut wait = LOOK_EVERY;
                for (name, due) in waiting {
                    if busy.contains(&name) {
                        continue;
                    }
                    let left = u64::try_from(due - now()).unwrap_or(0);
                    if left > 0 {
                        wait = wait.min(Duration::from_micros(left.max(10_000)));
                    } else {
                        busy.insert(name.clone());
                        drains.push(drain(&store, &state, name, &now));
                    }
                }
                wait
            }
            Err(error) => {
                tracing::warn!(%error, "cannot look at the photo deletions; will try again");
                LOOK_EVERY
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = state.superseded.notified() => {}
            Some((name, round)) = drains.next() => {
                busy.remove(&name);
                if let Err(error) = finished(&store, round).await {
                    tracing::warn!(%error, store = name, "cannot work on the photo deletions; will try again");
                    tokio::time::sleep(LOOK_EVERY).await;
                }
            }
        }
    }
}

async fn finished(store: &Store, round: Result<Round, StoreError>) -> Result<(), StoreError> {
    round?;
    store.bury_pictures(100).await?;
    Ok(())
}

/// Works on what is due in one store until nothing is, or the store does not answer.
async fn drain(
    store: &Store,
    state: &State,
    name: String,
    clock: &(dyn Fn() -> Micros + Sync),
) -> (String, Result<Round, StoreError>) {
    let worker = Worker { store, objects: state.stores.get(&name), clock, is_ours: OnceCell::new() };
    let round = worker.drain(&name).await;
    (name, round)
}

struct Worker<'a> {
    store: &'a Store,
    /// `None`: no store of this name is configured.
    objects: Option<&'a Arc<dyn ObjectStore>>,
    clock: &'a (dyn Fn() -> Micros + Sync),
    /// Whether what the store says is not there may be believed; asked for once.
    is_ours: OnceCell<bool>,
}

/// What became of one row.
enum Outcome {
    Deleted,
    /// Another worker, or a move, has it; or its store was found to be away before it was its turn.
    Left,
    Failed {
        error: String,
        /// The store, not this object, is the matter.
        is_away: bool,
    },
}

impl Worker<'_> {
    async fn drain(&self, name: &str) -> Result<Round, StoreError> {
        let mut all = Round::default();
        loop {
            let claimed = self.store.claim_deletions(name, BATCH, LEASE, (self.clock)()).await?;
            if claimed.is_empty() {
                return Ok(all);
            }
            let lease = claimed.first().map_or(0, |row| row.leased_until);
            let mut away = None;
            let is_away = &AtomicBool::new(false);
            let mut attempts = stream::iter(claimed)
                .map(|mut row| async move {
                    let outcome = if is_away.load(Ordering::Relaxed) {
                        Ok(Outcome::Left)
                    } else {
                        self.delete(&mut row).await
                    };
                    if matches!(outcome, Ok(Outcome::Failed { is_away: true, .. })) {
                        is_away.store(true, Ordering::Relaxed);
                    }
                    (row, outcome)
                })
                .buffer_unordered(AT_ONCE);
            while let Some((row, outcome)) = attempts.next().await {
                match outcome? {
                    Outcome::Deleted => {
                        self.store.finish_deletion(&row).await?;
                        all.deleted += 1;
                        metrics::counter!("visage_photo_objects_deleted_total").increment(1);
                    }
                    Outcome::Left => {}
                    Outcome::Failed { error, is_away } => {
                        all.failed += 1;
                        self.postpone(&row, error).await?;
                        away = if is_away { Some(row) } else { away };
                    }
                }
            }
            if let Some(row) = away {
                let now = (self.clock)();
                self.store.postpone_store(&row, lease, now + wait(&row), now).await?;
                return Ok(all);
            }
        }
    }

    async fn delete(&self, row: &mut Deletion) -> Result<Outcome, StoreError> {
        let until = (self.clock)() + LEASE;
        if !self.store.renew_deletion(row, until).await? {
            return Ok(Outcome::Left);
        }
        row.leased_until = until;
        let failed = |error: String, is_away| Ok(Outcome::Failed { error, is_away });
        let Some(objects) = self.objects else {
            return failed(format!("no photo store `{}` is configured", row.store), true);
        };
        let key: ObjectKey = match row.key.parse() {
            Ok(key) => key,
            Err(error) => return failed(format!("{error}: {}", row.key), false),
        };
        let deleted = tokio::time::timeout(LONGEST, objects.delete(&key)).await;
        match deleted.unwrap_or(Err(ObjectError::Timeout)) {
            Ok(true) => Ok(Outcome::Deleted),
            Ok(false) if self.is_ours(&**objects).await? => {
                tracing::debug!(%key, "was gone already");
                Ok(Outcome::Deleted)
            }
            Ok(false) => failed(
                "it is not there, but nothing shows that this is the store it was in: is a volume not mounted, or the \
                 name of a bucket or folder wrong?"
                    .to_owned(),
                true,
            ),
            Err(error) => failed(error.to_string(), error.is_transient()),
        }
    }

    /// The store carries our mark, or has none yet (the first sweep makes it) and holds something that we know. An empty
    /// folder where the store should be mounted is neither.
    async fn is_ours(&self, objects: &dyn ObjectStore) -> Result<bool, StoreError> {
        let look = async {
            let installation = installation::name(self.store).await?;
            match installation::mark(objects, &installation).await {
                Ok(Mark::Ours) => Ok(true),
                Ok(Mark::None) => self.knows_any(objects).await,
                Ok(Mark::Another) | Err(_) => Ok(false),
            }
        };
        self.is_ours.get_or_try_init(|| look).await.copied()
    }

    async fn knows_any(&self, objects: &dyn ObjectStore) -> Result<bool, StoreError> {
        let Ok(page) = objects.list("", None, 50).await else { return Ok(false) };
        let names = page.objects.iter().filter_map(|object| object.name.parse().ok());
        let bases: Vec<String> =
            names.filter_map(|key| KeyBase::of(&key)).map(|base| base.as_str().to_owned()).collect();
        Ok(!self.store.named_key_bases(&bases).await?.is_empty())
    }

    async fn postpone(&self, row: &Deletion, error: String) -> Result<(), StoreError> {
        metrics::counter!("visage_photo_deletion_failures_total", "store" => row.store.clone()).increment(1);
        tracing::warn!(key = %row.key, store = %row.store, attempts = row.attempts + 1, %error, "an object could not be deleted");
        self.store.postpone_deletion(row, error, (self.clock)() + wait(row)).await
    }
}

fn wait(row: &Deletion) -> Micros {
    SECOND.saturating_mul(1 << row.attempts.clamp(0, 12)).min(LONGEST_WAIT)
}
