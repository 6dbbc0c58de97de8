//! Galleries over HTTP: seed 002 and CONTRACT §7, with a token of the scope `galleries` or with the browser's session.
//! `pages` is the same for people at `/account/galleries`.

mod answer;
mod galleries;
mod images;
mod organizations;
mod pages;
mod waiting;

use crate::State;
use crate::gallery::Problem;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::ServiceConfig;
use serde::Serialize;
use views::{Locale, Message};
use web::{ApiError, Caller, Endpoint, json, paths, scope};

use super::upload::Failure;

type Asking = Caller<scope::Galleries>;

pub(super) fn routes(cfg: &mut ServiceConfig) {
    // Before `/rooms/{room}/`, which would take their names for a room's.
    Endpoint::at(paths::ROOMS_UPLOAD_WAITING).post(waiting::upload).mount(cfg);
    Endpoint::at(paths::ROOMS_DELETE_WAITING).post(waiting::delete).mount(cfg);
    Endpoint::at(paths::ROOMS_WAITING).get(waiting::list).mount(cfg);
    Endpoint::at(paths::ESTABLISHMENTS).get(organizations::list).mount(cfg);
    Endpoint::at(paths::ESTABLISHMENT).put(organizations::rename).delete(organizations::delete).mount(cfg);
    Endpoint::at(paths::ESTABLISHMENT_OWNERS)
        .get(organizations::owners)
        .post(organizations::invite)
        .mount(cfg);
    Endpoint::at(paths::ESTABLISHMENT_OWNER).delete(organizations::remove_owner).mount(cfg);
    Endpoint::at(paths::INVITATIONS).get(organizations::invitations).mount(cfg);
    Endpoint::at(paths::INVITATION_ACCEPT).post(organizations::accept).mount(cfg);
    Endpoint::at(paths::INVITATION_DECLINE).post(organizations::decline).mount(cfg);
    Endpoint::at(paths::ROOMS).get(galleries::list).post(galleries::create).mount(cfg);
    Endpoint::at(paths::ROOM)
        .get(galleries::show)
        .put(galleries::rename)
        .delete(galleries::delete)
        .mount(cfg);
    Endpoint::at(paths::ROOM_UPLOAD).post(images::upload).mount(cfg);
    Endpoint::at(paths::ROOM_DELETE).post(images::delete).mount(cfg);
    Endpoint::at(paths::ROOM_REORDER).post(images::reorder).mount(cfg);
    Endpoint::at(paths::ROOM_CAPTION).post(images::caption).mount(cfg);
    pages::routes(cfg);
}

impl Problem {
    fn into_api(self, state: &State) -> ApiError {
        match self {
            Self::NotFound => ApiError::not_found(),
            Self::Refused("uploads_blocked", message) => {
                ApiError::new(StatusCode::FORBIDDEN, "uploads_blocked", message)
            }
            Self::Refused(code, message) => ApiError::bad_request(code, message),
            Self::Upload(error) => Failure::from(error).into_api(state),
        }
    }
}

#[derive(Serialize)]
struct Done {
    success: bool,
    message: String,
}

fn done(message: Message, locale: Locale) -> HttpResponse {
    json(&Done { success: true, message: message.text(locale) })
}
