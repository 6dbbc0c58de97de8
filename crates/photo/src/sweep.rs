//! Row and object must tell the same story. The sweep gives up staged rows that nobody finished, deletes objects that no
//! row names, and reports rows whose objects are lost (DESIGN, "What never happens", 4).
//!
//! An object without a row is deleted only when it is old enough that its row, which is always written first, must have
//! been seen; keys are never used twice, so no row can come to name it later.

use crate::State;
use crate::key::{KeyBase, ObjectKey, PROFILE_PHOTOS};
use crate::objects::{ObjectError, Stores};
use protocol::Micros;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use store::{Store, StoreError};

const MINUTE: Micros = 60_000_000;
/// Far longer than any upload with all its retries.
const STAGED_FOR: Micros = 15 * MINUTE;
/// Longer than an upload and the difference of two clocks.
const ORPHAN_AGE: Micros = 60 * MINUTE;
const EVERY: Duration = Duration::from_secs(600);
const PAGE: usize = 500;

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

/// `visage photos cleanup`: gives up uploads staged longer than `older_than` ago; their objects are queued for deletion.
/// Returns how many; `dry_run` only counts.
pub async fn cleanup(
    store: &Store,
    older_than: Micros,
    now: Micros,
    dry_run: bool,
) -> Result<usize, StoreError> {
    let before = now - older_than;
    if dry_run {
        return store.count_staged(before).await;
    }
    let mut all = 0;
    loop {
        let discarded = store.discard_staged(before, 100, now).await?;
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
    let mut verified = Verified { mended: repair.mend, ..Verified::default() };
    let mut present = BTreeMap::new();
    for (name, _) in stores.iter() {
        let names = objects_of(store, stores, name, now, repair, &mut verified).await?;
        present.insert(name.to_owned(), names);
    }
    find_missing(store, &present, now, repair, &mut verified).await?;
    Ok(verified)
}

/// One round of the background sweep.
pub async fn sweep(store: &Store, state: &State, now: Micros) -> Result<Verified, SweepError> {
    let given_up = cleanup(store, STAGED_FOR, now, false).await?;
    if given_up > 0 {
        tracing::info!(count = given_up, "gave up unfinished uploads");
    }
    for (name, objects) in state.stores.iter() {
        let tidied = objects.tidy(now - ORPHAN_AGE).await;
        tidied.map_err(|source| SweepError::Objects { store: name.to_owned(), source })?;
    }
    // Orphans go; a lost photo is a matter for a person, who may still find the objects in a backup.
    let repair = Repair { mend: false, older_than: ORPHAN_AGE };
    let mut verified = verify(store, &state.stores, now, repair).await?;
    delete_orphans(store, &state.stores, &mut verified).await?;
    metrics::gauge!("visage_photos_missing").set(verified.missing.len() as f64);
    for missing in &verified.missing {
        tracing::error!(picture = %missing.picture, store = %missing.store, keys = ?missing.keys, "objects of a current photo are lost");
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

/// Lists one store; notes orphans, and deletes them where asked. Gives the names of all objects.
async fn objects_of(
    store: &Store,
    stores: &Stores,
    name: &str,
    now: Micros,
    repair: Repair,
    verified: &mut Verified,
) -> Result<HashSet<String>, SweepError> {
    let failed = |source| SweepError::Objects { store: name.to_owned(), source };
    let Some(objects) = stores.get(name) else { return Ok(HashSet::new()) };
    let (mut names, mut cursor) = (HashSet::new(), None);
    loop {
        let page = objects.list(PROFILE_PHOTOS, cursor, PAGE).await.map_err(failed)?;
        verified.objects += page.objects.len();
        let old = page.objects.iter().filter(|object| object.written_at < now - repair.older_than);
        // Names that are none of ours were put there by others; they are left alone.
        let bases: BTreeMap<String, Vec<ObjectKey>> =
            old.filter_map(|object| by_base(&object.name)).fold(BTreeMap::new(), |mut bases, (base, key)| {
                bases.entry(base).or_insert_with(Vec::new).push(key);
                bases
            });
        names.extend(page.objects.into_iter().map(|object| object.name));
        let asked: Vec<String> = bases.keys().cloned().collect();
        let known: HashSet<String> = store.known_key_bases(&asked).await?.into_iter().collect();
        for key in bases.into_iter().filter(|(base, _)| !known.contains(base)).flat_map(|(_, keys)| keys) {
            if repair.mend {
                objects.delete(&key).await.map_err(failed)?;
            }
            verified.orphans.push((name.to_owned(), key.to_string()));
        }
        cursor = page.next;
        if cursor.is_none() {
            return Ok(names);
        }
    }
}

fn by_base(name: &str) -> Option<(String, ObjectKey)> {
    let key: ObjectKey = name.parse().ok()?;
    let base = KeyBase::of(&key)?;
    Some((base.as_str().to_owned(), key))
}

async fn delete_orphans(store: &Store, stores: &Stores, verified: &mut Verified) -> Result<(), SweepError> {
    for (name, key) in &verified.orphans {
        let (Some(objects), Some((base, key))) = (stores.get(name), by_base(key)) else { continue };
        // Asked again, right before: the listing may be minutes old.
        if store.known_key_bases(&[base]).await?.is_empty() {
            let deleted = objects.delete(&key).await;
            deleted.map_err(|source| SweepError::Objects { store: name.clone(), source })?;
            tracing::warn!(%key, store = %name, "deleted an object that no row names");
            metrics::counter!("visage_photo_orphans_deleted_total").increment(1);
        }
    }
    Ok(())
}

async fn find_missing(
    store: &Store,
    present: &BTreeMap<String, HashSet<String>>,
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
            let Some(names) = present.get(&row.store) else { continue };
            if row.state != "current" || !settled {
                continue;
            }
            let mut keys = store::pictures::object_keys(&row.key_base, &row.sizes);
            keys.retain(|key| !names.contains(key));
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
