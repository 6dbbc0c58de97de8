//! `/oauth2/…`

mod backchannel;
mod logout;
mod token;
