//! Objects as files. A temporary file is written and synced, then linked to its name: `link(2)` is atomic and refuses
//! to overwrite, so readers see all or nothing, and the directory is synced before we say that it is done.

use super::order::Wanted;
use super::{Listed, ObjectError, ObjectStore, Page};
use crate::key::ObjectKey;
use async_trait::async_trait;
use bytes::Bytes;
use protocol::Micros;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

/// No [`ObjectKey`] starts with a dot, so nothing in here has a name that can be asked for.
const TEMPORARY: &str = ".tmp";

#[derive(Debug, Clone)]
pub struct Disk {
    root: Arc<Path>,
    counter: Arc<AtomicU64>,
}

impl Disk {
    /// Makes the folder if need be.
    pub fn open(root: impl Into<PathBuf>) -> io::Result<Self> {
        let root: PathBuf = root.into();
        fs::create_dir_all(root.join(TEMPORARY))?;
        Ok(Self { root: root.into(), counter: Arc::default() })
    }

    /// File work blocks, so it is done on the threads that tokio keeps for that.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, ObjectError> + Send + 'static,
    ) -> Result<T, ObjectError> {
        let disk = self.clone();
        tokio::task::spawn_blocking(move || work(&disk))
            .await
            .unwrap_or_else(|stopped| Err(ObjectError::Unavailable(stopped.into())))
    }

    /// A volume that is not mounted has no photos either; that none of them is there is then no answer.
    fn is_here(&self) -> Result<(), ObjectError> {
        if self.root.join(TEMPORARY).is_dir() {
            return Ok(());
        }
        let what = format!("the folder {} is not there, or not as we left it", self.root.display());
        Err(ObjectError::Unavailable(what.into()))
    }

    fn path(&self, key: &ObjectKey) -> PathBuf {
        self.root.join(key.as_str())
    }

    fn write_temporary(&self, body: &[u8]) -> io::Result<PathBuf> {
        loop {
            let number = self.counter.fetch_add(1, Ordering::Relaxed);
            let path = self.root.join(TEMPORARY).join(format!("{}-{number}", std::process::id()));
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(mut file) => {
                    let written = file.write_all(body).and_then(|()| file.sync_all());
                    if written.is_err() {
                        let _ = fs::remove_file(&path);
                    }
                    return written.map(|()| path);
                }
                // Left by a process that had our number and died.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Links the file to its name; a deletion may remove the empty folder between our making and our using it.
    fn link(&self, temporary: &Path, path: &Path) -> io::Result<()> {
        let folder = path.parent().unwrap_or(&self.root);
        for _ in 0..16 {
            self.make_folder(folder)?;
            match fs::hard_link(temporary, path) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Ok(()) => return File::open(folder)?.sync_all(),
                Err(error) => return Err(error),
            }
        }
        Err(ErrorKind::NotFound.into())
    }

    /// A new folder's entry must be on the disk too, up to the root.
    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        if folder.is_dir() {
            return Ok(());
        }
        fs::create_dir_all(folder)?;
        let mut parent = folder.parent();
        while let Some(above) = parent.filter(|above| above.starts_with(&self.root)) {
            File::open(above)?.sync_all()?;
            parent = above.parent();
        }
        Ok(())
    }
}

