//! Brings a picture in from an address that a person, a client or another provider names (`photos.import_by_url`). What is
//! fetched goes the way of every upload: [`crate::lifecycle`].
//!
//! [`web::outbound`] decides where we connect to, at every redirect anew; here are only the caps.

use std::time::Duration;

use bytes::Bytes;
use url::Url;
use web::outbound::{Bounds, Outbound, Refused};

const DEADLINE: Duration = Duration::from_secs(15);
const REDIRECTS: u8 = 3;
const FILENAME_CHARS: usize = 200;
const URL_CHARS: usize = 2048;

/// Bytes that nobody has looked at yet, and the last part of the address for the history.
#[derive(Debug)]
pub struct Fetched {
    pub filename: String,
    pub bytes: Bytes,
}

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("pictures are not brought in by their address here")]
    Disabled,
    #[error("the address is none that we fetch pictures from")]
    Address,
    #[error("the picture is too large")]
    TooLarge,
    #[error("the picture cannot be fetched: {0}")]
    Failed(Refused),
}

/// At most `largest` bytes.
pub async fn fetch(outbound: &Outbound, address: &str, largest: usize) -> Result<Fetched, ImportError> {
    let url = Url::parse(address).ok().filter(|_| address.len() <= URL_CHARS);
    let url = url.ok_or(ImportError::Address)?;
    let bounds = Bounds { largest, deadline: DEADLINE, redirects: REDIRECTS };
    let bytes = outbound.get(&url, bounds).await.map_err(|error| match error {
        Refused::Address => ImportError::Address,
        Refused::TooLarge(_) => ImportError::TooLarge,
        error => {
            // Without its query, which may be a secret.
            tracing::info!(host = url.host_str(), %error, "a picture cannot be fetched");
            ImportError::Failed(error)
        }
    })?;
    let last = url.path_segments().and_then(Iterator::last).unwrap_or_default();
    let filename = last.chars().filter(|char| !char.is_control()).take(FILENAME_CHARS).collect();
    Ok(Fetched { filename, bytes })
}
