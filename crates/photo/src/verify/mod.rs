//! Row and object must tell the same story (DESIGN, "What never happens", 4): every store is compared with the rows, in
//! both directions. [`survey`] looks for objects that no row names, [`repair`] makes lost variants again.
//!
//! An object without a row is deleted only when it is old enough that its row, which is always written first, must have
//! been seen; keys are never used twice, so no row can come to name it later.
//!
//! What looks like an orphan may be somebody's photo whose row is in another database: a server that was started with
//! the wrong one, or with an old backup. So the background sweep deletes nothing where [`Held`] says why; a person who
//! knows better runs `visage photos verify --repair`.

mod repair;
mod survey;

use crate::installation::{self, MARKER, Mark};
use crate::objects::{ObjectError, ObjectStore, Stores, are_one_place};
use protocol::Micros;
use std::collections::BTreeMap;
use store::pictures::{Picture, state};
use store::{Store, StoreError};
use survey::Survey;

/// Longer than an upload and the difference of two clocks.
pub(crate) const ORPHAN_AGE: Micros = 60 * 60_000_000;

#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
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
    /// Objects whose pictures are in another store: what a migration left in its source.
    pub copies: Vec<(String, usize)>,
    /// Stores that rows name and the configuration does not, with how many pictures.
    pub unknown: Vec<(String, u64)>,
    pub objects: usize,
    /// Orphans were deleted.
    pub mended: bool,
    /// Stores in which the background sweep deletes nothing.
    pub held: Vec<(String, Held)>,
    /// Stores in which so much is missing that it is more likely the store that is not there: nothing is given up.
    pub doubtful: Vec<(String, usize)>,
    /// Stores that could not be looked through, and what they said.
    pub failed: Vec<(String, String)>,
}

impl Verified {
    /// Nothing is wrong any more.
    pub fn is_well(&self) -> bool {
        (self.mended || self.orphans.is_empty())
            && self.missing.iter().all(|missing| missing.fate != Fate::Found)
            && self.unknown.is_empty()
            && self.failed.is_empty()
    }
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
    pub fate: Fate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Reported only, or not mended.
    Found,
    /// Made again from the largest variant.
    Renewed,
    /// The person has none from now on.
    GivenUp,
}

/// How old what looks wrong must be, so that what is only under way is not taken for wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repair {
    /// Deletes orphans, makes lost variants again; people whose photo is lost have none from then on.
    pub mend: bool,
    pub older_than: Micros,
    /// So many pictures of a store are given up, whatever the store looks like.
    pub give_up: Option<usize>,
}

impl Repair {
    pub fn report() -> Self {
        Self { mend: false, older_than: ORPHAN_AGE, give_up: None }
    }

    pub fn mend() -> Self {
        Self { mend: true, older_than: ORPHAN_AGE, give_up: None }
    }
}

/// `visage photos verify`: compares rows and objects of every store. `progress` hears how many of both were looked at.
pub async fn verify(
    store: &Store,
    stores: &Stores,
    now: Micros,
    repair: Repair,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Verified, VerifyError> {
    let deletes = if repair.mend { Deletes::All } else { Deletes::Nothing };
    Comparison { store, stores, now, repair, deletes, progress }.run().await
}

/// For the background sweep: orphans go where that is safe; a lost photo is a matter for a person, who may still find
/// the objects in a backup.
pub(crate) async fn sweep(store: &Store, stores: &Stores, now: Micros) -> Result<Verified, VerifyError> {
    let repair = Repair::report();
    Comparison { store, stores, now, repair, deletes: Deletes::WhereSafe, progress: &|_| {} }.run().await
}

/// What becomes of orphans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deletes {
    Nothing,
    WhereSafe,
    /// A person has asked for it.
    All,
}

struct Comparison<'a> {
    store: &'a Store,
    stores: &'a Stores,
    now: Micros,
    repair: Repair,
    deletes: Deletes,
    progress: &'a (dyn Fn(usize) + Sync),
}

