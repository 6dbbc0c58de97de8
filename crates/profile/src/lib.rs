//! Userinfo and the profile API (CONTRACT §4, seed 003); both say `picture`.
//!
//! | module | what it is for |
//! |---|---|
//! | `userinfo` | `GET`/`POST /api/auth/userinfo`, a hot path: a ready answer is kept beside what is known of the token |
//! | `read` | `GET /api/auth/profile` |
//! | `change` | `PUT /api/auth/profile`: what a body may change, as a pure function, and the handler |
//! | `token_api` | `GET` and `PUT /api/auth/user-profile/`, the same in the shape of seed 000 |
//! | `fields` | rows to the fields of the seed |
//!
//! The seed's PUT has no field `name`. It follows given and family name as long as it is empty or made of the two; one
//! that somebody chose (on the account page, or an administrator) stays. Initials are those of `name` where there is one.

mod change;
mod fields;
mod read;
mod token_api;
mod userinfo;

use actix_web::web::ServiceConfig;
use store::pictures::Retention;
use web::{Endpoint, paths};

/// What the room needs beside [`web::Core`].
#[derive(Debug, Clone)]
pub struct State {
    /// `photos.delete_after` and `keep_versions`: an address elsewhere supersedes an uploaded photo.
    pub retention: Retention,
}

/// Needs `web::Data<profile::State>` and `web::Data<web::Core>`.
pub fn routes(cfg: &mut ServiceConfig) {
    Endpoint::at(paths::USERINFO).get(userinfo::show).post(userinfo::show_posted).mount(cfg);
    Endpoint::at(paths::PROFILE).get(read::show).put(change::change).mount(cfg);
    Endpoint::at(paths::USER_PROFILE).get(token_api::show).put(token_api::change).mount(cfg);
}
