//! Galleries for people, at `/account/galleries`: plain forms, each leads back to a page that says how it went. The pages'
//! module sends the same things to the API of the room instead, where there is JavaScript.

mod actions;
mod cards;
mod organization;
mod show;

use crate::State;
use crate::gallery::Problem;
use crate::routes::upload::Failure;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::web::ServiceConfig;
use store::galleries::MOST_PICTURES;
use store::organizations::MOST_OWNERS;
use views::Message;
use web::{Endpoint, PageError, Params, Refused, paths};

pub(super) fn routes(cfg: &mut ServiceConfig) {
    Endpoint::at(paths::GALLERY_WAITING).post(actions::wait).mount(cfg);
    Endpoint::at(paths::GALLERY_WAITING_DELETE).post(actions::discard_waiting).mount(cfg);
    Endpoint::at(paths::GALLERY_NEW).get(show::new).mount(cfg);
    Endpoint::at(paths::ORGANIZATION_OWNER_REMOVE).post(organization::remove_owner).mount(cfg);
    Endpoint::at(paths::ORGANIZATION_OWNERS).post(organization::invite).mount(cfg);
    Endpoint::at(paths::ORGANIZATION_DELETE).post(organization::delete).mount(cfg);
    Endpoint::at(paths::ORGANIZATION_ACCEPT).post(organization::accept).mount(cfg);
    Endpoint::at(paths::ORGANIZATION_DECLINE).post(organization::decline).mount(cfg);
    Endpoint::at(paths::ORGANIZATION).get(organization::show).post(organization::rename).mount(cfg);
    Endpoint::at(paths::GALLERY_CAPTION).post(actions::caption).mount(cfg);
    Endpoint::at(paths::GALLERY_MOVE).post(actions::step).mount(cfg);
    Endpoint::at(paths::GALLERY_IMAGE_DELETE).post(actions::remove).mount(cfg);
    Endpoint::at(paths::GALLERY_IMAGES).post(actions::add).mount(cfg);
    Endpoint::at(paths::GALLERY_DELETE).post(actions::delete).mount(cfg);
    Endpoint::at(paths::GALLERIES).get(show::list).post(actions::create).mount(cfg);
    Endpoint::at(paths::GALLERY).get(show::editor).post(actions::rename).mount(cfg);
}

/// What a form may have to say after its redirect. Only these sentences: a link from elsewhere cannot put others on the
/// page.
const NOTICES: [Message; 13] = [
    Message::GalleryCreated,
    Message::GalleryRenamed,
    Message::GalleryDeleted,
    Message::GalleryImageAdded,
    Message::GalleryImageRemoved,
    Message::GalleryOrderSaved,
    Message::CaptionSaved,
    Message::OrganizationRenamed,
    Message::OrganizationDeleted,
    Message::OwnerInvited,
    Message::OwnerRemoved,
    Message::InvitationAccepted,
    Message::InvitationDeclined,
];

fn problems(state: &State) -> Vec<Message> {
    let most = MOST_PICTURES.unsigned_abs();
    vec![
        Message::GalleryNameInvalid,
        Message::GalleryFull { most },
        Message::WaitingFull { most },
        Message::GalleriesFull,
        Message::GalleryOrderInvalid,
        Message::CaptionInvalid { most: crate::gallery::CAPTION_CHARS as u64 },
        Message::OrganizationMissing,
        Message::OrganizationNameInvalid,
        Message::OrganizationNameTaken,
        Message::OrganizationNotEmpty,
        Message::EmailInvalid,
        Message::OwnerAlready,
        Message::OwnerLast,
        Message::OwnersFull { most: MOST_OWNERS.unsigned_abs() },
        Message::PhotoMissing,
        Message::PhotoTooMany,
        Message::PhotoTooLarge { max_bytes: state.limits.bytes as u64 },
        Message::PhotoTooSmall { pixels: u64::from(state.limits.min_side) },
        Message::PhotoWrongType,
        Message::PhotoHeic,
        Message::PhotoBroken,
        Message::PhotoTooManyPixels,
        Message::PhotoBusy,
        Message::UploadsBlocked,
        Message::TooManyRequests { seconds: 60 },
        Message::Unavailable,
        Message::InvalidBody,
        Message::ServerError,
    ]
}

/// What the page says: a notice, a problem.
fn said(query: &Params, state: &State) -> (Option<Message>, Option<Message>) {
    let find = |name: &str, sayable: &[Message]| {
        let key = query.filled(name)?;
        let message = sayable.iter().copied().find(|message| message.key() == key);
        message.map(|message| message.after(query.get("seconds")))
    };
    (find("done", &NOTICES), find("problem", &problems(state)))
}

/// The address of one of the pages. Ids come from requests: they are no part of a path until they are encoded.
fn place(pattern: &str, id: &str) -> String {
    let id: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
    pattern.replace("{gallery}", &id).replace("{organization}", &id)
}

/// 303, so that a reload does nothing twice.
fn back(place: &str, kind: &str, message: Message) -> HttpResponse {
    let place = format!("{place}?{kind}={}", message.in_query());
    HttpResponse::SeeOther().insert_header((LOCATION, place)).finish()
}

/// Back to the page with what is to be said; a page of its own where there is none to go back to.
fn answer(outcome: Result<Message, Problem>, place: &str, state: &State) -> Result<HttpResponse, Refused> {
    match outcome {
        Ok(message) => Ok(back(place, "done", message)),
        Err(problem) => Ok(back(place, "problem", sentence(problem, state)?)),
    }
}

/// One sentence for the person.
fn sentence(problem: Problem, state: &State) -> Result<Message, PageError> {
    match problem {
        Problem::NotFound => Err(PageError::not_found()),
        Problem::Refused(_, message) => Ok(message),
        Problem::Upload(error) => Ok(failed(&Failure::from(error), state)),
    }
}

fn failed(failure: &Failure, state: &State) -> Message {
    failure.count(state);
    if failure.is_fault() {
        tracing::error!(?failure, "a form of the galleries' pages could not be served");
    } else {
        tracing::debug!(?failure, "a form of the galleries' pages was refused");
    }
    failure.message(state)
}

/// For pages that are shown: what goes wrong there is no message on another page.
fn page_error(problem: Problem) -> PageError {
    match problem {
        Problem::NotFound => PageError::not_found(),
        Problem::Refused(_, message) => PageError::new(StatusCode::BAD_REQUEST, message),
        Problem::Upload(crate::lifecycle::UploadError::Store(error)) => error.into(),
        Problem::Upload(error) => PageError::internal(error),
    }
}
