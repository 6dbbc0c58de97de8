//! What can go wrong between us and an object store.

use std::error::Error;

type Source = Box<dyn Error + Send + Sync>;

#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// May work later.
    #[error("the object store is not available: {0}")]
    Unavailable(#[source] Source),
    #[error("the object store did not answer in time")]
    Timeout,
    /// Credentials, bucket or permissions: a person must act.
    #[error("the object store refused: {0}")]
    Denied(#[source] Source),
    #[error("another object has this name")]
    AlreadyExists,
    #[error("the object is larger than allowed")]
    TooLarge,
    #[error("the object store gave back other bytes than it was given")]
    Corrupt,
    #[error("the object store failed: {0}")]
    Other(#[source] Source),
}

impl ObjectError {
    /// Worth another try, soon.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unavailable(_) | Self::Timeout | Self::Corrupt => true,
            Self::Denied(_) | Self::AlreadyExists | Self::TooLarge | Self::Other(_) => false,
        }
    }
}
