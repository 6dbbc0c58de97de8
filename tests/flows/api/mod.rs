//! `/api/…`

mod admin_photos;
mod import;
mod openapi;
mod photo;
mod picture_claims;
mod profile;
mod staged;
mod token_api;
mod userinfo;
