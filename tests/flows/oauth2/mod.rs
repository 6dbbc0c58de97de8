//! `/oauth2/…`

mod answers;
mod backchannel;
mod logout;
mod registration;
mod token;
mod website;
