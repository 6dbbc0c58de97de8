//! Where finished pictures lie: [`ObjectStore`], the same promise kept by a disk, by Google Cloud Storage, by S3 and by
//! FTP servers.
//!
//! One set of contract tests (`tests/objects.rs`) runs against every form, with the faults of a network in between.

mod address;
mod disk;
mod error;
mod ftp;
mod gcs;
mod order;
mod patience;
mod s3;
mod stores;

pub use address::{Address, BadAddress, FtpAddress, S3Address};
pub use disk::Disk;
pub use error::ObjectError;
pub use ftp::{Ftp, FtpSettings};
pub use gcs::{Gcs, GcsSettings};
pub use s3::{S3, S3Settings};
pub use stores::{OpenError, StoreSettings, Stores};

use crate::key::ObjectKey;
use async_trait::async_trait;
use bytes::Bytes;
use protocol::Micros;

/// No variant of ours is a tenth as large.
pub const LARGEST: usize = 4 * 1024 * 1024;

/// Bytes under names that are never used twice.
///
/// Every call ends within its own deadline (some 10 s; FTP may have to wait as long for its turn), with retries inside where they can help.
#[async_trait]
pub trait ObjectStore: Send + Sync + std::fmt::Debug {
    /// Stores durably; when this returns, a crash cannot lose the object. Never overwrites: the same bytes under the
    /// same name are a success (a retry whose first answer was lost), other bytes are [`ObjectError::AlreadyExists`].
    async fn put(&self, key: &ObjectKey, body: Bytes) -> Result<(), ObjectError>;

    /// `None`: there is no such object. Larger than `most` bytes: [`ObjectError::TooLarge`].
    async fn get(&self, key: &ObjectKey, most: usize) -> Result<Option<Bytes>, ObjectError>;

    async fn exists(&self, key: &ObjectKey) -> Result<bool, ObjectError>;

    /// `false`: it was not there, which is as good.
    async fn delete(&self, key: &ObjectKey) -> Result<bool, ObjectError>;

    /// Objects whose names start with `prefix`, in the order of their names. `cursor` is what the last page gave.
    async fn list(&self, prefix: &str, cursor: Option<String>, limit: usize) -> Result<Page, ObjectError>;

    /// Removes what interrupted writes left behind outside the names, if the store has such a place.
    async fn tidy(&self, older_than: Micros) -> Result<usize, ObjectError> {
        let _ = older_than;
        Ok(0)
    }
}

#[derive(Debug, Default)]
pub struct Page {
    pub objects: Vec<Listed>,
    /// `None`: this was the last page.
    pub next: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// As the store has it; may be no valid [`ObjectKey`] where strangers write to the same bucket.
    pub name: String,
    pub bytes: u64,
    /// When it was written, by the store's clock.
    pub written_at: Micros,
}

/// Whether two stores are one place under two names: what is put into the one is found in the other. The names do not
/// tell (links, mounts, two ways to write one URL), so the stores are asked.
pub async fn are_one_place(one: &dyn ObjectStore, other: &dyn ObjectStore) -> Result<bool, ObjectError> {
    let unique = keyring::Random::system().id();
    let key: ObjectKey = format!("visage-probe/{unique}").parse().map_err(|_| ObjectError::Corrupt)?;
    one.put(&key, Bytes::from(unique)).await?;
    let found = other.exists(&key).await;
    one.delete(&key).await?;
    found
}

/// Writes, reads, compares and deletes a small object: the only proof that a store works.
/// `unique` must never have been used before.
pub async fn probe(store: &dyn ObjectStore, unique: &str) -> Result<(), ObjectError> {
    let key: ObjectKey = format!("visage-probe/{unique}").parse().map_err(|_| ObjectError::Corrupt)?;
    let body = Bytes::from(format!("visage probe {unique}"));
    store.put(&key, body.clone()).await?;
    let read = store.get(&key, 1024).await;
    let deleted = store.delete(&key).await;
    if read? != Some(body) {
        return Err(ObjectError::Corrupt);
    }
    deleted.map(drop)
}
