//! Row and object must tell the same story. The sweep gives up staged rows that nobody finished, deletes objects that no
//! row names, and reports rows whose objects are lost (DESIGN, "What never happens", 4).
//!
//! An object without a row is deleted only when it is old enough that its row, which is always written first, must have
//! been seen; keys are never used twice, so no row can come to name it later.
//!
//! What looks like an orphan may be somebody's photo whose row is in another database: a server that was started with
//! the wrong one, or with an old backup. So the background sweep deletes nothing where [`Held`] says why; a person who
//! knows better runs `visage photos verify --repair`.

use crate::State;
use crate::installation::{self, MARKER, Mark};
use crate::key::{GALLERIES, KeyBase, ObjectKey, PROFILE_PHOTOS};
use crate::objects::{Listed, ObjectError, ObjectStore, Stores};
use protocol::Micros;
use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;
use store::pictures::state;
use store::{Store, StoreError};

const MINUTE: Micros = 60_000_000;
/// Far longer than any upload with all its retries.
const UPLOADING_FOR: Micros = 15 * MINUTE;
/// Longer than an upload and the difference of two clocks.
const ORPHAN_AGE: Micros = 60 * MINUTE;
const EVERY: Duration = Duration::from_secs(600);
/// Objects of one page of a listing; a store may give fewer.
const PAGE: usize = 4000;
/// Bases that the database is asked for at once.
const ASKED: usize = 500;
/// Orphans that crashes may leave behind in one round. Where there are more, and more than one object in twenty, the
/// database is more likely to be wrong than the store.
const FEW: usize = 100;

#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("photo store `{store}`: {source}")]
    Objects { store: String, source: ObjectError },
}

/// What `verify` found, and whether it was mended.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Store and name of objects that no row names.
    pub orphans: Vec<(String, String)>,
    /// Rows whose objects, or some of them, are not there.
    pub missing: Vec<Missing>,
    pub objects: usize,
    pub mended: bool,
    /// Stores in which the background sweep deletes nothing.
    pub held: Vec<(String, Held)>,
    /// Stores that could not be looked through, and what they said.
    pub failed: Vec<(String, String)>,
}

/// Why objects that no row names are left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Held {
    #[error(
        "the store belongs to another installation: its object `{MARKER}` has another name than this database"
    )]
    Another,
    #[error("the store holds photos, and this database knows none of them")]
    Unknown,
    #[error("this database does not know {orphans} of the store's {objects} objects")]
    Many { orphans: usize, objects: usize },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    pub picture: String,
    pub user: Option<String>,
    pub store: String,
    pub keys: Vec<String>,
}

/// How old what looks wrong must be, so that what is only under way is not taken for wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repair {
    /// Deletes orphans; people whose photo is lost have none from then on.
    pub mend: bool,
    pub older_than: Micros,
}

impl Repair {
    pub fn report() -> Self {
        Self { mend: false, older_than: ORPHAN_AGE }
    }

    pub fn mend() -> Self {
        Self { mend: true, older_than: ORPHAN_AGE }
    }
}

/// `visage photos cleanup`: gives up uploads that came longer than `older_than` ago and that nobody confirmed, or that
/// never came to their end; their objects are queued for deletion. Returns how many; `dry_run` only counts.
pub async fn cleanup(
    store: &Store,
    older_than: Micros,
    now: Micros,
    dry_run: bool,
) -> Result<usize, StoreError> {
    let before = now - older_than;
    let unfinished = before.min(now - UPLOADING_FOR);
    if dry_run {
        let staged = store.count_waiting(state::STAGED, before).await?;
        return Ok(staged + store.count_waiting(state::UPLOADING, unfinished).await?);
    }
    let staged = give_up(store, state::STAGED, before, now).await?;
    Ok(staged + give_up(store, state::UPLOADING, unfinished, now).await?)
}

/// A hundred at a time, so that no transaction is long.
async fn give_up(
    store: &Store,
    state: &'static str,
    before: Micros,
    now: Micros,
) -> Result<usize, StoreError> {
    let mut all = 0;
    loop {
        let discarded = store.discard_waiting(state, before, 100, now).await?;
        all += discarded;
        if discarded == 0 {
            return Ok(all);
        }
    }
}

/// `visage photos verify`: compares rows and objects of every store.
pub async fn verify(
    store: &Store,
    stores: &Stores,
    now: Micros,
    repair: Repair,
) -> Result<Verified, SweepError> {
    compare(store, stores, now, repair, Deletes::of(repair)).await
}