#[async_trait]
impl ObjectStore for Disk {
    async fn put(&self, key: &ObjectKey, body: Bytes) -> Result<(), ObjectError> {
        let key = key.clone();
        self.run(move |disk| {
            let path = disk.path(&key);
            let temporary = disk.write_temporary(&body).map_err(failed)?;
            let linked = disk.link(&temporary, &path);
            let _ = fs::remove_file(&temporary);
            match linked {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    let same = fs::read(&path).map_err(failed)? == body[..];
                    if same { Ok(()) } else { Err(ObjectError::AlreadyExists) }
                }
                other => other.map_err(failed),
            }
        })
        .await
    }

    async fn get(&self, key: &ObjectKey, most: usize) -> Result<Option<Bytes>, ObjectError> {
        let key = key.clone();
        self.run(move |disk| {
            let file = match File::open(disk.path(&key)) {
                Err(error) if is_absent(&error) => return disk.is_here().map(|()| None),
                other => other.map_err(failed)?,
            };
            let metadata = file.metadata().map_err(failed)?;
            if !metadata.is_file() {
                return Ok(None);
            }
            if metadata.len() > most as u64 {
                return Err(ObjectError::TooLarge);
            }
            let mut body = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(most));
            file.take(most as u64 + 1).read_to_end(&mut body).map_err(failed)?;
            if body.len() > most { Err(ObjectError::TooLarge) } else { Ok(Some(body.into())) }
        })
        .await
    }

    async fn exists(&self, key: &ObjectKey) -> Result<bool, ObjectError> {
        let key = key.clone();
        self.run(move |disk| match fs::metadata(disk.path(&key)) {
            Err(error) if is_absent(&error) => disk.is_here().map(|()| false),
            other => other.map(|metadata| metadata.is_file()).map_err(failed),
        })
        .await
    }

    async fn delete(&self, key: &ObjectKey) -> Result<bool, ObjectError> {
        let key = key.clone();
        self.run(move |disk| {
            let path = disk.path(&key);
            match fs::remove_file(&path) {
                Err(error) if is_absent(&error) => return disk.is_here().map(|()| false),
                other => other.map_err(failed)?,
            }
            // Folders go with their last file; `remove_dir` refuses the others.
            for folder in path.ancestors().skip(1).take_while(|folder| *folder != &*disk.root) {
                if fs::remove_dir(folder).is_err() {
                    break;
                }
            }
            Ok(true)
        })
        .await
    }

    async fn list(&self, prefix: &str, cursor: Option<String>, limit: usize) -> Result<Page, ObjectError> {
        let prefix = prefix.to_owned();
        self.run(move |disk| {
            disk.is_here()?;
            // One more than asked for tells whether there is another page.
            let wanted = Wanted { prefix, after: cursor.unwrap_or_default() };
            let mut walk = Walk { wanted, most: limit + 1, found: Vec::new() };
            walk.folder(&disk.root, "").map_err(failed)?;
            let mut objects = walk.found;
            let more = objects.len() > limit;
            objects.truncate(limit);
            let next = objects.last().filter(|_| more).map(|object| object.name.clone());
            Ok(Page { objects, next })
        })
        .await
    }

    async fn tidy(&self, older_than: Micros) -> Result<usize, ObjectError> {
        self.run(move |disk| {
            let mut removed = 0;
            for entry in fs::read_dir(disk.root.join(TEMPORARY)).map_err(failed)?.flatten() {
                let old = entry.metadata().is_ok_and(|metadata| written_at(&metadata) < older_than);
                if old && fs::remove_file(entry.path()).is_ok() {
                    removed += 1;
                }
            }
            Ok(removed)
        })
        .await
    }
}

/// Goes through the files in the order of their names, and leaves out folders that hold nothing wanted: a page costs
/// what is on it, however many there are.
struct Walk {
    wanted: Wanted,
    most: usize,
    found: Vec<Listed>,
}

impl Walk {
    /// `above`: the folder's name from the root, with its slash.
    fn folder(&mut self, folder: &Path, above: &str) -> io::Result<()> {
        let entries = match fs::read_dir(folder) {
            Err(error) if is_absent(&error) => return Ok(()),
            other => other?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry?;
            let Ok(own) = entry.file_name().into_string() else { continue };
            // The file may be deleted while we look.
            let Ok(kind) = entry.file_type() else { continue };
            if own.starts_with('.') {
                continue;
            }
            // With its slash a folder stands where the names in it stand.
            let name = if kind.is_dir() { format!("{above}{own}/") } else { format!("{above}{own}") };
            if self.wanted.is(&name) {
                names.push((name, entry));
            }
        }
        names.sort_by(|a, b| a.0.cmp(&b.0));
        for (name, entry) in names {
            if self.found.len() == self.most {
                return Ok(());
            }
            if name.ends_with('/') {
                self.folder(&entry.path(), &name)?;
            } else if let Ok(metadata) = entry.metadata()
                && metadata.is_file()
            {
                self.found.push(Listed { name, bytes: metadata.len(), written_at: written_at(&metadata) });
            }
        }
        Ok(())
    }
}

fn written_at(metadata: &Metadata) -> Micros {
    let since = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.and_then(|since| Micros::try_from(since.as_micros()).ok()).unwrap_or(0)
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn failed(error: io::Error) -> ObjectError {
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => ObjectError::Denied(error.into()),
        _ => ObjectError::Unavailable(error.into()),
    }
}
