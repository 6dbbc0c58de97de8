//! Galleries: `GET` and `POST /rooms/`, `GET`, `PUT` and `DELETE /rooms/{room}/`.

use super::Asking;
use super::answer::{Galleries, Gallery};
use crate::routes::fields::Fields;
use crate::{State, gallery};
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use views::Message;
use web::{ApiError, Core, Language, Refused, json};

pub(super) async fn list(caller: Asking, core: Data<Core>) -> Result<HttpResponse, ApiError> {
    let rooms = core.store.galleries_of(&caller.reads().user_id).await?;
    Ok(json(&Galleries { rooms: rooms.iter().map(|room| Gallery::of(&core, room)).collect() }))
}

pub(super) async fn create(
    request: HttpRequest,
    caller: Asking,
    payload: Payload,
    core: Data<Core>,
    state: Data<State>,
) -> Result<HttpResponse, Refused> {
    let fields = Fields::read(&request, payload).await?;
    let actor = caller.changes(&request, fields.csrf())?;
    let (organization, id) = (fields.text("establishment"), fields.text("establishment_id"));
    let made = gallery::create(&core, &actor, fields.text("name"), organization, id).await;
    let room = made.map_err(|problem| problem.into_api(&state))?;
    let mut answer = json(&Gallery::of(&core, &room));
    *answer.status_mut() = StatusCode::CREATED;
    Ok(answer)
}

pub(super) async fn show(
    caller: Asking,
    room: Path<String>,
    core: Data<Core>,
    state: Data<State>,
) -> Result<HttpResponse, ApiError> {
    let room = gallery::find(&core, &room, &caller.reads().user_id).await;
    Ok(json(&Gallery::of(&core, &room.map_err(|problem| problem.into_api(&state))?)))
}

pub(super) async fn rename(
    request: HttpRequest,
    caller: Asking,
    room: Path<String>,
    payload: Payload,
    core: Data<Core>,
    state: Data<State>,
) -> Result<HttpResponse, Refused> {
    let fields = Fields::read(&request, payload).await?;
    let actor = caller.changes(&request, fields.csrf())?;
    let renamed = gallery::rename(&core, &room, &actor.user_id, fields.text("name")).await;
    renamed.map_err(|problem| problem.into_api(&state))?;
    let room = gallery::find(&core, &room, &actor.user_id).await;
    Ok(json(&Gallery::of(&core, &room.map_err(|problem| problem.into_api(&state))?)))
}

pub(super) async fn delete(
    request: HttpRequest,
    caller: Asking,
    room: Path<String>,
    payload: Payload,
    core: Data<Core>,
    state: Data<State>,
    Language(locale): Language,
) -> Result<HttpResponse, Refused> {
    let fields = Fields::read(&request, payload).await?;
    let actor = caller.changes(&request, fields.csrf())?;
    let deleted = gallery::delete(&core, &state, &room, &actor.user_id).await;
    deleted.map_err(|problem| problem.into_api(&state))?;
    Ok(super::done(Message::GalleryDeleted, locale))
}