/// One round of the background sweep. A store that fails does not keep the others from being swept.
pub async fn sweep(store: &Store, room: &State, now: Micros) -> Result<Verified, SweepError> {
    let unfinished = give_up(store, state::UPLOADING, now - UPLOADING_FOR, now).await?;
    let unconfirmed = give_up(store, state::STAGED, now - room.staged_for, now).await?;
    let left_behind = store.discard_left_behind(now).await?;
    if unfinished + unconfirmed + left_behind > 0 {
        tracing::info!(unfinished, unconfirmed, left_behind, "gave up uploads");
    }
    // `photos.keep_versions` may have been lowered.
    while store.trim_kept(room.retention, 100, now).await? > 0 {}
    for (name, objects) in room.stores.iter() {
        if let Err(error) = objects.tidy(now - ORPHAN_AGE).await {
            tracing::warn!(store = name, %error, "cannot remove what interrupted writes left behind");
        }
    }
    // Orphans go; a lost photo is a matter for a person, who may still find the objects in a backup.
    let verified = compare(store, &room.stores, now, Repair::report(), Deletes::WhereSafe).await?;
    metrics::gauge!("visage_photos_missing").set(verified.missing.len() as f64);
    for missing in &verified.missing {
        tracing::error!(picture = %missing.picture, store = %missing.store, keys = ?missing.keys, "objects of a current photo are lost");
    }
    for (name, error) in &verified.failed {
        tracing::warn!(store = %name, %error, "the sweep could not look through a photo store; will try again");
    }
    for (name, _) in room.stores.iter() {
        let held = verified.held.iter().find(|(held, _)| held == name);
        metrics::gauge!("visage_photo_sweep_held", "store" => name.to_owned()).set(f64::from(held.is_some()));
        if let Some((_, why)) = held {
            tracing::error!(store = name, %why, "the sweep deletes nothing in a photo store: is this the right database? If it is, run `visage photos verify --repair`");
        }
    }
    Ok(verified)
}

/// Never ends; may be stopped anywhere.
pub async fn run(store: Store, state: State, clock: Arc<dyn web::Clock>) {
    loop {
        tokio::time::sleep(EVERY).await;
        if let Err(error) = sweep(&store, &state, clock.now()).await {
            tracing::warn!(%error, "the photo sweep stopped; will try again");
        }
    }
}

/// What becomes of orphans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deletes {
    Nothing,
    WhereSafe,
    /// A person has asked for it.
    All,
}

impl Deletes {
    fn of(repair: Repair) -> Self {
        if repair.mend { Self::All } else { Self::Nothing }
    }
}

async fn compare(
    store: &Store,
    stores: &Stores,
    now: Micros,
    repair: Repair,
    deletes: Deletes,
) -> Result<Verified, SweepError> {
    let installation = installation::name(store).await?;
    let mut verified = Verified { mended: repair.mend, ..Verified::default() };
    let mut present = BTreeMap::new();
    for (name, objects) in stores.iter() {
        let objects = &**objects;
        let looked = async {
            let survey = survey(store, name, objects, now - repair.older_than).await?;
            let failed = |source| SweepError::Objects { store: name.to_owned(), source };
            let mark = installation::mark(objects, &installation).await.map_err(failed)?;
            let held = survey.held(mark);
            if deletes == Deletes::All || (deletes == Deletes::WhereSafe && held.is_none()) {
                for key in &survey.orphans {
                    delete_orphan(store, name, objects, key).await?;
                }
                match (deletes, mark) {
                    (Deletes::All, Mark::Another | Mark::None) => {
                        installation::take_over(objects, &installation).await.map_err(failed)?;
                    }
                    (_, Mark::None) if survey.is_new_or_known() => {
                        installation::claim(objects, &installation).await.map_err(failed)?;
                    }
                    _ => {}
                }
            }
            Ok((survey, held))
        };
        match looked.await {
            Ok((survey, held)) => {
                verified.objects += survey.seen.len();
                verified.held.extend(held.map(|why| (name.to_owned(), why)));
                let orphans = survey.orphans.iter().map(|key| (name.to_owned(), key.to_string()));
                verified.orphans.extend(orphans);
                present.insert(name.to_owned(), survey.seen);
            }
            Err(SweepError::Objects { store, source }) => verified.failed.push((store, source.to_string())),
            Err(error) => return Err(error),
        }
    }
    find_missing(store, &present, now, repair, &mut verified).await?;
    Ok(verified)
}

