//! Moving house: every picture of one store is copied into another, read back, compared, and only then switched.
//!
//! Nothing but rows and objects remembers how far it came, so it can be killed anywhere and started again. A copy is
//! queued for deletion before it is made ([`store::moves`]); the switch takes it off the queue in the transaction that
//! points the row to it. Photos that are replaced or deleted meanwhile, and a second migration beside this one, lose or
//! win that transaction; whoever loses leaves nothing behind that the queue does not know.

use crate::installation;
use crate::key::{BadKey, GALLERIES, KeyBase, ObjectKey, PROFILE_PHOTOS};
use crate::objects::{LARGEST, ObjectError, ObjectStore, Stores, are_one_place};
use futures_util::{StreamExt, future::join_all, stream};
use protocol::Micros;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use store::moves::{Move, Moved};
use store::pictures::{Picture, state};
use store::{Store, StoreError};
use tokio::sync::OnceCell;
use web::Clock;

const MINUTE: Micros = 60_000_000;
/// A copy that nobody switched to is deleted after this: far longer than one picture with all its retries takes.
const COPY_FOR: Micros = 15 * MINUTE;
/// Pictures under way; each has some four objects.
const AT_ONCE: usize = 8;
const PAGE: i64 = 200;
/// Where something failed, everything that is left is gone through again, so often.
const PASSES: usize = 3;
/// So many failures one after the other: the store is away, and going on would only take long.
const HOPELESS: usize = 24;

/// What is to be done.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Names of stores.
    pub from: String,
    pub to: String,
    /// `Some`: objects in the source are deleted, so long after the switch.
    pub delete_source: Option<Micros>,
}

#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("no photo store `{0}` is configured")]
    NoSuchStore(String),
    #[error(
        "the store `{0}` belongs to another installation (its object `visage-installation` says so). Two installations must not share a store"
    )]
    Another(String),
    #[error("`{0}` and `{1}` are the same place under two names: there is nothing to move")]
    SamePlace(String, String),
    #[error("photo store `{store}`: {source}")]
    Objects { store: String, source: ObjectError },
}

/// What happened, and what is left.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Migrated {
    pub pictures: usize,
    pub objects: usize,
    pub bytes: u64,
    /// Deleted, replaced or moved by somebody else meanwhile.
    pub gone: usize,
    /// Left behind by an earlier migration and queued now.
    pub left_behind: usize,
    /// Still in the source: their objects were being written.
    pub uploading: u64,
    pub failed: Vec<Failed>,
    /// The stores did not answer, so it was given up before the end.
    pub given_up: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    pub picture: String,
    pub why: String,
}

/// How many pictures of a store can move, and how many are being uploaded into it.
pub async fn waiting(store: &Store, name: &str) -> Result<(u64, u64), StoreError> {
    let (mut movable, mut uploading) = (0, 0);
    for (own, state, count) in store.pictures_by_store().await? {
        match state.as_str() {
            _ if own != name => {}
            state::UPLOADING => uploading += count.unsigned_abs(),
            state::STAGED | state::CURRENT | state::KEPT => movable += count.unsigned_abs(),
            _ => {}
        }
    }
    Ok((movable, uploading))
}

