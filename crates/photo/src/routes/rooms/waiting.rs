//! Pictures that wait for a gallery to be made: `upload-image-temp`, `delete-image-temp`, `list-image-temp`.

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
use views::Message;
use web::{ApiError, Core, Language, Refused, json};

pub(super) async fn upload(
    request: HttpRequest,
    caller: Result<Asking, Refused>,
    payload: Payload,
    core: Data<Core>,
    state: Data<State>,
    Language(locale): Language,
) -> Result<HttpResponse, Refused> {
    let (caller, payload) = multipart::known(caller, payload).await?;
    let received = upload::receive(&request, payload, &state, &core, ("image", caller.counts_for())).await;
    let mut form = received.map_err(|failure| failure.into_api(&state))?;
    let actor = caller.changes(&request, form.csrf())?;
    let sent = form.upload(&core, &actor, Purpose::Gallery, Shape::Whole).await;
    let sent = sent.map_err(|failure| failure.into_api(&state))?;
    let waits = gallery::wait(&core, &state, &actor, sent).await;
    let picture = waits.map_err(|problem| problem.into_api(&state))?;
    let order = core.store.waiting_pictures(&gallery::sender(&actor)).await.map_err(ApiError::from)?;
    let order = order.iter().position(|other| other.id == picture.id).unwrap_or_default();
    let image = Image::waiting(&core, &picture, order);
    let message = Message::GalleryImageAdded.text(locale);
    let mut answer = json(&Uploaded { success: true, message, image });
    *answer.status_mut() = StatusCode::CREATED;
    Ok(answer)
}

pub(super) async fn delete(
    request: HttpRequest,
    caller: Asking,
    image: Path<String>,
    payload: Payload,
    core: Data<Core>,
    state: Data<State>,
    Language(locale): Language,
) -> Result<HttpResponse, Refused> {
    let fields = Fields::read(&request, payload).await?;
    let actor = caller.changes(&request, fields.csrf())?;
    let deleted = gallery::discard_waiting(&core, &state, &actor, &image).await;
    deleted.map_err(|problem| problem.into_api(&state))?;
    Ok(super::done(Message::GalleryImageRemoved, locale))
}

pub(super) async fn list(caller: Asking, core: Data<Core>) -> Result<HttpResponse, ApiError> {
    let waiting = core.store.waiting_pictures(&gallery::sender(&caller.reads())).await?;
    Ok(json(&Images { images: Image::all_waiting(&core, &waiting) }))
}
