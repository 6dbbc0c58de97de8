//! The browser's own cookie: random, made at the first visit, not renewed by signing in. Interactions are bound to it (S28),
//! and the CSRF token of every page hangs on it.

use std::fmt;
use std::future::{Ready, ready};

use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};
use keyring::{Ring, Secret};

use crate::{Core, Refused, Site};

const CSRF: &str = "csrf";
const DAYS: i64 = 180;

/// The browser that asks; a new one gets its cookie with the answer.
///
/// Not for handlers of cross-site POSTs (authorize, logout): those requests carry no cookie, and giving a new one would
/// forget the old.
#[derive(Clone)]
pub struct Browser {
    value: Secret,
    ring: Ring,
}

/// Left in the request for [`crate::Hygiene`], which sends them with pages.
#[derive(Default)]
pub(crate) struct NewCookies(pub Vec<Cookie<'static>>);

impl NewCookies {
    /// The last of a name is the one that is sent.
    pub fn leave(request: &HttpRequest, cookie: Cookie<'static>) {
        let mut left = request.extensions_mut();
        if !left.contains::<NewCookies>() {
            left.insert(NewCookies::default());
        }
        if let Some(NewCookies(all)) = left.get_mut::<NewCookies>() {
            all.retain(|other| other.name() != cookie.name());
            all.push(cookie);
        }
    }
}

impl Browser {
    /// The browser, if it has its cookie.
    pub fn known(core: &Core, request: &HttpRequest) -> Option<Browser> {
        let cookie = request.cookie(core.site.browser_cookie())?;
        let value = cookie.value();
        let ours =
            value.len() == 43 && value.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_".contains(&c));
        ours.then(|| Browser { value: Secret::new(value), ring: core.ring.clone() })
    }

    /// What the database knows it by.
    pub fn digest(&self) -> [u8; 32] {
        self.value.digest()
    }

    /// For the hidden field `csrf` of every form.
    pub fn csrf(&self) -> String {
        self.ring.cookie_mac(CSRF, self.value.expose().as_bytes())
    }

    pub(crate) fn verifies(&self, csrf: &str) -> bool {
        self.ring.verify_cookie_mac(CSRF, self.value.expose().as_bytes(), csrf)
    }
}

impl fmt::Debug for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Browser(…)")
    }
}

impl FromRequest for Browser {
    type Error = Refused;
    type Future = Ready<Result<Self, Refused>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Core::of(request).map(|core| {
            // Two extractors of one request see the same new browser.
            let made = request.extensions().get::<Browser>().cloned();
            Browser::known(core, request).or(made).unwrap_or_else(|| {
                let browser = Browser { value: core.random.secret(), ring: core.ring.clone() };
                let cookie =
                    private_cookie(&core.site, core.site.browser_cookie(), browser.value.expose(), DAYS);
                NewCookies::leave(request, cookie);
                request.extensions_mut().insert(browser.clone());
                browser
            })
        }))
    }
}

/// `Secure` (over https), `HttpOnly`, `SameSite=Lax`, `Path=/`, no `Domain` (S33).
pub(crate) fn private_cookie(site: &Site, name: &'static str, value: &str, days: i64) -> Cookie<'static> {
    cookie(site, name, value, Duration::days(days))
}

/// The same attributes for any lifetime: a cookie of ours looks like this or not at all.
pub fn cookie(site: &Site, name: &'static str, value: &str, max_age: Duration) -> Cookie<'static> {
    Cookie::build(name, value.to_owned())
        .path("/")
        .secure(site.is_secure())
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(max_age)
        .finish()
}
