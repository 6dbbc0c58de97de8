//! `POST` and `DELETE /api/auth/profile/photo`: seed 003, CONTRACT §4.

use super::multipart;
use super::upload::{self, Failure};
use crate::{State, lifecycle};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use protocol::seconds;
use serde::Serialize;
use views::Message;
use web::{Actor, ApiError, Bearer, Core, Language, Refused, json, scope};

#[derive(Serialize)]
struct Replaced {
    success: bool,
    message: String,
    picture: String,
    /// Unix seconds.
    updated_at: i64,
}

#[derive(Serialize)]
struct Removed {
    success: bool,
    message: String,
    updated_at: i64,
}

pub(super) async fn replace(
    request: HttpRequest,
    bearer: Result<Bearer<scope::Profile>, Refused>,
    payload: Payload,
    core: Data<Core>,
    state: Data<State>,
    Language(locale): Language,
) -> Result<HttpResponse, Refused> {
    let (bearer, payload) = multipart::known(bearer, payload).await?;
    let applied = upload::apply(&request, payload, &state, &core, ("photo", &actor(&bearer))).await;
    let applied = applied.map_err(|failure| failure.into_api(&state))?;
    Ok(json(&Replaced {
        success: true,
        message: Message::PhotoUpdated.text(locale),
        picture: upload::url(&core, &applied.picture),
        updated_at: seconds(applied.user.updated_at),
    }))
}

pub(super) async fn remove(
    bearer: Bearer<scope::Profile>,
    core: Data<Core>,
    state: Data<State>,
    Language(locale): Language,
) -> Result<HttpResponse, ApiError> {
    let removed = lifecycle::remove(&core, &state, &actor(&bearer)).await;
    let user = removed.map_err(|error| Failure::from(error).into_api(&state))?;
    Ok(json(&Removed {
        success: true,
        message: Message::PhotoDeleted.text(locale),
        updated_at: seconds(user.updated_at),
    }))
}

fn actor(bearer: &Bearer<scope::Profile>) -> Actor {
    Actor { user_id: bearer.user_id().to_owned(), client_id: Some(bearer.sender()), sid: None }
}
