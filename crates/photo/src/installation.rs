//! Which installation a photo store belongs to. The database has a random name of its own, and so has each store, as a
//! small object beside the photos. A database that is not the store's own must delete nothing there.

use crate::key::{BadKey, ObjectKey};
use crate::objects::{ObjectError, ObjectStore};
use bytes::Bytes;
use store::{Store, StoreError};

/// The object's name; none of a photo's begins so.
pub const MARKER: &str = "visage-installation";
pub(crate) const SETTING: &str = "installation";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    Ours,
    Another,
    None,
}

/// The name of this database's installation, made once.
pub(crate) async fn name(store: &Store) -> Result<String, StoreError> {
    match store.setting(SETTING).await? {
        Some(name) => Ok(name),
        None => store.settle_setting(SETTING, &keyring::Random::system().id()).await,
    }
}

pub(crate) async fn mark(objects: &dyn ObjectStore, installation: &str) -> Result<Mark, ObjectError> {
    Ok(match objects.get(&marker()?, 256).await {
        Ok(None) => Mark::None,
        Ok(Some(name)) if name == installation.as_bytes() => Mark::Ours,
        Ok(Some(_)) | Err(ObjectError::TooLarge) => Mark::Another,
        Err(error) => return Err(error),
    })
}

/// Marks a store that has no mark. Of two that try, one does.
pub(crate) async fn claim(objects: &dyn ObjectStore, installation: &str) -> Result<(), ObjectError> {
    match objects.put(&marker()?, Bytes::copy_from_slice(installation.as_bytes())).await {
        Ok(()) | Err(ObjectError::AlreadyExists) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes a store ours, whosever it was: only where a person has asked for it.
pub(crate) async fn take_over(objects: &dyn ObjectStore, installation: &str) -> Result<(), ObjectError> {
    objects.delete(&marker()?).await?;
    claim(objects, installation).await
}

fn marker() -> Result<ObjectKey, ObjectError> {
    MARKER.parse().map_err(|error: BadKey| ObjectError::Other(error.into()))
}
