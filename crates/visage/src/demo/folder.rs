//! Where a demo keeps everything: `./visage-demo/`, emptied at each start, never under a demo that still runs.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
};

use keyring::Random;

use crate::failure::Failure;

const NAME: &str = "visage-demo";
/// Says that a demo made the folder, and is locked by the one that uses it.
const MARK: &str = ".made-by-visage-demo";

/// A fresh folder that no other demo takes while this lives.
#[derive(Debug)]
pub struct Folder {
    pub path: PathBuf,
    // The lock goes with the file, also when the process is killed.
    _mark: File,
}

impl Folder {
    /// `parent`'s `visage-demo`. An older one is emptied only if a demo made it and none uses it.
    pub fn claim(parent: &Path) -> Result<Self, Failure> {
        let path = parent.join(NAME);
        let mark = path.join(MARK);
        if path.exists() && !mark.exists() {
            return Err(Failure::new(
                "./visage-demo exists and was not made by `visage demo`. Move it away.",
            ));
        }
        std::fs::create_dir_all(&path)?;
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&mark)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Failure::new(
                    "another `visage demo` runs in this folder. Stop it, or start this one in another folder.",
                ));
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        for entry in std::fs::read_dir(&path)? {
            let entry = entry?;
            if entry.file_name() == MARK {
                continue;
            }
            if entry.file_type()?.is_dir() {
                std::fs::remove_dir_all(entry.path())?;
            } else {
                std::fs::remove_file(entry.path())?;
            }
        }
        Ok(Self { path, _mark: file })
    }
}

/// A folder that the caller removes.
pub fn scratch() -> Result<PathBuf, Failure> {
    let path = std::env::temp_dir().join(format!("visage-demo-check-{}", Random::system().id()));
    std::fs::create_dir(&path)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_demo_keeps_its_folder() {
        let parent = tempfile::tempdir().unwrap();
        let first = Folder::claim(parent.path()).unwrap();
        let database = first.path.join("visage.db");
        std::fs::create_dir(first.path.join("photos")).unwrap();
        std::fs::write(&database, "rows").unwrap();

        let refusal = Folder::claim(parent.path()).unwrap_err().to_string();
        assert!(refusal.contains("another `visage demo`"), "{refusal}");
        assert_eq!(std::fs::read_to_string(&database).unwrap(), "rows");

        drop(first);
        let second = Folder::claim(parent.path()).unwrap();
        assert_eq!(std::fs::read_dir(&second.path).unwrap().count(), 1, "nothing but the mark");
    }

    #[test]
    fn what_no_demo_made_is_left_alone() {
        let parent = tempfile::tempdir().unwrap();
        let theirs = parent.path().join(NAME);
        std::fs::create_dir(&theirs).unwrap();
        std::fs::write(theirs.join("thesis.txt"), "years").unwrap();
        assert!(Folder::claim(parent.path()).is_err());
        assert!(theirs.join("thesis.txt").exists());
    }
}
