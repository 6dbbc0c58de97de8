//! What people touch: sign-in, consent, their account, the first administrator's set-up.
//!
//! The pages know no OAuth: an authorization request waits in its row ([`waiting`]), and every way out of a page is
//! [`web::Next`], back to the hub that decides again. Signing out belongs to the authorization server, the photo's
//! bytes to the photo room; both are links and forms here.
//!
//! - [`sign_in`], [`throttle`], [`device`]: passwords, and how guessing is slowed.
//! - [`consent`]: yes or no to a client. [`user_code`]: the code that a device shows.
//! - [`overview`], [`name`], [`password`], [`applications`]: the account page and what it changes.
//! - [`tokens`]: the person's own access tokens.
//! - [`setup`]: the first administrator. [`assets`]: style sheet, modules, icon.

mod applications;
mod assets;
mod cards;
mod consent;
mod device;
mod email;
mod name;
mod overview;
mod password;
pub mod setup;
mod sign_in;
mod throttle;
mod tokens;
mod user_code;
mod waiting;

use actix_web::{HttpResponse, web::ServiceConfig};
use store::pictures::Retention;
use web::{Endpoint, Next, paths};

/// What the room needs beside [`web::Core`]; given to actix as `web::Data<State>`.
#[derive(Clone, Debug)]
pub struct State {
    /// `photos.max_bytes`: said on the page, checked there before the upload; the photo room enforces it.
    pub photo_max_bytes: u64,
    /// `photos.delete_after` and `keep_versions`, which every change of a profile needs.
    pub retention: Retention,
}

/// Every route of the room; [`State`] and [`web::Core`] are the application's data.
pub fn routes(cfg: &mut ServiceConfig) {
    Endpoint::at(paths::LOGIN).get(sign_in::show).post(sign_in::submit).mount(cfg);
    Endpoint::at(paths::CONSENT).get(consent::show).post(consent::submit).mount(cfg);
    Endpoint::at(paths::DEVICE).get(user_code::show).post(user_code::submit).mount(cfg);
    Endpoint::at(paths::SETUP).get(setup::show).post(setup::submit).mount(cfg);
    Endpoint::at(paths::HOME).get(home).mount(cfg);
    Endpoint::at(paths::ACCOUNT).get(overview::show).mount(cfg);
    Endpoint::at(paths::ACCOUNT_NAME).post(name::change).mount(cfg);
    Endpoint::at(paths::ACCOUNT_PASSWORD).post(password::change).mount(cfg);
    Endpoint::at(paths::ACCOUNT_TOKENS).get(tokens::show).post(tokens::make).mount(cfg);
    Endpoint::at(paths::ACCOUNT_TOKENS_REVOKE).post(tokens::revoke).mount(cfg);
    Endpoint::at(paths::ACCOUNT_WITHDRAW).post(applications::withdraw).mount(cfg);
    Endpoint::at(&format!("{}{{file}}", paths::ASSETS)).get(assets::serve).mount(cfg);
}

/// Whoever types the bare address wants their own page.
async fn home() -> HttpResponse {
    Next::Account.see_other()
}
