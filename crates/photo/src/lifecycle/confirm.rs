//! The second half: one transaction in which the pointer moves. And its opposite.

use super::stage::Staging;
use super::{Applied, Upload, UploadError};
use crate::State;
use protocol::Micros;
use store::Store;
use store::pictures::Picture;
use store::users::User;
use web::Core;

/// Both halves in one call: all or nothing. Once rendered it runs to its end, even if the caller goes away.
pub async fn upload(core: &Core, state: &State, upload: Upload) -> Result<Applied, UploadError> {
    let staging = Staging::render(core, state, upload).await?;
    let delete_after = state.delete_after;
    let applied = tokio::spawn(async move {
        staging.put().await?;
        let Staging { store, clock, picture, .. } = &staging;
        let user_id = picture.user_id.clone().unwrap_or_default();
        let outcome = apply(store, &picture.id, &user_id, delete_after, clock.now()).await;
        match outcome {
            Ok(Some(applied)) => Ok(applied),
            Ok(None) => {
                staging.give_up().await;
                Err(UploadError::NoSuchPerson)
            }
            Err(error) => {
                staging.give_up().await;
                Err(error)
            }
        }
    })
    .await??;
    state.superseded.notify_one();
    metrics::counter!("visage_photos_applied_total").increment(1);
    Ok(applied)
}

/// Makes a staged picture the person's photo. `None`: it is not, or not any more, a picture of theirs that waits.
pub async fn confirm(
    core: &Core,
    state: &State,
    id: &str,
    user_id: &str,
) -> Result<Option<Applied>, UploadError> {
    let applied = apply(&core.store, id, user_id, state.delete_after, core.now()).await?;
    if applied.is_some() {
        state.superseded.notify_one();
        metrics::counter!("visage_photos_applied_total").increment(1);
    }
    Ok(applied)
}

async fn apply(
    store: &Store,
    id: &str,
    user_id: &str,
    delete_after: Micros,
    now: Micros,
) -> Result<Option<Applied>, UploadError> {
    let Some(user) = store.confirm_profile_picture(id, user_id, delete_after, now).await? else {
        return Ok(None);
    };
    let picture: Picture = store.picture(id).await?.ok_or(UploadError::NoSuchPerson)?;
    let key_base = picture.key_base.parse()?;
    Ok(Some(Applied { user, store: picture.store, key_base }))
}

/// Takes the photo away; what is left to the deletion queue is deleted there.
pub async fn remove(core: &Core, state: &State, user_id: &str) -> Result<User, UploadError> {
    let removed = core.store.remove_profile_picture(user_id, state.delete_after, core.now()).await?;
    state.superseded.notify_one();
    removed.ok_or(UploadError::NoSuchPerson)
}
