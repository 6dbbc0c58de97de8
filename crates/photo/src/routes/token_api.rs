//! `POST /api/auth/upload-photo/`: seed 000, CONTRACT §6. The profile half of that API is in the profile room.

use super::multipart;
use super::upload;
use crate::State;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use web::bearer::BearerOrToken;
use web::{Actor, Core, Refused, json, scope};

#[derive(Serialize)]
struct Uploaded {
    success: bool,
    profile_picture_url: String,
}

pub(super) async fn upload(
    request: HttpRequest,
    bearer: Result<BearerOrToken<scope::Profile>, Refused>,
    payload: Payload,
    core: Data<Core>,
    state: Data<State>,
) -> Result<HttpResponse, Refused> {
    let (bearer, payload) = multipart::known(bearer, payload).await?;
    let actor = Actor { user_id: bearer.user_id().to_owned(), client_id: Some(bearer.sender()), sid: None };
    let applied = upload::apply(&request, payload, &state, &core, ("profile_picture", &actor)).await;
    let applied = applied.map_err(|failure| failure.into_api(&state))?;
    let profile_picture_url = upload::url(&core, &applied.picture);
    Ok(json(&Uploaded { success: true, profile_picture_url }))
}
