//! `/oauth2/…`

mod answers;
mod backchannel;
mod logout;
mod token;
