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

#[cfg(test)]
mod tests {
    use keyring::{MasterKey, Purpose, generate};

    use super::*;

    fn ring(random: &Random) -> Ring {
        let master = MasterKey::from_bytes(&[3; 32]);
        let rows =
            Purpose::ALL.map(|purpose| generate(purpose, &master, random).at(keyring::State::Current, 0));
        let ring = Ring::new("https://id.example", master);
        ring.replace(&rows).expect("keys of our own");
        ring
    }

    fn user(id: &str) -> User {
        User {
            id: id.into(),
            storage_id: id.into(),
            email: format!("{id}@example.test"),
            email_verified: false,
            password_hash: None,
            password_changed_at: None,
            name: None,
            given_name: None,
            family_name: None,
            phone_number: None,
            phone_number_verified: false,
            locale: None,
            claims: "{}".into(),
            user_type: None,
            is_active: true,
            is_admin: false,
            picture_id: None,
            picture_url: None,
            created_at: 0,
            updated_at: 0,
        }
    }

    // S42
    #[test]
    fn a_browser_is_known_for_those_who_signed_in_with_it() {
        let random = Random::seeded(1);
        let (ring, ada, bob) = (ring(&random), user("ada"), user("bob"));
        assert_eq!(Device::parse(None).knows(&ring, &ada), None);
        let cookie = Device::parse(None).with(&ring, &random, &ada);
        let device = Device::parse(Some(&cookie));
        assert!(device.knows(&ring, &ada).is_some() && device.knows(&ring, &bob).is_none());
        assert!(!cookie.contains("ada"));

        // A second person joins the first; the browser keeps its name.
        let both = Device::parse(Some(&device.clone().with(&ring, &random, &bob)));
        assert_eq!(both.knows(&ring, &ada), device.knows(&ring, &ada));
        assert!(both.knows(&ring, &bob).is_some());
        // Signing in again adds nothing.
        assert_eq!(both.clone().with(&ring, &random, &bob), both.clone().with(&ring, &random, &bob));
        assert_eq!(Device::parse(Some(&both.clone().with(&ring, &random, &ada))).macs.len(), 2);

        // A new password makes every browser a stranger; another browser's mark is no use.
        let changed = User { password_changed_at: Some(1), ..user("ada") };
        assert_eq!(device.knows(&ring, &changed), None);
        let stolen = Device { name: "another".into(), macs: device.macs.clone() };
        assert_eq!(stolen.knows(&ring, &ada), None);
    }

    #[test]
    fn a_crowd_does_not_grow_the_cookie_without_end() {
        let random = Random::seeded(1);
        let ring = ring(&random);
        let mut cookie = String::new();
        for number in 0..20 {
            cookie = Device::parse(Some(&cookie)).with(&ring, &random, &user(&number.to_string()));
        }
        assert!(cookie.len() < 400, "{}", cookie.len());
        let device = Device::parse(Some(&cookie));
        assert!(device.knows(&ring, &user("19")).is_some() && device.knows(&ring, &user("0")).is_none());
        for nonsense in ["", ".", "a b.c", "é.x", &"a".repeat(65), "\u{0}"] {
            assert_eq!(Device::parse(Some(nonsense)), Device::default(), "{nonsense:?}");
        }
    }
}
