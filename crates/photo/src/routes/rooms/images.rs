//! The pictures of a gallery that is there: upload, removal, order, captions. Each change is shown at once.

use super::Asking;
use super::answer::{Image, Images, Uploaded};
use crate::image::Shape;
use crate::lifecycle::Purpose;
use crate::routes::fields::Fields;
use crate::routes::{multipart, upload};
use crate::{State, gallery};
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use views::Message;
use web::{Core, Language, Refused, json};

pub(super) async fn upload(
    request: HttpRequest,
    caller: Result<Asking, Refused>,
    room: Path<String>,
    payload: Payload,
    core: Data<Core>,
    state: Data<State>,
    Language(locale): Language,
) -> Result<HttpResponse, Refused> {
    let (caller, payload) = multipart::known(caller, payload).await?;
    // A body for a gallery that is not theirs is not looked at.
    let own = gallery::find(&core, &room, caller.counts_for()).await;
    let own = own.map_err(|problem| Refused::from(problem.into_api(&state)));
    let (_, payload) = multipart::known(own, payload).await?;
    let received = upload::receive(&request, payload, &state, &core, ("image", caller.counts_for())).await;
    let mut form = received.map_err(|failure| failure.into_api(&state))?;
    let actor = caller.changes(&request, form.csrf())?;
    let sent = form.upload(&core, &actor, Purpose::Gallery, Shape::Whole).await;
    let sent = sent.map_err(|failure| failure.into_api(&state))?;
    let added = gallery::add(&core, &state, &room, sent).await;
    let picture = added.map_err(|problem| problem.into_api(&state))?;
    let shown = gallery::find(&core, &room, &actor.user_id).await;
    let shown = shown.map_err(|problem| problem.into_api(&state))?.pictures;
    let order = shown.iter().position(|other| other.id == picture.id).unwrap_or_default();
    let image = Image::shown(&core, &picture, order);
    let message = Message::GalleryImageAdded.text(locale);
    let mut answer = json(&Uploaded { success: true, message, image });
    *answer.status_mut() = StatusCode::CREATED;
    Ok(answer)
}

pub(super) async fn delete(
    request: HttpRequest,
    caller: Asking,
    place: Path<(String, String)>,
    payload: Payload,
    core: Data<Core>,
    state: Data<State>,
    Language(locale): Language,
) -> Result<HttpResponse, Refused> {
    let fields = Fields::read(&request, payload).await?;
    let actor = caller.changes(&request, fields.csrf())?;
    let (room, image) = place.into_inner();
    let removed = gallery::remove(&core, &state, &room, &actor.user_id, &image).await;
    removed.map_err(|problem| problem.into_api(&state))?;
    Ok(super::done(Message::GalleryImageRemoved, locale))
}

/// `order`: the ids in their new order, as a list, as a field that comes several times, or with commas between them.
pub(super) async fn reorder(
    request: HttpRequest,
    caller: Asking,
    room: Path<String>,
    payload: Payload,
    core: Data<Core>,
    state: Data<State>,
) -> Result<HttpResponse, Refused> {
    let fields = Fields::read(&request, payload).await?;
    let actor = caller.changes(&request, fields.csrf())?;
    let order = fields.all("order").flat_map(|ids| ids.split(',')).map(str::trim);
    let order = order.filter(|id| !id.is_empty()).map(str::to_owned).collect();
    let ordered = gallery::reorder(&core, &room, &actor.user_id, order).await;
    ordered.map_err(|problem| problem.into_api(&state))?;
    let room = gallery::find(&core, &room, &actor.user_id).await;
    let room = room.map_err(|problem| problem.into_api(&state))?;
    Ok(json(&Images { images: Image::all_shown(&core, &room.pictures) }))
}

#[derive(Serialize)]
struct Captioned {
    success: bool,
    message: String,
    id: String,
    caption: String,
}

pub(super) async fn caption(
    request: HttpRequest,
    caller: Asking,
    place: Path<(String, String)>,
    payload: Payload,
    core: Data<Core>,
    state: Data<State>,
    Language(locale): Language,
) -> Result<HttpResponse, Refused> {
    let fields = Fields::read(&request, payload).await?;
    let actor = caller.changes(&request, fields.csrf())?;
    let (room, id) = place.into_inner();
    let caption = fields.sent("caption").unwrap_or_default();
    let kept = gallery::caption(&core, &room, &actor.user_id, &id, caption).await;
    let caption = kept.map_err(|problem| problem.into_api(&state))?.unwrap_or_default();
    Ok(json(&Captioned { success: true, message: Message::CaptionSaved.text(locale), id, caption }))
}
