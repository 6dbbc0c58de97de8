//! The first half of every upload: bytes become objects that a row remembers and nobody sees yet.

use super::{Purpose, Upload, UploadError, WAITING};
use crate::State;
use crate::image::{Rendition, Shape};
use crate::key::KeyBase;
use crate::objects::ObjectStore;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use futures_util::future::try_join_all;
use std::sync::Arc;
use store::Store;
use store::pictures::{Picture, state};
use web::{Actor, Core};

/// Checks, renders and stores a picture that waits for its confirmation. Once rendered it runs to its end, even if the
/// caller goes away.
pub async fn stage(core: &Core, state: &State, upload: Upload) -> Result<Picture, UploadError> {
    let staging = Staging::render(core, state, upload).await?;
    tokio::spawn(async move {
        staging.put().await?;
        let held = staging.hold().await?;
        metrics::counter!("visage_photo_uploads_total", "result" => "staged").increment(1);
        Ok(held)
    })
    .await?
}

/// Gives up a picture that waits, or a photo that was kept. `false`: it is neither, or not the person's.
pub async fn discard(core: &Core, state: &State, id: &str, actor: &Actor) -> Result<bool, UploadError> {
    let row = core.store.picture(id).await?;
    if !row.is_some_and(|row| super::is_theirs(actor, &row)) {
        return Ok(false);
    }
    let discarded = core.store.discard_upload(id, &actor.user_id, core.now()).await?;
    state.superseded.notify_one();
    Ok(discarded)
}

/// A picture on its way into the object store.
pub(super) struct Staging {
    pub store: Store,
    pub clock: Arc<dyn web::Clock>,
    objects: Arc<dyn ObjectStore>,
    pub picture: Picture,
    key_base: KeyBase,
    /// How many may wait.
    most: Option<i64>,
    rendition: Rendition,
}

impl Staging {
    pub async fn render(core: &Core, state: &State, upload: Upload) -> Result<Self, UploadError> {
        let rendition = state.pool.render(upload.bytes.clone(), upload.shape).await??;
        let (name, objects) = state.stores.default();
        let (now, random) = (core.now(), core.random.id());
        let key_base = match upload.purpose {
            Purpose::Profile => KeyBase::profile_photo(&upload.storage_id, now / 1000, &random)?,
            Purpose::Gallery => KeyBase::gallery_image(&upload.storage_id, now / 1000, &random)?,
        };
        let most = match upload.purpose {
            Purpose::Profile => Some(WAITING),
            // The gallery counts, by its own rules.
            Purpose::Gallery => None,
        };
        Ok(Self {
            most,
            store: core.store.clone(),
            clock: Arc::clone(&core.clock),
            objects: Arc::clone(objects),
            picture: row(upload, &rendition, name, &key_base, core.random.id(), now),
            key_base,
            rendition,
        })
    }

    /// The row, then every object. Where that fails nothing is left that the deletion queue does not know.
    pub async fn put(&self) -> Result<(), UploadError> {
        self.store.stage_picture(self.picture.clone()).await?;
        let sides: Vec<u32> = self.rendition.variants.iter().map(|variant| variant.side).collect();
        let keys = self.key_base.objects(&sides);
        let puts = keys
            .iter()
            .zip(&self.rendition.variants)
            .map(|(key, variant)| self.objects.put(key, Bytes::copy_from_slice(&variant.jpeg)));
        if let Err(error) = try_join_all(puts).await {
            self.give_up().await;
            return Err(error.into());
        }
        Ok(())
    }

    /// From now on it waits for its confirmation.
    async fn hold(mut self) -> Result<Picture, UploadError> {
        let held = self.store.hold_picture(&self.picture.id, self.most, self.clock.now()).await;
        if !matches!(held, Ok(true)) {
            self.give_up().await;
        }
        if !held? {
            let user_id = self.picture.user_id.unwrap_or_default();
            return Err(super::vanished(&self.store, &user_id).await);
        }
        self.picture.state = state::STAGED.to_owned();
        Ok(self.picture)
    }

    pub async fn give_up(&self) {
        // If this fails too, the sweep finds the staged row.
        if let Err(error) = self.store.discard_picture(&self.picture.id, self.clock.now()).await {
            tracing::warn!(%error, picture = %self.picture.id, "a failed upload is left to the sweep");
        }
    }
}

fn row(
    upload: Upload,
    rendition: &Rendition,
    store: &str,
    key_base: &KeyBase,
    id: String,
    now: protocol::Micros,
) -> Picture {
    let sides: Vec<String> = rendition.variants.iter().map(|variant| variant.side.to_string()).collect();
    let whole = upload.shape == Shape::Whole;
    let bytes: usize = rendition.variants.iter().map(|variant| variant.jpeg.len()).sum();
    Picture {
        id,
        user_id: Some(upload.user_id),
        client_id: upload.client_id,
        sid: upload.sid,
        album_id: None,
        purpose: upload.purpose.as_str().to_owned(),
        state: state::UPLOADING.to_owned(),
        store: store.to_owned(),
        key_base: key_base.as_str().to_owned(),
        sizes: sides.join(","),
        bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
        thumbhash: BASE64_STANDARD.encode(&rendition.thumbhash),
        original_filename: upload.filename,
        uploaded_at: now,
        confirmed_at: None,
        superseded_at: None,
        position: None,
        caption: upload.caption,
        // A square says its side in `sizes`.
        width: whole.then_some(rendition.width.into()),
        height: whole.then_some(rendition.height.into()),
        removed_reason: None,
    }
}
