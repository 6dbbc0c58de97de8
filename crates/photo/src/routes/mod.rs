//! The doors of the room. A handler extracts, calls one function, renders.

mod account;
mod admin;
mod api;
mod fields;
mod media;
mod multipart;
mod preview;
mod rooms;
mod stable;
mod token_api;
mod upload;
mod uploads;

use actix_web::web::ServiceConfig;
use web::{Endpoint, paths};

/// Needs `web::Data<photo::State>` and `web::Data<web::Core>`.
pub fn routes(cfg: &mut ServiceConfig) {
    Endpoint::at(paths::PROFILE_PHOTO).post(api::replace).delete(api::remove).mount(cfg);
    Endpoint::at(paths::UPLOAD_PHOTO).post(token_api::upload).mount(cfg);
    Endpoint::at(paths::STAGE_PICTURE).post(uploads::stage).mount(cfg);
    Endpoint::at(paths::CONFIRM_PICTURE).post(uploads::confirm).mount(cfg);
    Endpoint::at(paths::RESTORE_PICTURE).post(uploads::restore).mount(cfg);
    Endpoint::at(paths::PICTURE_UPLOADS).get(uploads::history).mount(cfg);
    Endpoint::at(paths::PICTURE_UPLOAD)
        .get(uploads::show)
        .put(uploads::describe)
        .delete(uploads::discard)
        .mount(cfg);
    Endpoint::at(paths::ACCOUNT_PHOTO).post(account::replace).mount(cfg);
    Endpoint::at(paths::ACCOUNT_PHOTO_REMOVE).post(account::remove).mount(cfg);
    Endpoint::at(paths::ACCOUNT_PHOTO_RESTORE).post(account::restore).mount(cfg);
    Endpoint::at(paths::ACCOUNT_PHOTO_CONFIRM).post(account::confirm).mount(cfg);
    Endpoint::at(paths::ACCOUNT_PHOTO_DISCARD).post(account::discard).mount(cfg);
    Endpoint::at(paths::ACCOUNT_PHOTO_ALT).post(account::describe).mount(cfg);
    Endpoint::at(paths::CLIENT_LOGO).get(crate::logo::show).mount(cfg);
    Endpoint::at(paths::PICTURE_STABLE).get(stable::show).mount(cfg);
    admin::routes(cfg);
    rooms::routes(cfg);
    Endpoint::at("/media/{key:.*}").get(media::show).mount(cfg);
}
