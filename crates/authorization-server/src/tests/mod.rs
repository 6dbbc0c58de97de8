//! Through the public routes, on a real database with real keys; only clock and randomness are ours. What
//! `account` does (sign-in, consent) is written straight into the store.

mod authorize;
mod client_certificate;
mod client_secret_jwt;
mod device;
mod discovery;
mod dpop;
mod exchange;
mod front;
mod holder;
mod house;
mod jwt_bearer;
mod jwt_kinds;
mod kinds;
mod logout;
mod pairwise;
mod par;
mod private_key_jwt;
mod profiles;
mod registration;
mod request_objects;
mod resources;
mod revocation;
mod signed_introspection;
mod token;
mod truth;
mod wire;
