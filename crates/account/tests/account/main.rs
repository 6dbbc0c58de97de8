//! The pages through their routes, on both databases: as nobody, as a person, as an attacker.

#![expect(clippy::unwrap_used, reason = "in a test an unwrap is the assertion")]

mod assets;
mod consent;
mod house;
mod overview;
mod password;
mod setup;
mod sign_in;
mod slowing;
mod tokens;
mod user_code;
