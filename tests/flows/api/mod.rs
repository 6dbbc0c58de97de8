//! `/api/…`

mod openapi;
mod photo;
mod profile;
