//! Putting a backup into an empty installation: objects first, then every row in one transaction.

use super::folder::{self, Folder};
use super::{AT_ONCE, BackupError, FORMAT, Manifest, OBJECTS, Object, hex};
use crate::installation::{self, Mark};
use crate::key::ObjectKey;
use crate::objects::{ObjectError, Stores};
use futures_util::{StreamExt, TryStreamExt, stream};
use keyring::Digester;
use protocol::Micros;
use serde::Deserialize;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use store::{Store, StoreError};

/// Rows of one statement.
const BATCH: usize = 500;

/// A backup whose lists are what they were when it was made.
pub struct Backup {
    folder: Folder,
    manifest: Manifest,
    settings: BTreeMap<String, String>,
}

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

    /// `progress` hears of each object.
    pub async fn restore(
        &self,
        store: &Store,
        stores: &Stores,
        now: Micros,
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
        let (own, theirs) = (installation::name(store).await?, self.setting(installation::SETTING));
        for (name, objects) in stores.iter() {
            let failed = |source| BackupError::Objects { store: name.to_owned(), source };
            let is_ours = installation::mark(&**objects, &own).await.map_err(failed)? != Mark::Another;
            let is_theirs = match theirs {
                Some(theirs) => installation::mark(&**objects, theirs).await.map_err(failed)? == Mark::Ours,
                None => false,
            };
            if !is_ours && !is_theirs {
                return Err(BackupError::Another(name.to_owned()));
            }
        }
        let renamed = self.renamed(stores)?;
        self.put_objects(stores, &renamed, progress).await?;
        self.put_rows(store, &renamed).await?;
        if let Some(theirs) = theirs {
            for (name, objects) in stores.iter() {
                let taken = installation::take_over(&**objects, theirs).await;
                taken.map_err(|source| BackupError::Objects { store: name.to_owned(), source })?;
            }
        }
        for picture in self.manifest.lost.keys() {
            store.withdraw_picture(picture, now).await?;
        }
        let rows =
            self.manifest.files.iter().filter(|(name, _)| *name != OBJECTS).map(|(_, file)| file.lines);
        Ok(Restored {
            rows: rows.sum(),
            objects: self.manifest.objects,
            bytes: self.manifest.bytes,
            lost: self.manifest.lost.len(),
            renamed,
        })
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

    async fn put_rows(&self, store: &Store, renamed: &[(String, String)]) -> Result<(), BackupError> {
        let open = RefCell::new(BTreeMap::new());
        let restored = store.restore(renamed, |table| {
            let mut open = open.borrow_mut();
            if !open.contains_key(table) {
                let lines = folder::lines(&self.file(&format!("{table}.jsonl")));
                open.insert(table, lines.map_err(|error| StoreError::Fault(error.to_string()))?);
            }
            let lines = open.get_mut(table).into_iter().flatten().take(BATCH);
            let batch: Vec<String> =
                lines.collect::<Result<_, _>>().map_err(|error| StoreError::Fault(error.to_string()))?;
            Ok((!batch.is_empty()).then_some(batch))
        });
        if restored.await? { Ok(()) } else { Err(BackupError::Inhabited) }
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.folder.path.join(&self.manifest.rows).join(name)
    }
}

fn parse<T: for<'a> Deserialize<'a>>(line: &str) -> Result<T, BackupError> {
    serde_json::from_str(line)
        .map_err(|error| BackupError::Store(StoreError::Fault(format!("a line of the backup: {error}"))))
}
