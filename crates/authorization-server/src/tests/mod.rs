//! Through the public routes, on a real database with real keys; only clock and randomness are ours. What
//! `account` does (sign-in, consent) is written straight into the store.

mod authorize;
mod client_certificate;
mod client_secret_jwt;
mod device;
mod dpop;
mod discovery;
mod exchange;
mod front;
mod holder;
mod house;
mod jwt_bearer;
mod kinds;
mod logout;
mod par;
mod pairwise;
mod private_key_jwt;
mod registration;
mod request_objects;
mod revocation;
mod signed_introspection;
mod token;
mod wire;
