//! A device without a browser (RFC 8628), and the person who says yes to it on a telephone.

use url::Url;

use crate::{Answer, App, Browser, Person};

/// `grant_type`.
pub const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

impl App {
    /// Asks for the codes.
    pub async fn device(&self, scope: &str) -> Answer {
        Answer::of(self.post("/oauth2/device_authorization", &[("scope", scope)])).await.expect(200)
    }

    pub async fn poll(&self, device_code: &str) -> Answer {
        Answer::of(self.post("/oauth2/token", &[("grant_type", GRANT), ("device_code", device_code)])).await
    }
}

/// Opens the address with the code in it, confirms the code, signs in, consents.
pub async fn approve(verification_uri_complete: &str, person: &Person) {
    let address: Url = verification_uri_complete.parse().unwrap();
    let mut browser = Browser::new(crate::http());
    let mut page = browser.get(&address).await.unwrap();
    for _ in 0..6 {
        page = browser.follow(page, &address).await.unwrap();
        let form = match page.name().as_deref() {
            Some("device") => page.form("device").unwrap(),
            Some("login") => {
                page.form("login").unwrap().with("username", &person.email).with("password", &person.password)
            }
            Some("consent") => page.form("consent").unwrap().with("decision", "allow"),
            Some("device-done") => return,
            name => panic!("{name:?} at {} ({}): {}", page.url, page.status, page.body),
        };
        page = browser.submit(&page.url.clone(), &form).await.unwrap();
    }
    panic!("no end at {} ({}): {}", page.url, page.status, page.body);
}