/// What one store holds.
#[derive(Debug, Default)]
struct Survey {
    /// Old enough to be judged, and named by a row.
    known: usize,
    orphans: Vec<ObjectKey>,
    /// Hashes of all names, sorted: eight bytes an object, whatever its name.
    seen: Vec<u64>,
}

impl Survey {
    fn held(&self, mark: Mark) -> Option<Held> {
        let (orphans, objects) = (self.orphans.len(), self.seen.len());
        match mark {
            _ if orphans == 0 => None,
            Mark::Another => Some(Held::Another),
            Mark::None if self.known == 0 => Some(Held::Unknown),
            Mark::Ours | Mark::None => {
                (orphans > FEW.max(objects / 20)).then_some(Held::Many { orphans, objects })
            }
        }
    }

    async fn add(
        &mut self,
        store: &Store,
        page: &[Listed],
        written_before: Micros,
    ) -> Result<(), StoreError> {
        self.seen.extend(page.iter().map(|object| hash(&object.name)));
        let old = page.iter().filter(|object| object.written_at < written_before);
        // Names that are none of ours were put there by others; they are left alone.
        let mut bases: BTreeMap<String, Vec<ObjectKey>> = BTreeMap::new();
        for (base, key) in old.filter_map(|object| by_base(&object.name)) {
            bases.entry(base).or_default().push(key);
        }
        let asked: Vec<String> = bases.keys().cloned().collect();
        let mut known = HashSet::new();
        for asked in asked.chunks(ASKED) {
            known.extend(store.known_key_bases(asked).await?);
        }
        for (base, keys) in bases {
            if known.contains(&base) {
                self.known += keys.len();
            } else {
                self.orphans.extend(keys);
            }
        }
        Ok(())
    }

    fn is_new_or_known(&self) -> bool {
        self.seen.is_empty() || self.known > 0
    }
}

async fn survey(
    store: &Store,
    name: &str,
    objects: &dyn ObjectStore,
    written_before: Micros,
) -> Result<Survey, SweepError> {
    let mut survey = Survey::default();
    for prefix in [PROFILE_PHOTOS, GALLERIES] {
        let mut cursor = None;
        loop {
            let page = objects.list(prefix, cursor, PAGE).await;
            let page = page.map_err(|source| SweepError::Objects { store: name.to_owned(), source })?;
            survey.add(store, &page.objects, written_before).await?;
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
    }
    survey.seen.sort_unstable();
    Ok(survey)
}

fn by_base(name: &str) -> Option<(String, ObjectKey)> {
    let key: ObjectKey = name.parse().ok()?;
    let base = KeyBase::of(&key)?;
    Some((base.as_str().to_owned(), key))
}

fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

async fn delete_orphan(
    store: &Store,
    name: &str,
    objects: &dyn ObjectStore,
    key: &ObjectKey,
) -> Result<(), SweepError> {
    let Some(base) = KeyBase::of(key) else { return Ok(()) };
    // Asked again, right before: the listing may be minutes old.
    if !store.known_key_bases(&[base.as_str().to_owned()]).await?.is_empty() {
        return Ok(());
    }
    let deleted = objects.delete(key).await;
    deleted.map_err(|source| SweepError::Objects { store: name.to_owned(), source })?;
    tracing::warn!(%key, store = name, "deleted an object that no row names");
    metrics::counter!("visage_photo_orphans_deleted_total").increment(1);
    Ok(())
}

async fn find_missing(
    store: &Store,
    present: &BTreeMap<String, Vec<u64>>,
    now: Micros,
    repair: Repair,
    verified: &mut Verified,
) -> Result<(), SweepError> {
    let mut after = String::new();
    loop {
        let rows = store.pictures(&after, 500).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after.clone_from(&last.id);
        for row in rows {
            // Only current rows promise anything, and one that became current after the listing began promises it of
            // objects that the listing may have missed.
            let settled = row.confirmed_at.is_some_and(|at| at < now - repair.older_than.min(MINUTE));
            let Some(seen) = present.get(&row.store) else { continue };
            if row.state != state::CURRENT || !settled {
                continue;
            }
            let mut keys = store::pictures::object_keys(&row.key_base, &row.sizes);
            keys.retain(|key| seen.binary_search(&hash(key)).is_err());
            if keys.is_empty() {
                continue;
            }
            if repair.mend {
                store.withdraw_picture(&row.id, now).await?;
            }
            verified.missing.push(Missing { picture: row.id, user: row.user_id, store: row.store, keys });
        }
    }
}
