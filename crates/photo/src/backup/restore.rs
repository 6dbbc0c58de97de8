//! Putting a backup into an empty installation: objects first, then every row in one transaction.

use super::folder::{self, Folder};
use super::{AT_ONCE, BackupError, FORMAT, Manifest, OBJECTS, Object, hex};
use crate::installation::{self, Mark};
use crate::key::{GALLERIES, KeyBase, ObjectKey, PROFILE_PHOTOS};
use crate::objects::{ObjectError, Stores};
use futures_util::{StreamExt, TryStreamExt, stream};
use keyring::Digester;
use protocol::Micros;
use serde::Deserialize;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;
use store::pictures::state;
use store::{Store, StoreError};

/// Rows of one statement.
const BATCH: usize = 500;

/// A backup whose lists are what they were when it was made.
pub struct Backup {
    folder: Folder,
    manifest: Manifest,
    settings: BTreeMap<String, String>,
}

/// What a person has to say yes to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// Stores that belong to another installation, or hold what the backup does not name, become this one's.
    pub take_over: bool,
    /// Sessions, grants, codes and tokens come back too.
    pub keep_access: bool,
}

/// Who had access then must not have it again: signed out, withdrawn, revoked since.
const ACCESS: [&str; 6] =
    ["sessions", "interactions", "codes", "grants", "refresh_tokens", "personal_tokens"];

#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Restored {
    pub rows: usize,
    pub objects: usize,
    pub bytes: u64,
    /// People whose photo was not in the backup: they have the default picture.
    pub lost: usize,
    /// Stores that are not configured here, and the one that has their pictures now.
    pub renamed: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct Setting {
    name: String,
    value: String,
}

impl Backup {
    pub fn open(dir: &Path) -> Result<Self, BackupError> {
        let folder = Folder::new(dir);
        let unknown = |why: &str| BackupError::Unknown { path: dir.to_owned(), why: why.to_owned() };
        let manifest = folder.manifest()?.ok_or_else(|| unknown("it has no manifest.json"))?;
        if manifest.format != FORMAT {
            return Err(unknown(&format!("its format is {}", manifest.format)));
        }
        if manifest.rows.contains(['/', '\\']) || !manifest.rows.starts_with("rows-") {
            return Err(unknown("its folder of rows has a strange name"));
        }
        let mut backup = Self { folder, manifest, settings: BTreeMap::new() };
        backup.check()?;
        for line in folder::lines(&backup.file("settings.jsonl"))? {
            let line = line.map_err(folder::at(&backup.file("settings.jsonl")))?;
            let setting: Setting = parse(&line)?;
            backup.settings.insert(setting.name, setting.value);
        }
        Ok(backup)
    }

