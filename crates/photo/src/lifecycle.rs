//! How a photo becomes current and stops being it (DESIGN, journey "Photo").
//!
//! The row is written before the objects, so that no object can exist unrecorded; the pointer moves, in one
//! transaction, after all objects are durable and before anything old is deleted, so that `picture` never breaks.

use crate::State;
use crate::image::{CropBox, Refusal, Rendition};
use crate::key::{BadKey, KeyBase};
use crate::objects::{ObjectError, ObjectStore};
use crate::pool::Busy;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use futures_util::future::try_join_all;
use protocol::Micros;
use std::sync::Arc;
use store::pictures::Picture;
use store::users::User;
use store::{Store, StoreError};
use web::Core;

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
    pub crop: Option<CropBox>,
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
    #[error(transparent)]
    Objects(#[from] ObjectError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("cannot name the objects: {0}")]
    Key(#[from] BadKey),
    #[error("the upload stopped: {0}")]
    Stopped(#[from] tokio::task::JoinError),
}

/// The photo that is current now, and its person after the change.
#[derive(Debug)]
pub struct Applied {
    pub user: User,
    pub store: String,
    pub key_base: KeyBase,
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

/// Checks, renders, stores and applies: all or nothing. Once rendered it runs to its end, even if the caller goes away.
pub async fn upload(core: &Core, state: &State, upload: Upload) -> Result<Applied, UploadError> {
    let rendition = state.pool.render(upload.bytes.clone(), upload.crop).await??;
    let (name, objects) = state.stores.default();
    let key_base = KeyBase::profile_photo(&upload.storage_id, core.now() / 1000, &core.random.id())?;
    let picture = row(&upload, &rendition, name, &key_base, core.random.id(), core.now());
    drop(upload.bytes);
    let job = Job {
        store: core.store.clone(),
        clock: Arc::clone(&core.clock),
        objects: Arc::clone(objects),
        delete_after: state.delete_after,
        picture,
        user_id: upload.user_id,
        key_base,
        rendition,
    };
    let applied = tokio::spawn(job.run()).await??;
    state.superseded.notify_one();
    metrics::counter!("visage_photos_applied_total").increment(1);
    Ok(applied)
}

/// Takes the photo away; what is left to the deletion queue is deleted there.
pub async fn remove(core: &Core, state: &State, user_id: &str) -> Result<User, UploadError> {
    let removed = core.store.remove_profile_picture(user_id, state.delete_after, core.now()).await?;
    state.superseded.notify_one();
    removed.ok_or(UploadError::NoSuchPerson)
}

struct Job {
    store: Store,
    clock: Arc<dyn web::Clock>,
    objects: Arc<dyn ObjectStore>,
    delete_after: Micros,
    picture: Picture,
    user_id: String,
    key_base: KeyBase,
    rendition: Rendition,
}

impl Job {
    async fn run(self) -> Result<Applied, UploadError> {
        self.store.stage_picture(self.picture.clone()).await?;
        let outcome = self.store_and_confirm().await;
        if outcome.is_err() {
            // If this fails too, the sweep finds the staged row.
            if let Err(error) = self.store.discard_picture(&self.picture.id, self.clock.now()).await {
                tracing::warn!(%error, picture = %self.picture.id, "a failed upload is left to the sweep");
            }
        }
        outcome
    }

    async fn store_and_confirm(&self) -> Result<Applied, UploadError> {
        let sides: Vec<u32> = self.rendition.variants.iter().map(|variant| variant.side).collect();
        let keys = self.key_base.objects(&sides);
        let puts = keys
            .iter()
            .zip(&self.rendition.variants)
            .map(|(key, variant)| self.objects.put(key, Bytes::copy_from_slice(&variant.jpeg)));
        try_join_all(puts).await?;
        let (id, user) = (&self.picture.id, &self.user_id);
        let confirmed =
            self.store.confirm_profile_picture(id, user, self.delete_after, self.clock.now()).await?;
        let user = confirmed.ok_or(UploadError::NoSuchPerson)?;
        Ok(Applied { user, store: self.picture.store.clone(), key_base: self.key_base.clone() })
    }
}

fn row(
    upload: &Upload,
    rendition: &Rendition,
    store: &str,
    key_base: &KeyBase,
    id: String,
    now: Micros,
) -> Picture {
    let sides: Vec<String> = rendition.variants.iter().map(|variant| variant.side.to_string()).collect();
    let bytes: usize = rendition.variants.iter().map(|variant| variant.jpeg.len()).sum();
    Picture {
        id,
        user_id: Some(upload.user_id.clone()),
        client_id: upload.client_id.clone(),
        sid: upload.sid.clone(),
        album_id: None,
        purpose: "profile".to_owned(),
        state: "staged".to_owned(),
        store: store.to_owned(),
        key_base: key_base.as_str().to_owned(),
        sizes: sides.join(","),
        bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
        thumbhash: BASE64_STANDARD.encode(&rendition.thumbhash),
        original_filename: upload.filename.clone(),
        uploaded_at: now,
        confirmed_at: None,
        superseded_at: None,
        position: None,
        caption: None,
        width: None,
        height: None,
        removed_reason: None,
    }
}
