//! What one store holds, and which of it no row names.

use super::{Held, VerifyError};
use crate::installation::Mark;
use crate::key::{GALLERIES, KeyBase, ObjectKey, PROFILE_PHOTOS};
use crate::objects::{Listed, ObjectStore};
use protocol::Micros;
use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use store::pictures::Named;
use store::{Store, StoreError};

/// Objects of one page of a listing; a store may give fewer.
const PAGE: usize = 4000;
/// Bases that the database is asked for at once.
const ASKED: usize = 500;
/// Orphans that crashes may leave behind in one round. Where there are more, and more than one object in twenty, the
/// database is more likely to be wrong than the store.
const FEW: usize = 100;

#[derive(Debug, Default)]
pub(super) struct Survey {
    /// Old enough to be judged, and of a picture that the database knows.
    known: usize,
    /// Of any age, of pictures that the database knows.
    recognized: usize,
    /// Of any age, of pictures that are in another store.
    pub copies: usize,
    pub orphans: Vec<ObjectKey>,
    /// Pictures whose rows say that they are in this store.
    pub pictures: usize,
    /// The store carries our mark.
    pub is_ours: bool,
    /// Hashes of all names, sorted: eight bytes an object, whatever its name.
    pub seen: Vec<u64>,
}

/// Of an object, by the row of its picture.
enum Standing {
    Named,
    /// A row names it in another store.
    Copy,
    Orphan,
}

fn standing(row: Option<&Named>, store: &str, key: &ObjectKey) -> Standing {
    match row {
        Some(row) if row.store != store => Standing::Copy,
        Some(row)
            if store::pictures::object_keys(&row.key_base, &row.sizes)
                .iter()
                .any(|own| own == key.as_str()) =>
        {
            Standing::Named
        }
        _ => Standing::Orphan,
    }
}

impl Survey {
    pub fn has(&self, key: &str) -> bool {
        self.seen.binary_search(&hash(key)).is_ok()
    }

    pub fn held(&self, mark: Mark) -> Option<Held> {
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

    /// An empty store that rows name is perhaps not the store at all: a volume that is not mounted.
    pub fn is_new_or_known(&self) -> bool {
        self.recognized > 0 || (self.seen.is_empty() && self.pictures == 0)
    }

    /// Whether a person who asks for it may make the store ours: not where rows name it and nothing of them is there.
    pub fn may_become_ours(&self) -> bool {
        self.pictures == 0 || self.recognized > 0
    }

    /// Whether so many pictures can be lost and the store be there: it is ours by its mark or by what is in it, and most
    /// is there.
    pub fn believes(&self, missing: usize) -> bool {
        (self.is_ours || self.recognized > 0) && missing <= FEW.max(self.pictures / 20)
    }

    async fn add(
        &mut self,
        store: &Store,
        name: &str,
        page: &[Listed],
        written_before: Micros,
    ) -> Result<(), StoreError> {
        self.seen.extend(page.iter().map(|object| hash(&object.name)));
        // Names that are none of ours were put there by others; they are left alone.
        let mut bases: BTreeMap<String, Vec<(ObjectKey, bool)>> = BTreeMap::new();
        for object in page {
            if let Some((base, key)) = by_base(&object.name) {
                bases.entry(base).or_default().push((key, object.written_at < written_before));
            }
        }
        let asked: Vec<String> = bases.keys().cloned().collect();
        let mut rows = HashMap::new();
        for asked in asked.chunks(ASKED) {
            rows.extend(
                store.named_key_bases(asked).await?.into_iter().map(|row| (row.key_base.clone(), row)),
            );
        }
        for (base, keys) in bases {
            for (key, is_old) in keys {
                match standing(rows.get(&base), name, &key) {
                    Standing::Copy => {
                        self.copies += 1;
                        self.recognized += 1;
                        self.known += usize::from(is_old);
                    }
                    Standing::Named => {
                        self.recognized += 1;
                        self.known += usize::from(is_old);
                    }
                    Standing::Orphan if is_old => self.orphans.push(key),
                    // Its row may be on the way.
                    Standing::Orphan => {}
                }
            }
        }
        Ok(())
    }
}

pub(super) async fn survey(
    store: &Store,
    name: &str,
    objects: &dyn ObjectStore,
    written_before: Micros,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Survey, VerifyError> {
    let mut survey = Survey::default();
    for prefix in [PROFILE_PHOTOS, GALLERIES] {
        let mut cursor = None;
        loop {
            let page = objects.list(prefix, cursor, PAGE).await;
            let page = page.map_err(|source| VerifyError::Objects { store: name.to_owned(), source })?;
            survey.add(store, name, &page.objects, written_before).await?;
            progress(page.objects.len());
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
    }
    survey.seen.sort_unstable();
    Ok(survey)
}

pub(super) async fn delete_orphan(
    store: &Store,
    name: &str,
    objects: &dyn ObjectStore,
    key: &ObjectKey,
) -> Result<(), VerifyError> {
    let Some(base) = KeyBase::of(key) else { return Ok(()) };
    // Asked again, right before: the listing may be minutes old.
    let rows = store.named_key_bases(&[base.as_str().to_owned()]).await?;
    if !matches!(standing(rows.first(), name, key), Standing::Orphan) {
        return Ok(());
    }
    let deleted = objects.delete(key).await;
    deleted.map_err(|source| VerifyError::Objects { store: name.to_owned(), source })?;
    tracing::warn!(%key, store = name, "deleted an object that no row names");
    metrics::counter!("visage_photo_orphans_deleted_total").increment(1);
    Ok(())
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
