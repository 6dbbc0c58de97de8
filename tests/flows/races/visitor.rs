//! A signed-in browser that stays on the server it is told, although our addresses name the issuer: as one behind a balancer.

use std::collections::BTreeMap;

use tests::{Browser, Person, app::parameter};
use url::Url;

use super::Two;

pub struct Visitor {
    http: reqwest::Client,
    issuer: String,
    origin: String,
    cookies: BTreeMap<String, String>,
}

impl Visitor {
    /// With a session of its own.
    pub async fn signed_in(two: &Two, person: &Person, origin: &str) -> Self {
        let issuer: Url = two.place.issuer.parse().unwrap();
        let mut browser = Browser::new(tests::http());
        let page = browser.get(&issuer.join("/account").unwrap()).await.unwrap();
        let page = browser.follow(page, &issuer).await.unwrap();
        let form =
            page.form("login").unwrap().with("username", &person.email).with("password", &person.password);
        browser.submit(&page.url.clone(), &form).await.unwrap();
        let cookies = browser.cookies.values().flatten().map(|(name, value)| (name.clone(), value.clone()));
        Self {
            http: tests::http(),
            issuer: two.place.issuer.clone(),
            origin: origin.to_owned(),
            cookies: cookies.collect(),
        }
    }

    /// Follows redirects; the code, if they lead to the client with one.
    pub async fn until(&mut self, path: &str, callback: &str) -> Option<String> {
        let mut path = path.to_owned();
        for _ in 0..6 {
            let cookies: Vec<_> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let request =
                self.http.get(format!("{}{path}", self.origin)).header("cookie", cookies.join("; "));
            let answer = request.send().await.unwrap();
            assert!(answer.status().as_u16() < 500, "{}", answer.status());
            for line in answer.headers().get_all("set-cookie") {
                let pair = line.to_str().unwrap().split(';').next().unwrap();
                let (name, value) = pair.split_once('=').unwrap();
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
            let location = answer.headers().get("location")?.to_str().unwrap().to_owned();
            if location.starts_with(callback) {
                return parameter(&location.parse().unwrap(), "code");
            }
            path = location.strip_prefix(&self.issuer).unwrap_or(&location).to_owned();
        }
        None
    }
}