    /// A value of the installation that was backed up, such as which master key sealed its keys.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(String::as_str)
    }

    pub fn made_at(&self) -> Micros {
        self.manifest.made_at
    }

    pub fn objects(&self) -> u64 {
        self.manifest.objects as u64
    }

    /// `progress` hears of each object. The database keeps its own name as an installation, so that the one that was
    /// backed up, if it lives on, and this one do not take each other's stores for their own.
    pub async fn restore(
        &self,
        store: &Store,
        stores: &Stores,
        wish: Wish,
        progress: &(dyn Fn() + Sync),
    ) -> Result<Restored, BackupError> {
        let ours = store::migration_names();
        if self.manifest.migrations != ours {
            let last = |names: &[String]| names.last().cloned().unwrap_or_default();
            return Err(BackupError::Schema { theirs: last(&self.manifest.migrations), ours: last(&ours) });
        }
        if !store.is_uninhabited().await? {
            return Err(BackupError::Inhabited);
        }
        let own = installation::name(store).await?;
        self.claim(stores, &own, wish).await?;
        let renamed = self.renamed(stores)?;
        self.put_objects(stores, &renamed, progress).await?;
        let rows = self.put_rows(store, &renamed, &own, wish).await?;
        Ok(Restored {
            rows,
            objects: self.manifest.objects,
            bytes: self.manifest.bytes,
            lost: self.manifest.lost.len(),
            renamed,
        })
    }

    /// Every store is this installation's from now on, before the first object is in it: who is killed can start again.
    async fn claim(&self, stores: &Stores, own: &str, wish: Wish) -> Result<(), BackupError> {
        let mut named: HashSet<String> = HashSet::new();
        let path = self.file(OBJECTS);
        for line in folder::lines(&path)? {
            named.insert(parse::<Object>(&line.map_err(folder::at(&path))?)?.key);
        }
        for (name, objects) in stores.iter() {
            let failed = |source| BackupError::Objects { store: name.to_owned(), source };
            let mark = installation::mark(&**objects, own).await.map_err(failed)?;
            if !wish.take_over && mark == Mark::Another {
                return Err(BackupError::Another(name.to_owned()));
            }
            if !wish.take_over && mark == Mark::None {
                for prefix in [PROFILE_PHOTOS, GALLERIES] {
                    let mut cursor = None;
                    loop {
                        let page = objects.list(prefix, cursor, 1000).await.map_err(failed)?;
                        if page.objects.iter().any(|object| !named.contains(&object.name)) {
                            return Err(BackupError::Strangers(name.to_owned()));
                        }
                        cursor = page.next;
                        if cursor.is_none() {
                            break;
                        }
                    }
                }
            }
            if mark != Mark::Ours {
                installation::take_over(&**objects, own).await.map_err(failed)?;
            }
        }
        Ok(())
    }

    /// Every list has the digest that the manifest says.
    fn check(&self) -> Result<(), BackupError> {
        for (name, expected) in &self.manifest.files {
            let path = self.file(name);
            let mut digest = Digester::default();
            for line in folder::lines(&path)? {
                digest.update(line.map_err(folder::at(&path))?.as_bytes());
                digest.update(b"\n");
            }
            if hex(digest.finish()) != expected.sha256 {
                return Err(BackupError::Damaged(path));
            }
        }
        Ok(())
    }

    /// Pictures of stores that are not configured here go where new ones go.
    fn renamed(&self, stores: &Stores) -> Result<Vec<(String, String)>, BackupError> {
        #[derive(Deserialize)]
        struct In {
            store: String,
        }
        let mut names = BTreeSet::new();
        for table in ["pictures.jsonl", "deletions.jsonl"] {
            for line in folder::lines(&self.file(table))? {
                names.insert(parse::<In>(&line.map_err(folder::at(&self.file(table)))?)?.store);
            }
        }
        let unknown = names.into_iter().filter(|name| stores.get(name).is_none());
        Ok(unknown.map(|name| (name, stores.default().0.to_owned())).collect())
    }

    async fn put_objects(
        &self,
        stores: &Stores,
        renamed: &[(String, String)],
        progress: &(dyn Fn() + Sync),
    ) -> Result<(), BackupError> {
        let path = self.file(OBJECTS);
        let lines = folder::lines(&path)?;
        let puts = lines.map(|line| async {
            let object: Object = parse(&line.map_err(folder::at(&path))?)?;
            let key: ObjectKey = object.key.parse()?;
            let file = self.folder.object(&key);
            let body = std::fs::read(&file).map_err(folder::at(&file))?;
            if hex(keyring::digest(&body)) != object.sha256 {
                return Err(BackupError::Damaged(file));
            }
            let name = renamed.iter().find(|(from, _)| *from == object.store).map(|(_, to)| to);
            let name = name.unwrap_or(&object.store);
            let failed = |source: ObjectError| BackupError::Objects { store: name.clone(), source };
            let objects = stores.get(name).ok_or_else(|| BackupError::NoSuchStore(name.clone()))?;
            // The same bytes under the same name are a success: who starts again goes on, and a store that has all of
            // it still is left as it is.
            objects.put(&key, body.into()).await.map_err(failed)?;
            progress();
            Ok(())
        });
        stream::iter(puts).buffer_unordered(AT_ONCE).try_collect().await
    }

    async fn put_rows(
        &self,
        store: &Store,
        renamed: &[(String, String)],
        own: &str,
        wish: Wish,
    ) -> Result<usize, BackupError> {
        let living = self.living(renamed)?;
        let open = RefCell::new(BTreeMap::new());
        let mut rows = 0;
        let restored = store.restore(renamed, |table| {
            let mut open = open.borrow_mut();
            if !wish.keep_access && ACCESS.contains(&table) {
                return Ok(None);
            }
            if !open.contains_key(table) {
                let lines = folder::lines(&self.file(&format!("{table}.jsonl")));
                open.insert(table, lines.map_err(|error| StoreError::Fault(error.to_string()))?);
            }
            loop {
                let lines = open.get_mut(table).into_iter().flatten().take(BATCH);
                let lines: Vec<String> =
                    lines.collect::<Result<_, _>>().map_err(|error| StoreError::Fault(error.to_string()))?;
                if lines.is_empty() {
                    return Ok(None);
                }
                let lines =
                    lines.into_iter().map(|line| self.as_it_is_now(table, line, own, renamed, &living));
                let batch: Vec<String> = lines
                    .filter_map(Result::transpose)
                    .collect::<Result<_, serde_json::Error>>()
                    .map_err(|error| StoreError::Fault(format!("a line of the backup: {error}")))?;
                rows += batch.len();
                if !batch.is_empty() {
                    return Ok(Some(batch));
                }
            }
        });
        if restored.await? { Ok(rows) } else { Err(BackupError::Inhabited) }
    }

    /// A row as it comes into the new database; `None`: not at all.
    fn as_it_is_now(
        &self,
        table: &str,
        line: String,
        own: &str,
        renamed: &[(String, String)],
        living: &HashMap<String, String>,
    ) -> Result<Option<String>, serde_json::Error> {
        let lost = |id: &serde_json::Value| id.as_str().is_some_and(|id| self.manifest.lost.contains_key(id));
        if !matches!(table, "settings" | "deletions" | "pictures" | "users") {
            return Ok(Some(line));
        }
        let mut row: serde_json::Value = serde_json::from_str(&line)?;
        match table {
            "settings" if row["name"] == installation::SETTING => row["value"] = own.into(),
            "deletions" => {
                let name = row["store"].as_str().unwrap_or_default();
                let key = row["key"].as_str().and_then(|key| key.parse::<ObjectKey>().ok());
                let base = key.and_then(|key| KeyBase::of(&key));
                // What a living row names now must not be deleted, whatever was queued under the same name.
                let lives =
                    base.is_some_and(|base| living.get(base.as_str()).is_some_and(|store| store == name));
                if lives || renamed.iter().any(|(from, _)| from == name) {
                    return Ok(None);
                }
            }
            "pictures" if lost(&row["id"]) => row["state"] = state::GONE.into(),
            "users" if lost(&row["picture_id"]) => row["picture_id"] = serde_json::Value::Null,
            _ => return Ok(Some(line)),
        }
        Ok(Some(row.to_string()))
    }

    /// Where each picture that has objects will be, by its key base.
    fn living(&self, renamed: &[(String, String)]) -> Result<HashMap<String, String>, BackupError> {
        #[derive(Deserialize)]
        struct Row {
            state: String,
            store: String,
            key_base: String,
        }
        let mut living = HashMap::new();
        let path = self.file("pictures.jsonl");
        for line in folder::lines(&path)? {
            let row: Row = parse(&line.map_err(folder::at(&path))?)?;
            if !matches!(row.state.as_str(), state::SUPERSEDED | state::GONE) {
                let to = renamed.iter().find(|(from, _)| *from == row.store).map(|(_, to)| to.clone());
                living.insert(row.key_base, to.unwrap_or(row.store));
            }
        }
        Ok(living)
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.folder.path.join(&self.manifest.rows).join(name)
    }
}

fn parse<T: for<'a> Deserialize<'a>>(line: &str) -> Result<T, BackupError> {
    serde_json::from_str(line)
        .map_err(|error| BackupError::Store(StoreError::Fault(format!("a line of the backup: {error}"))))
}
