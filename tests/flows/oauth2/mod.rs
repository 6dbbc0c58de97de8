//! `/oauth2/…`

mod logout;
mod token;
