//! `/account/…`

mod photo;
