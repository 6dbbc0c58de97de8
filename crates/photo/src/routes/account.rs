//! The account page's forms: `POST /account/photo` and `/account/photo/remove`, with the browser's session. Both lead back
//! to the page, which says how it went.

use super::multipart;
use super::upload::{self, Failure, Sender};
use crate::{State, lifecycle};
use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use views::Message;
use web::{Core, Posted, Refused, SignedIn, paths};

pub(super) async fn replace(
    request: HttpRequest,
    signed_in: Result<SignedIn, Refused>,
    payload: Payload,
    core: Data<Core>,
    state: Data<State>,
) -> Result<HttpResponse, Refused> {
    let SignedIn { user, session } = match signed_in {
        Ok(signed_in) => signed_in,
        Err(refused) => {
            multipart::discard(payload).await;
            return Err(refused);
        }
    };
    let sender = Sender { user_id: &user.id, client_id: None, sid: Some(&session.sid) };
    // The token may stand before or after the file; nothing is worked on before it was found right.
    let mut forged = None;
    let outcome = upload::apply(&request, payload, &core, &state, sender, |received| {
        forged = web::form::posted(&request, received.csrf.as_deref()).err();
        forged.is_none()
    })
    .await;
    match (outcome, forged) {
        (Err(Failure::Forged), Some(refused)) => Err(refused),
        (Err(failure), _) => {
            if failure.is_fault() {
                tracing::error!(?failure, "a photo from the account page could not be taken");
            } else {
                tracing::debug!(?failure, "a photo from the account page was refused");
            }
            Ok(back("problem", failure.message(&state)))
        }
        (Ok(_), _) => Ok(back("done", Message::PhotoUpdated)),
    }
}

pub(super) async fn remove(
    SignedIn { user, .. }: SignedIn,
    _form: Posted,
    core: Data<Core>,
    state: Data<State>,
) -> HttpResponse {
    match lifecycle::remove(&core, &state, &user.id).await {
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
