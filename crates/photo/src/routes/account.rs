//! The account page's forms, for browsers without JavaScript too: `POST /account/photo`, which uploads and applies,
//! `/account/photo/remove`, `/account/photo/restore`, `/account/photo/confirm` and `/account/photo/discard` (`upload_id`),
//! `/account/photo/alt` (`alt_text`), with the browser's session. All lead back to the page, which says how it went. With JavaScript the page uses the routes of
//! seed 001 (`uploads`) to upload, look and confirm.

use super::upload::{self, Failure, Form};
use super::{multipart, uploads};
use crate::State;
use crate::lifecycle::{self, Purpose, Upload};
use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use views::Message;
use web::{Actor, Core, PageError, Posted, Refused, SignedIn, paths};

pub(super) async fn replace(
    request: HttpRequest,
    signed_in: Result<SignedIn, Refused>,
    payload: Payload,
    core: Data<Core>,
    state: Data<State>,
) -> Result<HttpResponse, Refused> {
    let (SignedIn { user, session }, payload) = multipart::known(signed_in, payload).await?;
    let actor = Actor { user_id: user.id, client_id: None, sid: Some(session.sid) };
    let outcome = match upload::receive(&request, payload, &state, &core, ("photo", &actor.user_id)).await {
        Ok(mut form) => {
            web::form::posted(&request, form.csrf())?;
            apply(&mut form, &core, &state, &actor).await
        }
        Err(failure) => Err(failure),
    };
    match outcome {
        Ok(()) => Ok(back("done", Message::PhotoUpdated)),
        Err(failure) => Ok(refuse(&failure, &state)),
    }
}

async fn apply(form: &mut Form, core: &Core, state: &State, actor: &Actor) -> Result<(), Failure> {
    // The field is as long as a description may be: a longer one was not typed there.
    let alt_text = uploads::alt_text(form.text("alt_text").unwrap_or_default()).unwrap_or_default();
    let shape = form.square()?;
    let upload = form.upload(core, actor, Purpose::Profile, shape).await?;
    lifecycle::upload(core, state, Upload { caption: alt_text, ..upload }).await?;
    Ok(())
}

fn refuse(failure: &Failure, state: &State) -> HttpResponse {
    failure.count(state);
    if failure.is_fault() {
        tracing::error!(?failure, "a photo from the account page could not be taken");
    } else {
        tracing::debug!(?failure, "a photo from the account page was refused");
    }
    back("problem", failure.message(state))
}

/// A photo that waits, as the page shows it when it is loaded again, becomes current.
pub(super) async fn confirm(
    SignedIn { user, session }: SignedIn,
    form: Posted,
    core: Data<Core>,
    state: Data<State>,
) -> HttpResponse {
    let actor = Actor { user_id: user.id, client_id: None, sid: Some(session.sid) };
    let id = form.get("upload_id").unwrap_or_default();
    match lifecycle::confirm(&core, &state, id, None, &actor).await {
        Ok(Some(_)) => back("done", Message::PhotoUpdated),
        Ok(None) => back("problem", Message::PictureUploadNotFound),
        Err(error) => refuse(&error.into(), &state),
    }
}

/// A photo that waits is given up.
pub(super) async fn discard(
    SignedIn { user, session }: SignedIn,
    form: Posted,
    core: Data<Core>,
    state: Data<State>,
) -> HttpResponse {
    let actor = Actor { user_id: user.id, client_id: None, sid: Some(session.sid) };
    let id = form.get("upload_id").unwrap_or_default();
    match lifecycle::discard(&core, &state, id, &actor).await {
        Ok(true) => back("done", Message::PhotoDiscarded),
        Ok(false) => back("problem", Message::PictureUploadNotFound),
        Err(error) => refuse(&error.into(), &state),
    }
}

/// An earlier photo that was kept becomes current again.
pub(super) async fn restore(
    SignedIn { user, session }: SignedIn,
    form: Posted,
    core: Data<Core>,
    state: Data<State>,
) -> HttpResponse {
    let actor = Actor { user_id: user.id, client_id: None, sid: Some(session.sid) };
    let id = form.get("upload_id").unwrap_or_default();
    match lifecycle::restore(&core, &state, id, &actor).await {
        Ok(Some(_)) => back("done", Message::PhotoRestored),
        // Restored twice, or let go meanwhile.
        Ok(None) => back("problem", Message::PictureUploadNotFound),
        Err(error) => refuse(&error.into(), &state),
    }
}

/// What is in the photo, in words.
pub(super) async fn describe(
    SignedIn { user, .. }: SignedIn,
    form: Posted,
    core: Data<Core>,
) -> Result<HttpResponse, Refused> {
    let Ok(text) = uploads::alt_text(form.get("alt_text").unwrap_or_default()) else {
        return Ok(back("problem", Message::AltTextTooLong));
    };
    let current = user.picture_id.unwrap_or_default();
    let found = core.store.set_alt_text(&current, &user.id, text).await.map_err(PageError::from)?;
    Ok(if found {
        back("done", Message::AltTextSaved)
    } else {
        back("problem", Message::PictureUploadNotFound)
    })
}

pub(super) async fn remove(
    SignedIn { user, session }: SignedIn,
    _form: Posted,
    core: Data<Core>,
    state: Data<State>,
) -> HttpResponse {
    let actor = Actor { user_id: user.id, client_id: None, sid: Some(session.sid) };
    match lifecycle::remove(&core, &state, &actor).await {
        Ok(_) => back("done", Message::PhotoDeleted),
        Err(error) => {
            tracing::warn!(%error, "a photo could not be removed");
            back("problem", Message::Unavailable)
        }
    }
}

fn back(kind: &str, message: Message) -> HttpResponse {
    let place = format!("{}?{kind}={}", paths::ACCOUNT, message.in_query());
    HttpResponse::SeeOther().insert_header((LOCATION, place)).finish()
}
