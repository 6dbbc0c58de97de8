//! An application that signs people in, with nothing but HTTP: so that a test can do what no library would let it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use url::Url;
use visage::demo::browser::{Browser, Page};

use crate::house::Person;

#[derive(Clone)]
pub struct App {
    pub issuer: String,
    /// Where requests of the application itself go: the issuer, or another node.
    pub endpoint: String,
    pub client_id: String,
    pub secret: Option<String>,
    pub redirect_uri: String,
    pub http: reqwest::Client,
}

/// An authorization request, and what proves that the answer is ours.
#[derive(Clone, Debug)]
pub struct Begun {
    pub url: Url,
    pub state: String,
    pub nonce: String,
    pub verifier: String,
}

/// A code with the verifier that it needs.
#[derive(Clone, Debug)]
pub struct Code {
    pub code: String,
    pub verifier: String,
    pub nonce: String,
}

/// An answer of the JSON kind.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: http::HeaderMap,
    pub body: Value,
}

impl Answer {
    pub async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.expect("a whole answer");
        Self { status, headers, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
    }

    pub fn text(&self, name: &str) -> &str {
        self.body[name].as_str().unwrap_or_default()
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:#}", self.body);
        self
    }

    #[track_caller]
    pub fn expect_error(self, status: u16, error: &str) -> Self {
        assert_eq!((self.status, self.text("error")), (status, error), "{:#}", self.body);
        self
    }
}

impl App {
    /// `extra` replaces or adds parameters.
    pub fn begin(&self, scope: &str, extra: &[(&str, &str)]) -> Begun {
        let random = keyring::Random::system();
        let [state, nonce, verifier] = [0; 3].map(|_| random.secret().expose().to_owned());
        let challenge = URL_SAFE_NO_PAD.encode(keyring::digest(verifier.as_bytes()));
        let mut parameters = vec![
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("scope", scope),
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        parameters.retain(|(name, _)| !extra.iter().any(|(own, _)| own == name));
        parameters.extend(extra.iter().filter(|(_, value)| !value.is_empty()));
        let mut url: Url = format!("{}/oauth2/authorize", self.issuer).parse().unwrap();
        url.query_pairs_mut().extend_pairs(parameters);
        Begun { url, state, nonce, verifier }
    }

    /// Through every page, saying yes to each, until the browser would leave the provider.
    pub async fn walk(&self, browser: &mut Browser, begun: &Begun, person: &Person) -> Page {
        let origin: Url = self.issuer.parse().unwrap();
        let mut page = browser.get(&begun.url).await.expect("the authorization endpoint");
        for _ in 0..4 {
            page = browser.follow(page, &origin).await.expect("redirects");
            let form = match page.name().as_deref() {
                Some("login") => page
                    .form("login")
                    .unwrap()
                    .with("username", &person.email)
                    .with("password", &person.password),
                Some("consent") => page.form("consent").unwrap().with("decision", "allow"),
                _ => return page,
            };
            page = browser.submit(&page.url.clone(), &form).await.expect("a form");
        }
        browser.follow(page, &origin).await.expect("redirects")
    }

    /// Signs in, consents, and comes back with a code.
    pub async fn code(&self, person: &Person, scope: &str) -> Code {
        self.code_in(&mut Browser::new(self.http.clone()), person, scope).await
    }

    pub async fn code_in(&self, browser: &mut Browser, person: &Person, scope: &str) -> Code {
        let begun = self.begin(scope, &[]);
        let page = self.walk(browser, &begun, person).await;
        let back = page.location().unwrap_or_else(|| panic!("no way back: {} {}", page.status, page.body));
        assert!(back.as_str().starts_with(&self.redirect_uri), "{back}");
        assert_eq!(parameter(&back, "state"), Some(begun.state.clone()));
        assert_eq!(parameter(&back, "iss"), Some(self.issuer.clone()));
        let code = parameter(&back, "code").unwrap_or_else(|| panic!("no code: {back}"));
        Code { code, verifier: begun.verifier, nonce: begun.nonce }
    }

    /// A form to an endpoint, authenticated as this client.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let mut fields = fields.to_vec();
        let mut request = self.http.post(format!("{}{path}", self.endpoint));
        match &self.secret {
            Some(secret) => request = request.basic_auth(&self.client_id, Some(secret)),
            None => fields.push(("client_id", &self.client_id)),
        }
        request.form(&fields)
    }

    pub async fn redeem(&self, code: &Code) -> Answer {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &code.code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", &code.verifier),
        ];
        Answer::of(self.post("/oauth2/token", &fields)).await
    }

    pub async fn refresh(&self, refresh_token: &str) -> Answer {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        Answer::of(self.post("/oauth2/token", &fields)).await
    }

    /// The whole way to tokens.
    pub async fn tokens(&self, person: &Person, scope: &str) -> Value {
        let code = self.code(person, scope).await;
        self.redeem(&code).await.expect(200).body
    }

    pub async fn userinfo(&self, access_token: &str) -> Answer {
        Answer::of(self.http.get(format!("{}/api/auth/userinfo", self.endpoint)).bearer_auth(access_token))
            .await
    }

    pub async fn introspect(&self, token: &str) -> Value {
        Answer::of(self.post("/oauth2/introspect", &[("token", token)])).await.expect(200).body
    }

    pub async fn revoke(&self, token: &str) -> Answer {
        Answer::of(self.post("/oauth2/revoke", &[("token", token)])).await
    }

    pub async fn upload(&self, access_token: &str, bytes: Vec<u8>) -> Answer {
        let part = reqwest::multipart::Part::bytes(bytes).file_name("photo");
        let form = reqwest::multipart::Form::new().part("photo", part);
        let url = format!("{}/api/auth/profile/photo", self.endpoint);
        Answer::of(self.http.post(url).bearer_auth(access_token).multipart(form)).await
    }

    /// The claims of an ID token, unverified: verification is what the foreign clients do.
    pub fn claims(id_token: &str) -> Value {
        let payload = id_token.split('.').nth(1).expect("a JWT");
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
    }
}

/// Of the query or of the fragment.
pub fn parameter(url: &Url, name: &str) -> Option<String> {
    let fragment = url::form_urlencoded::parse(url.fragment().unwrap_or_default().as_bytes());
    url.query_pairs().chain(fragment).find(|(own, _)| own == name).map(|(_, value)| value.into_owned())
}
