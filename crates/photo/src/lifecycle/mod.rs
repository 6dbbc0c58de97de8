//! How a photo becomes current and stops being it (DESIGN, journey "Photo").
//!
//! The row is written before the objects, so that no object can exist unrecorded; the pointer moves, in one
//! transaction, after all objects are durable and before anything old is deleted, so that `picture` never breaks.

mod confirm;
mod stage;

pub use confirm::{Applied, confirm, remove, restore, upload};
pub use stage::{discard, stage};

use crate::State;
use crate::image::{Refusal, Shape};
use crate::key::BadKey;
use crate::objects::ObjectError;
use crate::pool::Busy;
use bytes::Bytes;
use protocol::Micros;
use store::pictures::{Picture, state};
use store::{Store, StoreError};
use web::{Actor, Core};

const HOUR: Micros = 3_600_000_000;

/// Who sent what.
#[derive(Debug)]
pub struct Upload {
    pub user_id: String,
    /// Names the person's objects; never the subject.
    pub storage_id: String,
    /// The client whose token it was; none from our own pages.
    pub client_id: Option<String>,
    pub sid: Option<String>,
    pub filename: String,
    pub bytes: Bytes,
    pub purpose: Purpose,
    pub shape: Shape,
    /// The caption in a gallery; the alternative text of a profile photo.
    pub caption: Option<String>,
}

/// What a picture is to become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Profile,
    Gallery,
}

impl Purpose {
    /// As the row says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Gallery => "gallery",
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Busy(#[from] Busy),
    #[error("too many uploads; the next in {seconds} s")]
    TooOften { seconds: u64 },
    /// The person was deleted meanwhile.
    #[error("there is no such person any more")]
    NoSuchPerson,
    /// It took so long that it was given up meanwhile.
    #[error("the upload was given up")]
    GivenUp,
    /// An administrator has blocked the person. `reason` is theirs to read.
    #[error("the person may not upload")]
    Blocked { reason: String },
    /// A kept photo whose objects are not there any more.
    #[error("the objects of the photo are lost")]
    Lost,
    #[error(transparent)]
    Objects(#[from] ObjectError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("cannot name the objects: {0}")]
    Key(#[from] BadKey),
    #[error("the upload stopped: {0}")]
    Stopped(#[from] tokio::task::JoinError),
}

/// How many profile photos of a person may wait for their confirmation (CONTRACT §5).
const WAITING: i64 = 5;

/// Whether an upload is this caller's to see and to change: the person's own, and for a client only what it sent itself.
/// Their browser and the tokens that they made for themselves see everything of theirs.
pub fn is_theirs(actor: &Actor, picture: &Picture) -> bool {
    actor.client().is_none_or(|client| picture.client_id.as_deref() == Some(client))
        && picture.user_id.as_deref() == Some(&actor.user_id)
        && picture.purpose == Purpose::Profile.as_str()
        && picture.state != state::UPLOADING
}

/// 403 before a byte of the body is read; confirming asks again.
pub async fn permit(core: &Core, user_id: &str) -> Result<(), UploadError> {
    match core.store.photo_block(user_id).await? {
        None => Ok(()),
        Some(block) => Err(UploadError::Blocked { reason: block.reason }),
    }
}

/// Why a row that was just written is not there any more.
async fn vanished(store: &Store, user_id: &str) -> UploadError {
    match store.user(user_id).await {
        Ok(None) => UploadError::NoSuchPerson,
        Ok(Some(_)) => UploadError::GivenUp,
        Err(error) => error.into(),
    }
}

async fn blocked(store: &Store, user_id: &str) -> Result<UploadError, StoreError> {
    let block = store.photo_block(user_id).await?;
    Ok(UploadError::Blocked { reason: block.map(|block| block.reason).unwrap_or_default() })
}

/// 429 before a byte of the body is read. A try counts whatever becomes of it: a picture that is refused is as much work.
pub async fn count_try(core: &Core, state: &State, user_id: &str) -> Result<(), UploadError> {
    let now = core.now();
    let most = i64::try_from(state.uploads_per_hour).unwrap_or(i64::MAX).max(1);
    let digest = keyring::digest(format!("upload\0{user_id}").as_bytes()).to_vec();
    match core.store.charge_upload(digest, most, HOUR, now).await? {
        None => Ok(()),
        Some(until) => {
            let wait = (until - now).max(1_000_000) / 1_000_000;
            Err(UploadError::TooOften { seconds: wait.unsigned_abs() })
        }
    }
}
