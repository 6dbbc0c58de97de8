//! The doors of the room. A handler extracts, calls one function, renders.

mod account;
mod admin;
mod api;
mod media;
mod multipart;
mod stable;
mod token_api;
mod upload;

use actix_web::web::ServiceConfig;
use web::{Endpoint, paths};

/// Needs `web::Data<photo::State>` and `web::Data<web::Core>`.
pub fn routes(cfg: &mut ServiceConfig) {
    Endpoint::at(paths::PROFILE_PHOTO).post(api::replace).delete(api::remove).mount(cfg);
    Endpoint::at(paths::UPLOAD_PHOTO).post(token_api::upload).mount(cfg);
    Endpoint::at(paths::ACCOUNT_PHOTO).post(account::replace).mount(cfg);
    Endpoint::at(paths::ACCOUNT_PHOTO_REMOVE).post(account::remove).mount(cfg);
    Endpoint::at(paths::PICTURE_STABLE).get(stable::show).mount(cfg);
    admin::routes(cfg);
    Endpoint::at("/media/{key:.*}").get(media::show).mount(cfg);
}
