//! `/oauth2/token`

mod code;
mod refresh;
