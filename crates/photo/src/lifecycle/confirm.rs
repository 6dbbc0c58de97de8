//! The second half: one transaction in which the pointer moves, forth (a confirmation), back (an earlier photo is
//! restored), or to nothing (removed).

use super::stage::Staging;
use super::{Upload, UploadError};
use crate::State;
use crate::key::ObjectKey;
use protocol::Micros;
use store::Store;
use store::pictures::{self, Change, From, Picture, Retention, object_keys};
use store::users::User;
use web::{Actor, Core};

/// The photo that is current now, and its person after the change.
#[derive(Debug)]
pub struct Applied {
    pub user: User,
    pub picture: Picture,
}

/// Both halves in one call: all or nothing. Once rendered it runs to its end, even if the caller goes away.
pub async fn upload(core: &Core, state: &State, upload: Upload) -> Result<Applied, UploadError> {
    let actor = upload.client_id.clone().unwrap_or_else(|| upload.user_id.clone());
    let staging = Staging::render(core, state, upload).await?;
    let retention = state.retention;
    let applied = tokio::spawn(async move {
        staging.put().await?;
        let Staging { store, clock, picture, .. } = &staging;
        let user_id = picture.user_id.clone().unwrap_or_default();
        let now = clock.now();
        let change = Change { user_id: user_id.clone(), actor, alt_text: None, retention, now };
        let outcome = match make_current(store, &picture.id, From::Uploading, change).await {
            Ok(Some(applied)) => Ok(applied),
            Ok(None) => Err(super::vanished(store, &user_id).await),
            Err(error) => Err(error),
        };
        if outcome.is_err() {
            staging.give_up().await;
        }
        outcome
    })
    .await??;
    changed(state);
    Ok(applied)
}

/// Makes a picture that waits the person's photo. `alt_text`: `Some` changes it. `None`: it is not, or not any more, one of theirs that waits.
pub async fn confirm(
    core: &Core,
    state: &State,
    id: &str,
    alt_text: Option<Option<String>>,
    actor: &Actor,
) -> Result<Option<Applied>, UploadError> {
    let row = core.store.picture(id).await?;
    if !row.is_some_and(|row| super::is_theirs(actor, &row)) {
        return Ok(None);
    }
    let change = Change { alt_text, ..change(core.now(), state.retention, actor) };
    apply(core, state, id, From::Staged, change).await
}

/// Makes an earlier photo that was kept current again. `None`: it is not, or not any more, one of theirs that is kept.
pub async fn restore(
    core: &Core,
    state: &State,
    id: &str,
    actor: &Actor,
) -> Result<Option<Applied>, UploadError> {
    let row = core.store.picture(id).await?;
    let own = |row: &Picture| super::is_theirs(actor, row) && row.state == pictures::state::KEPT;
    let Some(row) = row.filter(own) else { return Ok(None) };
    // It may be long since anybody looked at its objects. A pointer never moves to what is not there.
    let objects = state.stores.get(&row.store).ok_or(UploadError::Lost)?;
    for key in object_keys(&row.key_base, &row.sizes) {
        if !objects.exists(&key.parse::<ObjectKey>()?).await? {
            tracing::error!(picture = id, %key, "an object of a kept photo is lost");
            return Err(UploadError::Lost);
        }
    }
    apply(core, state, id, From::Kept, change(core.now(), state.retention, actor)).await
}

async fn apply(
    core: &Core,
    state: &State,
    id: &str,
    from: From,
    change: Change,
) -> Result<Option<Applied>, UploadError> {
    let applied = make_current(&core.store, id, from, change).await?;
    if applied.is_some() {
        changed(state);
    }
    Ok(applied)
}

async fn make_current(
    store: &Store,
    id: &str,
    from: From,
    change: Change,
) -> Result<Option<Applied>, UploadError> {
    let user_id = change.user_id.clone();
    match store.make_current(id, from, change).await? {
        pictures::Applied::Done(done) => {
            let (user, picture) = *done;
            Ok(Some(Applied { user, picture }))
        }
        pictures::Applied::NotFound => Ok(None),
        pictures::Applied::Blocked => Err(super::blocked(store, &user_id).await?),
    }
}

/// Takes the photo away; what is left to the deletion queue is deleted there.
pub async fn remove(core: &Core, state: &State, actor: &Actor) -> Result<User, UploadError> {
    let change = change(core.now(), state.retention, actor);
    let removed = core.store.remove_profile_picture(change).await?;
    state.superseded.notify_one();
    removed.ok_or(UploadError::NoSuchPerson)
}

fn change(now: Micros, retention: Retention, actor: &Actor) -> Change {
    let by = actor.client_id.clone().unwrap_or_else(|| actor.user_id.clone());
    Change { user_id: actor.user_id.clone(), actor: by, alt_text: None, retention, now }
}

fn changed(state: &State) {
    state.superseded.notify_one();
    metrics::counter!("visage_photo_uploads_total", "result" => "applied").increment(1);
}
