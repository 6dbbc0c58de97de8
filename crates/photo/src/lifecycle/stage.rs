//! The first half of every upload: bytes become objects that a row remembers and nobody sees yet.

use super::{Purpose, Upload, UploadError};
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
use store::pictures::Picture;
use web::Core;

/// Checks, renders and stores a picture that waits for its confirmation. Once rendered it runs to its end, even if the
/// caller goes away.
pub async fn stage(core: &Core, state: &State, upload: Upload) -> Result<Picture, UploadError> {
    let staging = Staging::render(core, state, upload).await?;
    tokio::spawn(async move {
        staging.put().await?;
        Ok(staging.picture)
    })
    .await?
}

/// A picture on its way into the object store.
pub(super) struct Staging {
    pub store: Store,
    pub clock: Arc<dyn web::Clock>,
    objects: Arc<dyn ObjectStore>,
    pub picture: Picture,
    pub key_base: KeyBase,
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
        Ok(Self {
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
        state: "staged".to_owned(),
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
