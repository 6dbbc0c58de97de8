//! Making a backup, or bringing one up to date.

use super::folder::{self, Folder};
use super::{AT_ONCE, BackupError, FORMAT, File, Manifest, OBJECTS, Object, hex};
use crate::key::ObjectKey;
use crate::objects::{LARGEST, ObjectError, Stores};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use keyring::Digester;
use protocol::Micros;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Duration;
use store::pictures::state;
use store::{Store, StoreError};

/// Readings of the rows, each because objects went away while those of the last one were copied.
const READINGS: usize = 5;
/// A store that fails is asked so often.
const TRIES: u32 = 4;

#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct BackedUp {
    pub rows: usize,
    pub objects: usize,
    pub bytes: u64,
    /// Of those, fetched by this run.
    pub fetched: usize,
    /// Taken out of the folder, since their pictures are deleted.
    pub removed: usize,
    /// Pictures whose objects are not there, although their rows say so.
    pub lost: Vec<String>,
}

/// Brings the backup in `dir` up to date, or begins one. `progress` hears of each object.
pub async fn backup(
    store: &Store,
    stores: &Stores,
    dir: &Path,
    now: Micros,
    progress: &(dyn Fn() + Sync),
) -> Result<BackedUp, BackupError> {
    let folder = Folder::new(dir);
    let _lock = folder.prepare()?;
    let copier = Copier { store, stores, folder: &folder, known: known(&folder)?, progress };
    let mut fetched = 0;
    for reading in 1..=READINGS {
        let rows = format!("rows-{}-{reading}", now);
        let (files, pictures) = read_rows(store, &folder, &rows).await?;
        let outcomes: Vec<Outcome> = stream::iter(pictures.iter().map(|picture| copier.picture(picture)))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        fetched += outcomes.iter().map(|outcome| outcome.fetched).sum::<usize>();
        let out_of_date = outcomes.iter().any(|outcome| outcome.went_away);
        if out_of_date && reading < READINGS {
            continue;
        }
        return copier.finish(rows, files, outcomes, now, fetched);
    }
    Err(BackupError::Store(StoreError::Fault("no reading of the rows was the last".to_owned())))
}

/// What a row of `pictures` says about objects.
#[derive(Debug, Deserialize)]
struct Row {
    id: String,
    store: String,
    state: String,
    key_base: String,
    sizes: String,
}

/// Every table into its file, and the pictures that have objects.
async fn read_rows(
    store: &Store,
    folder: &Folder,
    rows: &str,
) -> Result<(BTreeMap<String, File>, Vec<Row>), BackupError> {
    let path = folder.path.join(rows);
    folder::make_folder(&path)?;
    let (mut files, mut pictures, mut failed) = (BTreeMap::new(), Vec::new(), None);
    for table in store::dump::TABLES {
        let name = format!("{table}.jsonl");
        let writer = LineWriter::new(&path.join(&name))?;
        files.insert(name, writer);
    }
    let dumped = store.dump(|table, lines| {
        if table == "pictures" {
            let parsed = lines.iter().map(|line| serde_json::from_str::<Row>(line));
            let parsed: Vec<Row> =
                parsed.collect::<Result<_, _>>().map_err(|error| StoreError::Fault(error.to_string()))?;
            pictures.extend(parsed.into_iter().filter(|row| {
                // Of the others objects are being written or being deleted.
                matches!(row.state.as_str(), state::STAGED | state::CURRENT | state::KEPT)
            }));
        }
        let Some(writer) = files.get_mut(&format!("{table}.jsonl")) else { return Ok(()) };
        lines.iter().try_for_each(|line| writer.line(line)).map_err(|error| {
            let text = error.to_string();
            failed = Some(error);
            StoreError::Fault(text)
        })
    });
    match (dumped.await, failed) {
        (_, Some(error)) => return Err(error),
        (dumped, None) => dumped?,
    }
    let files = files.into_iter().map(|(name, writer)| Ok((name, writer.finish()?)));
    Ok((files.collect::<Result<_, BackupError>>()?, pictures))
}

/// Digests of objects by the last manifest.
fn known(folder: &Folder) -> Result<HashMap<String, String>, BackupError> {
    let Some(manifest) = folder.manifest()? else { return Ok(HashMap::new()) };
    let path = folder.path.join(&manifest.rows).join(OBJECTS);
    // A backup whose list is lost is fetched anew.
    let Ok(lines) = folder::lines(&path) else { return Ok(HashMap::new()) };
    let objects = lines.map_while(Result::ok).filter_map(|line| serde_json::from_str::<Object>(&line).ok());
    Ok(objects.map(|object| (object.key, object.sha256)).collect())
}

#[derive(Default)]
struct Outcome {
    picture: String,
    objects: Vec<Object>,
    fetched: usize,
    /// Its row changed since it was read.
    went_away: bool,
    missing: Vec<String>,
}

struct Copier<'a> {
    store: &'a Store,
    stores: &'a Stores,
    folder: &'a Folder,
    known: HashMap<String, String>,
    progress: &'a (dyn Fn() + Sync),
}

