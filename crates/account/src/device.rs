//! The cookie of a browser that has signed in before: it says as whom, to nobody but us.
//!
//! Its value is a random name of the browser and one MAC a person (over the name, the person and when their password
//! was last changed), so that it cannot be made up, does not tell who the people are, and is void after a change of
//! password. All it gives is a counter of its own when a password is tried (see [`crate::throttle`]).

use actix_web::{
    HttpRequest,
    cookie::{Cookie, time::Duration},
};
use keyring::{Random, Ring};
use store::users::User;
use web::{Core, Site, browser};

const PURPOSE: &str = "known-browser";
/// People on one browser; the one who signed in first gives way.
const MOST: usize = 6;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Device {
    name: String,
    macs: Vec<String>,
}

impl Device {
    pub fn of(core: &Core, request: &HttpRequest) -> Device {
        Device::parse(request.cookie(cookie_name(&core.site)).as_ref().map(Cookie::value))
    }

    /// What is not of our form is a browser without the cookie.
    fn parse(cookie: Option<&str>) -> Device {
        let mut parts = cookie.unwrap_or_default().split('.');
        let name = parts.next().unwrap_or_default();
        let plain = |text: &&str| {
            (1..=64).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        };
        if !plain(&name) {
            return Device::default();
        }
        Device { name: name.to_owned(), macs: parts.filter(plain).take(MOST).map(str::to_owned).collect() }
    }

    /// The browser's name, if this person has signed in with it.
    pub fn knows(&self, ring: &Ring, user: &User) -> Option<&str> {
        let value = self.value(user);
        self.macs.iter().any(|mac| ring.verify_cookie_mac(PURPOSE, &value, mac)).then_some(self.name.as_str())
    }

    /// The cookie's value from now on, after this person signed in.
    fn with(mut self, ring: &Ring, random: &Random, user: &User) -> String {
        if self.name.is_empty() {
            self.name = random.id();
        }
        let value = self.value(user);
        self.macs.retain(|mac| !ring.verify_cookie_mac(PURPOSE, &value, mac));
        self.macs.insert(0, ring.cookie_mac(PURPOSE, &value));
        self.macs.truncate(MOST);
        [vec![self.name], self.macs].concat().join(".")
    }

    fn value(&self, user: &User) -> Vec<u8> {
        format!("{}\0{}\0{}", self.name, user.id, user.password_changed_at.unwrap_or_default()).into_bytes()
    }
}

/// What this browser gets once the person has signed in.
pub fn cookie(core: &Core, device: Device, user: &User) -> Cookie<'static> {
    let value = device.with(&core.ring, &core.random, user);
    browser::cookie(&core.site, cookie_name(&core.site), &value, Duration::days(365))
}

fn cookie_name(site: &Site) -> &'static str {
    if site.is_secure() { "__Host-visage-known" } else { "visage-known" }
}
