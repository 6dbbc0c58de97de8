//! The folder of a backup: private files, written beside their names and renamed, so that a name means a whole file.

use super::{BackupError, MANIFEST, Manifest};
use crate::key::ObjectKey;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};

pub(super) struct Folder {
    pub path: PathBuf,
}

/// Nobody else writes into the folder while this lives.
pub(super) struct Lock(#[expect(dead_code, reason = "held until dropped")] File);

impl Folder {
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Makes the folder where there is none; refuses one that holds something else.
    pub fn prepare(&self) -> Result<Lock, BackupError> {
        make_folder(&self.path)?;
        let known = |name: &str| {
            name == MANIFEST || name == "objects" || name.starts_with("rows-") || name.starts_with('.')
        };
        for entry in fs::read_dir(&self.path).map_err(at(&self.path))?.flatten() {
            if !entry.file_name().to_str().is_some_and(known) {
                return Err(BackupError::NotOurs(self.path.clone()));
            }
        }
        let path = self.path.join(".lock");
        let file = private(&path).map_err(at(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock(file)),
            Err(fs::TryLockError::WouldBlock) => Err(BackupError::Locked(self.path.clone())),
            Err(fs::TryLockError::Error(source)) => Err(BackupError::File { path, source }),
        }
    }

    pub fn object(&self, key: &ObjectKey) -> PathBuf {
        self.path.join("objects").join(key.as_str())
    }

    pub fn manifest(&self) -> Result<Option<Manifest>, BackupError> {
        let path = self.path.join(MANIFEST);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            other => other.map_err(at(&path))?,
        };
        let unknown = |error: serde_json::Error| BackupError::Unknown { path, why: error.to_string() };
        serde_json::from_slice(&text).map(Some).map_err(unknown)
    }

    pub fn write_manifest(&self, manifest: &Manifest) -> Result<(), BackupError> {
        let path = self.path.join(MANIFEST);
        let text = serde_json::to_vec_pretty(manifest)
            .map_err(|error| BackupError::File { path: path.clone(), source: error.into() })?;
        self.write(&path, &text)?;
        File::open(&self.path).and_then(|folder| folder.sync_all()).map_err(at(&self.path))
    }

    /// Whole or not at all.
    pub fn write(&self, path: &Path, body: &[u8]) -> Result<(), BackupError> {
        if let Some(folder) = path.parent() {
            make_folder(folder)?;
        }
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(".part");
        let temporary = PathBuf::from(temporary);
        let written = private(&temporary).and_then(|mut file| {
            file.set_len(0)?;
            file.write_all(body)?;
            file.sync_all()
        });
        written.and_then(|()| fs::rename(&temporary, path)).map_err(at(path))
    }

    /// Takes away what the manifest does not name (any more): rows of earlier runs, objects of deleted pictures.
    pub fn tidy(&self, rows: &str, is_kept: &dyn Fn(&str) -> bool) -> Result<usize, BackupError> {
        for entry in fs::read_dir(&self.path).map_err(at(&self.path))?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with("rows-") && name != rows {
                fs::remove_dir_all(entry.path()).map_err(at(&entry.path()))?;
            }
        }
        let root = self.path.join("objects");
        let mut removed = 0;
        sweep(&root, "", is_kept, &mut removed)?;
        Ok(removed)
    }
}

fn sweep(
    folder: &Path,
    above: &str,
    is_kept: &dyn Fn(&str) -> bool,
    removed: &mut usize,
) -> Result<(), BackupError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        other => other.map_err(at(folder))?,
    };
    for entry in entries.flatten() {
        let name = format!("{above}{}", entry.file_name().to_string_lossy());
        let path = entry.path();
        // A link is not followed: what it leads to is not ours.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            sweep(&path, &format!("{name}/"), is_kept, removed)?;
            // Refused where something is left in it.
            let _ = fs::remove_dir(&path);
        } else if !is_kept(&name) {
            fs::remove_file(&path).map_err(at(&path))?;
            *removed += 1;
        }
    }
    Ok(())
}

/// The lines of a file.
pub(super) fn lines(path: &Path) -> Result<impl Iterator<Item = io::Result<String>> + use<>, BackupError> {
    let file = File::open(path).map_err(at(path))?;
    Ok(BufReader::with_capacity(1 << 16, file).lines())
}

pub(super) fn make_folder(path: &Path) -> Result<(), BackupError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(at(path))
}

/// For its owner alone: rows hold digests of passwords and sealed keys.
pub(super) fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> BackupError + use<> {
    let path = path.to_owned();
    move |source| BackupError::File { path, source }
}