/// How many objects lie in a store although their pictures are in another one.
pub async fn left_behind(store: &Store, stores: &Stores, name: &str) -> Result<usize, MigrateError> {
    let objects = stores.get(name).ok_or_else(|| MigrateError::NoSuchStore(name.to_owned()))?;
    let mut count = 0;
    for prefix in [PROFILE_PHOTOS, GALLERIES] {
        let mut cursor = None;
        loop {
            let page = objects.list(prefix, cursor, 1000).await;
            let page = page.map_err(|source| MigrateError::Objects { store: name.to_owned(), source })?;
            let keys = page.objects.iter().filter_map(|object| object.name.parse::<ObjectKey>().ok());
            let bases: Vec<String> =
                keys.filter_map(|key| Some(KeyBase::of(&key)?.as_str().to_owned())).collect();
            for some in bases.chunks(500) {
                let rows = store.named_key_bases(some).await?;
                let elsewhere: HashSet<String> =
                    rows.into_iter().filter(|row| row.store != name).map(|row| row.key_base).collect();
                count += some.iter().filter(|base| elsewhere.contains(*base)).count();
            }
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
    }
    Ok(count)
}

/// Moves everything. `progress` hears of each picture that is done with, and its bytes.
pub async fn migrate(
    store: &Store,
    stores: &Stores,
    clock: &dyn Clock,
    plan: &Plan,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Migrated, MigrateError> {
    let open =
        |name: &String| stores.get(name).cloned().ok_or_else(|| MigrateError::NoSuchStore(name.clone()));
    let mover = Mover {
        store,
        clock,
        plan,
        from: open(&plan.from)?,
        to: open(&plan.to)?,
        progress,
        failures: AtomicUsize::new(0),
        claimed: OnceCell::new(),
    };
    mover.refuse_anothers().await?;
    mover.refuse_same_place().await?;
    let mut all = Migrated::default();
    for pass in 1..=PASSES {
        all.failed = Vec::new();
        mover.pass(&mut all).await?;
        if all.failed.is_empty() || all.given_up || pass == PASSES {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    all.uploading = waiting(store, &plan.from).await?.1;
    if plan.delete_source.is_some() && !all.given_up {
        mover.clear_left_behind(&mut all).await?;
    }
    Ok(all)
}

/// What became of one picture.
enum Fate {
    Moved { objects: usize, bytes: u64 },
    Gone,
    Failed(String),
}

struct Mover<'a> {
    store: &'a Store,
    clock: &'a dyn Clock,
    plan: &'a Plan,
    from: Arc<dyn ObjectStore>,
    to: Arc<dyn ObjectStore>,
    progress: &'a (dyn Fn(u64) + Sync),
    /// One after the other.
    failures: AtomicUsize,
    claimed: OnceCell<()>,
}

impl Mover<'_> {
    async fn refuse_anothers(&self) -> Result<(), MigrateError> {
        let installation = installation::name(self.store).await?;
        let mark = installation::mark(&*self.to, &installation).await;
        let mark = mark.map_err(|source| MigrateError::Objects { store: self.plan.to.clone(), source })?;
        match mark {
            installation::Mark::Another => Err(MigrateError::Another(self.plan.to.clone())),
            installation::Mark::Ours | installation::Mark::None => Ok(()),
        }
    }

    /// Nothing would be copied, and everything deleted.
    async fn refuse_same_place(&self) -> Result<(), MigrateError> {
        let asked = are_one_place(&*self.to, &*self.from).await;
        let same = asked.map_err(|source| MigrateError::Objects { store: self.plan.to.clone(), source })?;
        if same { Err(MigrateError::SamePlace(self.plan.from.clone(), self.plan.to.clone())) } else { Ok(()) }
    }

    /// What was read from the one and back from the other shows that both are there and ours. The deletion queue wants that
    /// mark: "it is gone already" counts only where it stands.
    async fn claim(&self) -> Result<(), CarryError> {
        let name = installation::name(self.store).await?;
        installation::claim(&*self.from, &name).await.map_err(CarryError::Source)?;
        installation::claim(&*self.to, &name).await.map_err(CarryError::Target)
    }

    /// Everything that is in the source now, once.
    async fn pass(&self, all: &mut Migrated) -> Result<(), MigrateError> {
        let mut after = String::new();
        loop {
            let page = self.store.pictures_in(&self.plan.from, &after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after.clone_from(&last.id);
            let fates = page.into_iter().map(|row| async {
                let id = row.id.clone();
                (id, self.one(row).await)
            });
            let mut fates = stream::iter(fates).buffer_unordered(AT_ONCE);
            while let Some((picture, fate)) = fates.next().await {
                match fate {
                    Fate::Moved { objects, bytes } => {
                        all.pictures += 1;
                        all.objects += objects;
                        all.bytes += bytes;
                        (self.progress)(bytes);
                    }
                    Fate::Gone => {
                        all.gone += 1;
                        (self.progress)(0);
                    }
                    Fate::Failed(why) => all.failed.push(Failed { picture, why }),
                }
                if self.failures.load(Ordering::Relaxed) >= HOPELESS {
                    all.given_up = true;
                    return Ok(());
                }
            }
        }
    }

    async fn one(&self, row: Picture) -> Fate {
        let fate = self.carry(&row).await.unwrap_or_else(|error| Fate::Failed(error.to_string()));
        match &fate {
            Fate::Failed(_) => self.failures.fetch_add(1, Ordering::Relaxed),
            _ => self.failures.swap(0, Ordering::Relaxed),
        };
        fate
    }

    async fn carry(&self, row: &Picture) -> Result<Fate, CarryError> {
        let keys = store::pictures::object_keys(&row.key_base, &row.sizes);
        let step = Move {
            picture: row.id.clone(),
            from: self.plan.from.clone(),
            to: self.plan.to.clone(),
            keys: keys.clone(),
        };
        let now = self.clock.now();
        match self.store.begin_move(step.clone(), now + COPY_FOR, now).await? {
            Moved::Yes => {}
            Moved::Gone => return Ok(Fate::Gone),
            Moved::Busy => return Err(CarryError::Busy),
        }
        // Each to its end: a write that is cut off might arrive after the deletion of what it wrote.
        let copied = join_all(keys.iter().map(|key| self.copy(key))).await;
        let sizes: Vec<u64> = match copied.into_iter().collect::<Result<_, _>>() {
            Ok(sizes) => sizes,
            // Deleted while it was copied: no failure. Asking also sends the copies that there are away.
            Err(CarryError::Missing(key)) if !self.is_still_there(row).await? => {
                tracing::debug!(key, "deleted while it was moved");
                self.store.finish_move(step, self.plan.delete_source, self.clock.now()).await?;
                return Ok(Fate::Gone);
            }
            Err(error) => return Err(error),
        };
        self.claimed.get_or_try_init(|| self.claim()).await?;
        let objects = sizes.len();
        let finished = self.store.finish_move(step, self.plan.delete_source, self.clock.now()).await;
        match finished {
            Ok(Moved::Yes) => Ok(Fate::Moved { objects, bytes: sizes.iter().sum() }),
            Ok(Moved::Gone) => Ok(Fate::Gone),
            Ok(Moved::Busy) | Err(StoreError::Conflict(_)) => Err(CarryError::Busy),
            Err(error) => Err(error.into()),
        }
    }

    /// One object; gives its bytes once the target gave back what it was given.
    async fn copy(&self, key: &str) -> Result<u64, CarryError> {
        let key: ObjectKey = key.parse()?;
        let read = self.from.get(&key, LARGEST).await.map_err(CarryError::Source)?;
        let body = read.ok_or_else(|| CarryError::Missing(key.to_string()))?;
        self.to.put(&key, body.clone()).await.map_err(CarryError::Target)?;
        let back = self.to.get(&key, body.len()).await.map_err(CarryError::Target)?;
        if back.as_ref() != Some(&body) {
            return Err(CarryError::Target(ObjectError::Corrupt));
        }
        Ok(body.len() as u64)
    }

    /// Whether the row still promises its objects in the source.
    async fn is_still_there(&self, row: &Picture) -> Result<bool, StoreError> {
        let now = self.store.picture(&row.id).await?;
        let live = |state: &str| matches!(state, state::STAGED | state::CURRENT | state::KEPT);
        Ok(now.is_some_and(|now| now.store == self.plan.from && live(&now.state)))
    }

    /// Objects in the source whose pictures are in the target already, from a migration that did not delete them.
    async fn clear_left_behind(&self, all: &mut Migrated) -> Result<(), MigrateError> {
        let Some(delete_after) = self.plan.delete_source else { return Ok(()) };
        for prefix in [PROFILE_PHOTOS, GALLERIES] {
            let mut cursor = None;
            loop {
                let page = self.from.list(prefix, cursor, 1000).await;
                let page =
                    page.map_err(|source| MigrateError::Objects { store: self.plan.from.clone(), source })?;
                let keys = page.objects.iter().filter_map(|object| object.name.parse::<ObjectKey>().ok());
                let objects: Vec<(String, String)> = keys
                    .filter_map(|key| Some((KeyBase::of(&key)?.as_str().to_owned(), key.to_string())))
                    .collect();
                for some in objects.chunks(100) {
                    let (from, to) = (&self.plan.from, &self.plan.to);
                    let (some, now) = (some.to_vec(), self.clock.now());
                    all.left_behind +=
                        self.store.queue_left_behind(from, to, some, delete_after, now).await?;
                }
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }
}

#[derive(Debug, thiserror::Error)]
enum CarryError {
    #[error("in the source: {0}")]
    Source(#[source] ObjectError),
    #[error("in the target: {0}")]
    Target(#[source] ObjectError),
    #[error("the source has no object {0}; `visage photos verify` tells more")]
    Missing(String),
    #[error("an object of this name is being deleted in the target; try again in a minute")]
    Busy,
    #[error(transparent)]
    Key(#[from] BadKey),
    #[error(transparent)]
    Store(#[from] StoreError),
}
