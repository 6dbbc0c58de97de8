//! Issues bearer tokens with scopes: authorize, token, revoke, introspect, discovery, JWKS, logout.
//!
//! The rules are in `protocol`; here they meet the database and the wire. Pages for people are in `account`:
//! this room leads to them and takes people back at its hub, `authorize`.

mod authorize;
mod crowd;
mod device;
mod discovery;
mod introspect;
mod logout;
mod mint;
mod par;
mod register;
mod revoke;
mod state;
mod token;

pub use state::State;

use actix_web::web::ServiceConfig;
use web::{Endpoint, paths};

pub fn routes(cfg: &mut ServiceConfig) {
    Endpoint::at(paths::OPENID_CONFIGURATION).get(discovery::metadata).mount(cfg);
    Endpoint::at(paths::OAUTH_METADATA).get(discovery::metadata).mount(cfg);
    Endpoint::at(paths::PROTECTED_RESOURCE).get(discovery::protected_resource).mount(cfg);
    Endpoint::at(paths::JWKS).get(discovery::jwks).mount(cfg);
    Endpoint::at(paths::AUTHORIZE).get(authorize::get).post(authorize::post).mount(cfg);
    Endpoint::at(paths::AUTHORIZE_HUB).get(authorize::hub).mount(cfg);
    Endpoint::at(paths::TOKEN).post(token::token).mount(cfg);
    Endpoint::at(paths::DEVICE_AUTHORIZATION).post(device::authorize).mount(cfg);
    Endpoint::at(paths::PAR).post(par::push).mount(cfg);
    Endpoint::at(paths::REVOKE).post(revoke::revoke).mount(cfg);
    Endpoint::at(paths::INTROSPECT).post(introspect::introspect).mount(cfg);
    Endpoint::at(paths::REGISTER).post(register::register).mount(cfg);
    Endpoint::at(paths::REGISTRATION)
        .get(register::read)
        .put(register::replace)
        .delete(register::remove)
        .mount(cfg);
    Endpoint::at(paths::LOGOUT).get(logout::get).post(logout::post).mount(cfg);
    Endpoint::at(paths::CHECK_SESSION).get(logout::check_session).mount(cfg);
    Endpoint::at(paths::SIGNED_OUT).get(logout::signed_out).mount(cfg);
}

#[cfg(test)]
mod tests;
