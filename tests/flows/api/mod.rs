//! `/api/…`

mod openapi;
mod photo;
