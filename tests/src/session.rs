//! A signed-in browser that speaks to the JSON routes, as our own pages' scripts do: cookie and `X-CSRFToken`.

use reqwest::{Method, RequestBuilder};
use url::Url;
use visage::demo::browser::Page;

use crate::{Browser, House, Person};

pub struct Session {
    pub browser: Browser,
    /// Of the account page.
    pub csrf: String,
    pub account: Page,
    http: reqwest::Client,
    issuer: String,
}

impl House {
    pub async fn sign_in(&self, person: &Person) -> Session {
        let mut browser = Browser::new(self.http.clone());
        let account: Url = self.url("/account").parse().unwrap();
        let page = browser.get(&account).await.unwrap();
        let page = browser.follow(page, &account).await.unwrap();
        let form =
            page.form("login").unwrap().with("username", &person.email).with("password", &person.password);
        let page = browser.submit(&page.url.clone(), &form).await.unwrap();
        let page = browser.follow(page, &account).await.unwrap();
        assert_eq!(page.name().as_deref(), Some("account"), "{}", page.body);
        let (_, rest) = page.body.split_once("name=\"csrf\" value=\"").expect("a form with a CSRF token");
        let csrf = rest.split('"').next().unwrap().to_owned();
        Session { browser, csrf, account: page, http: self.http.clone(), issuer: self.issuer.clone() }
    }
}

impl Session {
    pub fn cookies(&self) -> String {
        let pairs = self.browser.cookies.values().flatten().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    /// With the cookie alone.
    pub fn plain(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.issuer)).header("cookie", self.cookies())
    }

    /// With the cookie and the CSRF token.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.plain(method, path).header("x-csrftoken", &self.csrf)
    }
}
