//! The account page's forms: `POST /account/photo` and `/account/photo/remove`, with the browser's session. Both lead back
//! to the page, which says how it went.

use super::multipart;
use super::upload;
use crate::{State, lifecycle};
use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use views::Message;
use web::{Actor, Core, Posted, Refused, SignedIn, paths};

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
            form.apply(&core, &state, &actor).await
        }
        Err(failure) => Err(failure),
    };
    match outcome {
        Ok(_) => Ok(back("done", Message::PhotoUpdated)),
        Err(failure) => {
            failure.count(&state);
            if failure.is_fault() {
                tracing::error!(?failure, "a photo from the account page could not be taken");
            } else {
                tracing::debug!(?failure, "a photo from the account page was refused");
            }
            Ok(back("problem", failure.message(&state)))
        }
    }
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
    let place = format!("{}?{kind}={}", paths::ACCOUNT, message.key());
    HttpResponse::SeeOther().insert_header((LOCATION, place)).finish()
}