impl Comparison<'_> {
    async fn run(self) -> Result<Verified, VerifyError> {
        let installation = installation::name(self.store).await?;
        let mut verified = Verified { mended: self.repair.mend, ..Verified::default() };
        let counts = self.store.pictures_by_store().await?;
        let mut present = BTreeMap::new();
        for (name, objects) in self.stores.iter() {
            let promised = |state: &str| matches!(state, state::STAGED | state::CURRENT | state::KEPT);
            let own = counts.iter().filter(|(own, state, _)| own == name && promised(state));
            let pictures = own.map(|(_, _, count)| usize::try_from(*count).unwrap_or(0)).sum();
            match self.look_through(name, &**objects, &installation, pictures).await {
                Ok((survey, held)) => {
                    verified.objects += survey.seen.len();
                    verified.held.extend(held.map(|why| (name.to_owned(), why)));
                    if survey.copies > 0 && !self.has_another_name(name).await {
                        verified.copies.push((name.to_owned(), survey.copies));
                    }
                    let orphans = survey.orphans.iter().map(|key| (name.to_owned(), key.to_string()));
                    verified.orphans.extend(orphans);
                    present.insert(name.to_owned(), survey);
                }
                Err(VerifyError::Objects { store, source }) => {
                    verified.failed.push((store, source.to_string()));
                }
                Err(error) => return Err(error),
            }
        }
        self.find_missing(&present, &mut verified).await?;
        for (name, state, count) in counts {
            if self.stores.get(&name).is_some() || state == state::SUPERSEDED {
                continue;
            }
            match verified.unknown.last_mut().filter(|(last, _)| *last == name) {
                Some((_, all)) => *all += count.unsigned_abs(),
                None => verified.unknown.push((name, count.unsigned_abs())),
            }
        }
        Ok(verified)
    }

    /// Two names of one place: what is in it by the one name is no copy by the other.
    async fn has_another_name(&self, name: &str) -> bool {
        let Some(own) = self.stores.get(name) else { return false };
        for (_, other) in self.stores.iter().filter(|(other, _)| *other != name) {
            // Whoever cannot be asked is not accused.
            if are_one_place(&**own, &**other).await.unwrap_or(true) {
                return true;
            }
        }
        false
    }

    async fn look_through(
        &self,
        name: &str,
        objects: &dyn ObjectStore,
        installation: &str,
        pictures: usize,
    ) -> Result<(Survey, Option<Held>), VerifyError> {
        let written_before = self.now - self.repair.older_than;
        let mut survey = survey::survey(self.store, name, objects, written_before, self.progress).await?;
        survey.pictures = pictures;
        let failed = |source| VerifyError::Objects { store: name.to_owned(), source };
        let mark = installation::mark(objects, installation).await.map_err(failed)?;
        survey.is_ours = mark == Mark::Ours;
        let held = survey.held(mark);
        if self.deletes == Deletes::All || (self.deletes == Deletes::WhereSafe && held.is_none()) {
            for key in &survey.orphans {
                survey::delete_orphan(self.store, name, objects, key).await?;
            }
            match (self.deletes, mark) {
                (Deletes::All, Mark::Another | Mark::None) if survey.may_become_ours() => {
                    installation::take_over(objects, installation).await.map_err(failed)?;
                }
                (_, Mark::None) if survey.is_new_or_known() => {
                    installation::claim(objects, installation).await.map_err(failed)?;
                }
                _ => {}
            }
        }
        Ok((survey, held))
    }

    async fn find_missing(
        &self,
        present: &BTreeMap<String, Survey>,
        verified: &mut Verified,
    ) -> Result<(), VerifyError> {
        let (mut after, mut missing) = (String::new(), Vec::new());
        loop {
            let rows = self.store.pictures(&after, 500).await?;
            let Some(last) = rows.last() else { break };
            after.clone_from(&last.id);
            (self.progress)(rows.len());
            for row in rows {
                // Of the others objects are being written or being deleted.
                let promises = matches!(row.state.as_str(), state::STAGED | state::CURRENT | state::KEPT);
                let (true, Some(survey)) = (promises, present.get(&row.store)) else { continue };
                let mut keys = store::pictures::object_keys(&row.key_base, &row.sizes);
                keys.retain(|key| !survey.has(key));
                if keys.is_empty() {
                    continue;
                }
                match self.is_missing(&row, &mut keys).await {
                    Ok(true) => missing.push((row, keys)),
                    Ok(false) => {}
                    Err(VerifyError::Objects { store, source }) => {
                        verified.failed.push((store, source.to_string()));
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for (row, _) in &missing {
            *counts.entry(row.store.clone()).or_default() += 1;
        }
        counts.retain(|name, count| {
            let believed = present.get(name).is_some_and(|survey| survey.believes(*count));
            !(believed || self.repair.give_up.is_some_and(|most| *count <= most))
        });
        for (row, keys) in missing {
            let is_doubtful = counts.contains_key(&row.store);
            verified.missing.push(self.mend(row, keys, is_doubtful).await?);
        }
        verified.doubtful = counts.into_iter().collect();
        Ok(())
    }

    /// The listing may be minutes old: the objects are asked for one by one, and the row again after them, since it may
    /// have been superseded, or moved to another store, meanwhile. Leaves in `keys` what is not there.
    async fn is_missing(&self, row: &Picture, keys: &mut Vec<String>) -> Result<bool, VerifyError> {
        let Some(objects) = self.stores.get(&row.store) else { return Ok(false) };
        let mut missing = Vec::new();
        for key in keys.drain(..) {
            let exists = match key.parse() {
                Ok(name) => objects.exists(&name).await,
                Err(_) => Ok(false),
            };
            match exists {
                Ok(true) => {}
                Ok(false) => missing.push(key),
                Err(source) => return Err(VerifyError::Objects { store: row.store.clone(), source }),
            }
        }
        *keys = missing;
        let again = self.store.picture(&row.id).await?;
        Ok(!keys.is_empty() && again.is_some_and(|now| now.state == row.state && now.store == row.store))
    }

    async fn mend(&self, row: Picture, keys: Vec<String>, is_doubtful: bool) -> Result<Missing, VerifyError> {
        let fate = match (self.repair.mend && !is_doubtful, self.stores.get(&row.store)) {
            (true, Some(objects)) => repair::repair(self.store, &**objects, &row, &keys, self.now).await?,
            _ => Fate::Found,
        };
        Ok(Missing { picture: row.id, user: row.user_id, store: row.store, keys, fate })
    }
}
