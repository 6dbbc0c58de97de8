//! A picture that lost objects: smaller variants are made again from the largest, where that is still there; otherwise
//! the picture is given up.

use super::{Fate, VerifyError};
use crate::image::{self, Limits, Rendition, Shape};
use crate::key::ObjectKey;
use crate::objects::{LARGEST, ObjectError, ObjectStore};
use bytes::Bytes;
use protocol::Micros;
use store::Store;
use store::pictures::{Picture, object_keys, state};

pub(super) async fn repair(
    store: &Store,
    objects: &dyn ObjectStore,
    row: &Picture,
    missing: &[String],
    now: Micros,
) -> Result<Fate, VerifyError> {
    let failed = |source| VerifyError::Objects { store: row.store.clone(), source };
    if let Some(renewed) = again(objects, row, missing).await.map_err(failed)? {
        for (key, jpeg) in renewed {
            objects.put(&key, jpeg).await.map_err(failed)?;
            // Deleted or moved meanwhile: what was made goes again.
            store.queue_unless_named(&row.id, &row.store, key.as_str(), now).await?;
            tracing::warn!(%key, store = %row.store, "made a lost variant again");
        }
        return Ok(Fate::Renewed);
    }
    let given_up = match (row.state.as_str(), &row.user_id) {
        (state::CURRENT, _) => store.withdraw_picture(&row.id, now).await?,
        (state::KEPT, Some(owner)) => store.discard_upload(&row.id, owner, now).await?,
        _ => store.discard_picture(&row.id, now).await?,
    };
    Ok(if given_up { Fate::GivenUp } else { Fate::Found })
}

/// The missing variants, if the largest is there and gives all of them.
async fn again(
    objects: &dyn ObjectStore,
    row: &Picture,
    missing: &[String],
) -> Result<Option<Vec<(ObjectKey, Bytes)>>, ObjectError> {
    let keys = object_keys(&row.key_base, &row.sizes);
    let Some(largest) = keys.first().and_then(|key| key.parse::<ObjectKey>().ok()) else { return Ok(None) };
    if missing.iter().any(|key| key == largest.as_str()) {
        return Ok(None);
    }
    let Some(jpeg) = objects.get(&largest, LARGEST).await? else { return Ok(None) };
    let shape = if row.width.is_some() { Shape::Whole } else { Shape::Square(None) };
    let rendered = tokio::task::spawn_blocking(move || render(&jpeg, shape)).await;
    let Ok(Some(rendition)) = rendered else { return Ok(None) };
    let sizes: Vec<&str> = row.sizes.split(',').collect();
    let mut renewed = Vec::new();
    for key in missing {
        let size = keys.iter().position(|own| own == key).and_then(|place| sizes.get(place));
        let side = size.and_then(|size| size.parse::<u32>().ok());
        let variant = rendition.variants.iter().find(|variant| Some(variant.side) == side);
        let (Some(variant), Ok(key)) = (variant, key.parse::<ObjectKey>()) else { return Ok(None) };
        renewed.push((key, Bytes::copy_from_slice(&variant.jpeg)));
    }
    Ok(Some(renewed))
}

fn render(jpeg: &[u8], shape: Shape) -> Option<Rendition> {
    let limits = Limits::default();
    let inspected = image::inspect(jpeg, shape, &limits).ok()?;
    image::render(&inspected, &limits).ok()
}