impl Copier<'_> {
    async fn picture(&self, row: &Row) -> Result<Outcome, BackupError> {
        let mut outcome = Outcome { picture: row.id.clone(), ..Outcome::default() };
        for key in store::pictures::object_keys(&row.key_base, &row.sizes) {
            let key: ObjectKey = key.parse()?;
            let path = self.folder.object(&key);
            let found = std::fs::read(&path).ok().map(|body| (body.len(), hex(keyring::digest(&body))));
            // One that an interrupted run left is whole, since it was renamed to its name.
            let found =
                found.filter(|(_, sha256)| self.known.get(key.as_str()).is_none_or(|own| own == sha256));
            let (bytes, sha256) = match found {
                Some(found) => found,
                None => {
                    let Some(body) = self.fetch(row, &key).await? else {
                        outcome.missing.push(key.to_string());
                        continue;
                    };
                    self.folder.write(&path, &body)?;
                    outcome.fetched += 1;
                    (body.len(), hex(keyring::digest(&body)))
                }
            };
            (self.progress)();
            let (store, bytes) = (row.store.clone(), bytes as u64);
            outcome.objects.push(Object { store, key: key.to_string(), bytes, sha256 });
        }
        if !outcome.missing.is_empty() {
            let now = self.store.picture(&row.id).await?;
            outcome.went_away = now.is_none_or(|now| now.state != row.state || now.store != row.store);
        }
        Ok(outcome)
    }

    async fn fetch(&self, row: &Row, key: &ObjectKey) -> Result<Option<Bytes>, BackupError> {
        let objects = self.stores.get(&row.store);
        let objects = objects.ok_or_else(|| BackupError::NoSuchStore(row.store.clone()))?;
        let mut tries = 0;
        loop {
            tries += 1;
            match objects.get(key, LARGEST).await {
                Err(error) if error.is_transient() && tries < TRIES => {
                    tokio::time::sleep(Duration::from_millis(250 << tries)).await;
                }
                other => {
                    return other.map_err(|source: ObjectError| BackupError::Objects {
                        store: row.store.clone(),
                        source,
                    });
                }
            }
        }
    }

    fn finish(
        &self,
        rows: String,
        mut files: BTreeMap<String, File>,
        mut outcomes: Vec<Outcome>,
        now: Micros,
        fetched: usize,
    ) -> Result<BackedUp, BackupError> {
        outcomes.sort_by(|a, b| a.picture.cmp(&b.picture));
        let mut list = LineWriter::new(&self.folder.path.join(&rows).join(OBJECTS))?;
        let (mut kept, mut bytes, mut lost) = (HashMap::new(), 0, BTreeMap::new());
        for outcome in outcomes {
            for object in outcome.objects {
                let line =
                    serde_json::to_string(&object).map_err(|error| StoreError::Fault(error.to_string()))?;
                list.line(&line)?;
                bytes += object.bytes;
                kept.insert(object.key, ());
            }
            if !outcome.missing.is_empty() {
                lost.insert(outcome.picture, outcome.missing);
            }
        }
        let row_count = files.values().map(|file| file.lines).sum();
        files.insert(OBJECTS.to_owned(), list.finish()?);
        let migrations = self.migrations();
        let manifest = Manifest {
            format: FORMAT,
            made_at: now,
            rows: rows.clone(),
            migrations,
            files,
            objects: kept.len(),
            bytes,
            lost: lost.clone(),
        };
        self.folder.write_manifest(&manifest)?;
        let removed = self.folder.tidy(&rows, &|key| kept.contains_key(key))?;
        let lost = lost.into_keys().collect();
        Ok(BackedUp { rows: row_count, objects: kept.len(), bytes, fetched, removed, lost })
    }

    /// Every migration that this version knows; the database has them all, or we would not be here.
    fn migrations(&self) -> Vec<String> {
        store::migration_names()
    }
}

/// A private file of lines, with its digest.
struct LineWriter {
    path: std::path::PathBuf,
    file: BufWriter<std::fs::File>,
    digest: Digester,
    lines: usize,
}

impl LineWriter {
    fn new(path: &Path) -> Result<Self, BackupError> {
        let file = folder::private(path).map_err(folder::at(path))?;
        Ok(Self { path: path.to_owned(), file: BufWriter::new(file), digest: Digester::default(), lines: 0 })
    }

    fn line(&mut self, line: &str) -> Result<(), BackupError> {
        self.digest.update(line.as_bytes());
        self.digest.update(b"\n");
        self.lines += 1;
        let written = self.file.write_all(line.as_bytes()).and_then(|()| self.file.write_all(b"\n"));
        written.map_err(folder::at(&self.path))
    }

    fn finish(mut self) -> Result<File, BackupError> {
        let written = self.file.flush().and_then(|()| self.file.get_ref().sync_all());
        written.map_err(folder::at(&self.path))?;
        Ok(File { lines: self.lines, sha256: hex(self.digest.finish()) })
    }
}
