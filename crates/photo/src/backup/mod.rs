//! Pictures and rows together, in one folder, and back.
//!
//! ```text
//! DIR/manifest.json        what belongs to the backup, with digests; written last, by renaming
//! DIR/rows-…/TABLE.jsonl   every table as it was at one moment, a row a line (store::dump)
//! DIR/rows-…/objects.jsonl every object with its store, size and digest
//! DIR/objects/KEY          the objects; one that is there is not fetched again
//! ```
//!
//! Objects never change, so a second run fetches only what is new. An object that is deleted while it is copied makes
//! the rows out of date: they are read again, until rows and objects belong together.

mod folder;
mod restore;
mod write;

pub use restore::{Backup, Restored, Wish};
pub use write::{BackedUp, backup};

use crate::key::BadKey;
use crate::objects::ObjectError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use store::StoreError;

const FORMAT: u32 = 1;
const MANIFEST: &str = "manifest.json";
const OBJECTS: &str = "objects.jsonl";
/// Objects under way.
const AT_ONCE: usize = 16;

#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("photo store `{store}`: {source}")]
    Objects { store: String, source: ObjectError },
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("another backup into {} is under way", .0.display())]
    Locked(PathBuf),
    #[error("{} holds other things than a backup of Visage; name an empty folder or an earlier backup", .0.display())]
    NotOurs(PathBuf),
    #[error("a picture is in the store `{0}`, which is not configured")]
    NoSuchStore(String),
    #[error("{} is no backup that this version knows: {why}", path.display())]
    Unknown { path: PathBuf, why: String },
    #[error("{} is not what was backed up: its digest differs", .0.display())]
    Damaged(PathBuf),
    #[error(
        "somebody lives in this database already: a backup is restored only into one without people, clients and pictures"
    )]
    Inhabited,
    #[error(
        "the backup has the schema of another version (last migration {theirs}; here {ours}): restore with that version, then upgrade"
    )]
    Schema { theirs: String, ours: String },
    #[error(
        "the store `{0}` belongs to another installation (its object `visage-installation` says so): restore into an empty \
         one, or, if that installation is no more, with --take-over"
    )]
    Another(String),
    #[error(
        "the store `{0}` holds photos that the backup does not name, so it may be another's: restore into an empty one, or, \
         if they are nobody's, with --take-over"
    )]
    Strangers(String),
    #[error(transparent)]
    Key(#[from] BadKey),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Manifest {
    format: u32,
    /// Unix microseconds.
    made_at: i64,
    /// The folder of the rows, beside this file.
    rows: String,
    migrations: Vec<String>,
    /// By the name of the file in `rows`.
    files: BTreeMap<String, File>,
    objects: usize,
    bytes: u64,
    /// Pictures whose objects were not there, and their objects.
    lost: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct File {
    lines: usize,
    sha256: String,
}

/// A line of `objects.jsonl`.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Object {
    store: String,
    key: String,
    bytes: u64,
    sha256: String,
}

fn hex(digest: [u8; 32]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
