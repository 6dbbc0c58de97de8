//! One room of the house with everything below it that is real: database, keys, passwords, pages. Only the clock is ours.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    rc::Rc,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use account::State;
use actix_web::{
    App,
    body::MessageBody,
    cookie::Cookie,
    dev::ServiceResponse,
    http::{StatusCode, header},
    test::{self, TestRequest},
    web::Data,
};
use futures_util::future::LocalBoxFuture;
use keyring::{KeyRow, MasterKey, Purpose, Random, Ring, Secret, generate};
use protocol::{AuthMethod, Client, authorization};
use store::{Settings, Store, interactions::Interaction, users::User};
use web::{Core, Hygiene, InteractionId, Manual, Pictures, Site, pictures::DefaultPicture};

pub const NOW: i64 = 1_800_000_000_000_000;
pub const SECOND: i64 = 1_000_000;
pub const PASSWORD: &str = "correct horse battery staple";
pub const CALLBACK: &str = "https://app.rivage.example/callback";

type Call = Rc<dyn Fn(TestRequest) -> LocalBoxFuture<'static, ServiceResponse>>;

pub struct House {
    pub core: Data<Core>,
    pub clock: Manual,
    call: Call,
    _folder: Option<tempfile::TempDir>,
}

/// One test text, run on both databases.
#[macro_export]
macro_rules! on_both {
    ($name:ident, $house:ident => $body:block) => {
        async fn $name($house: $crate::house::House) $body

        mod $name {
            #[actix_web::test]
            async fn sqlite() {
                super::$name($crate::house::House::on_sqlite().await).await;
            }

            #[actix_web::test]
            async fn postgres() {
                super::$name($crate::house::House::on_postgres().await).await;
            }
        }
    };
}

/// What may be asked for in detail.
fn payment() -> protocol::DetailType {
    protocol::DetailType {
        name: "payment".into(),
        words: "Pay {amount} to {creditor}".into(),
        words_fr: "Payer {amount} à {creditor}".into(),
        required: vec!["amount".into(), "creditor".into()],
        ..protocol::DetailType::default()
    }
}

impl House {
    pub async fn on_sqlite() -> House {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/visage.db", folder.path().display());
        House::build(Settings::new(url), Some(folder)).await
    }

    /// A database of its own on the server that tests/services started.
    pub async fn on_postgres() -> House {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let admin = std::env::var("VISAGE_TEST_POSTGRES_URL").expect(
            "VISAGE_TEST_POSTGRES_URL is not set: run `source $(tests/services start)` first, or tests/run",
        );
        let name = format!("account_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let (client, connection) = tokio_postgres::connect(&admin, tokio_postgres::NoTls).await.unwrap();
        actix_web::rt::spawn(connection);
        client.batch_execute(&format!("DROP DATABASE IF EXISTS {name}")).await.unwrap();
        client.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
        let url = admin.replace("/postgres", &format!("/{name}"));
        House::build(Settings { pool_size: 2, ..Settings::new(url) }, None).await
    }

    async fn build(settings: Settings, folder: Option<tempfile::TempDir>) -> House {
        let store = Store::open_migrated(&settings).await.unwrap();
        let (clock, random) = (Manual::at(NOW), Random::seeded(7));
        let site = Site::new("https://id.example").unwrap();
        let ring = Ring::new(&site.issuer, MasterKey::from_bytes(&MASTER));
        ring.replace(keys()).unwrap();
        let pictures = Pictures::new(&site, [], DefaultPicture::Initials);
        let mut core = Core::new(store, ring, site, pictures);
        core.clock = std::sync::Arc::new(clock.clone());
        core.random = random;
        let core = Data::new(core);
        let state = State {
            photo_max_bytes: 5 * 1_048_576,
            retention: store::pictures::Retention { delete_after: 10 * SECOND, keep_versions: 0 },
        };
        let app = App::new()
            .app_data(core.clone())
            .app_data(Data::new(state))
            .wrap(Hygiene::new(&core))
            .default_service(actix_web::web::to(web::endpoint::not_found))
            .configure(account::routes);
        let app = Rc::new(test::init_service(app).await);
        let call: Call = Rc::new(move |request| {
            let app = app.clone();
            Box::pin(
                async move { test::call_service(&*app, request.to_request()).await.map_into_boxed_body() },
            )
        });
        House { core, clock, call, _folder: folder }
    }

    pub fn browser(&self) -> Browser {
        Browser { call: self.call.clone(), address: "192.0.2.1".into(), jar: RefCell::default() }
    }

    /// A browser in which this person has signed in.
    pub async fn signed_in(&self, email: &str) -> Browser {
        let browser = self.browser();
        let answer = browser.sign_in("/login", email, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        browser
    }

    /// `name@example.test`.
    pub async fn person(&self, name: &str) -> User {
        let user = User {
            id: format!("person-{name}"),
            storage_id: format!("storage-{name}"),
            email: format!("{name}@example.test"),
            email_verified: true,
            password_hash: Some(self.core.passwords.hash(&Secret::new(PASSWORD)).await.unwrap()),
            password_changed_at: None,
            name: Some(format!("{} Laurent", name[..1].to_uppercase() + &name[1..])),
            given_name: None,
            family_name: None,
            phone_number: None,
            phone_number_verified: false,
            locale: None,
            claims: "{}".into(),
            user_type: None,
            is_active: true,
            is_admin: name == "root",
            picture_id: None,
            picture_url: None,
            created_at: NOW,
            updated_at: NOW,
        };
        self.core.store.insert_user(user.clone()).await.unwrap();
        user
    }

    pub async fn client(&self, id: &str) -> Client {
        let client = Client {
            name: "Atelier Rivage".into(),
            auth_method: AuthMethod::None,
            redirect_uris: vec![CALLBACK.into()],
            grant_types: vec!["authorization_code".into()],
            response_types: vec!["code".into()],
            policy_uri: Some("https://rivage.example/privacy".into()),
            tos_uri: Some("javascript:alert(1)".into()),
            ..Client::blank(id, NOW)
        };
        self.core.store.insert_client(client.clone()).await.unwrap();
        client
    }

    /// An authorization request of this browser that waits, as the authorization server leaves it.
    pub async fn waiting(&self, browser: &Browser, client: &Client, more: &[(&str, &str)]) -> InteractionId {
        browser.get("/login").await;
        let mut pairs: Vec<(String, String)> = [
            ("client_id", client.id.as_str()),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid profile email"),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
        ]
        .iter()
        .filter(|(name, _)| more.iter().all(|(other, _)| other != name))
        .chain(more)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
        pairs.push(("state".into(), "s".into()));
        let request = authorization::AuthorizationRequest::parse(&pairs);
        let policy = protocol::Policy {
            detail_types: vec![payment()],
            ..protocol::Policy::new(&self.core.site.issuer)
        };
        let valid = authorization::validate(&request, client, &policy).unwrap();
        let id = InteractionId::new(&self.core.random.secret());
        let interaction = Interaction {
            digest: id.digest().to_vec(),
            browser: keyring::digest(browser.cookie("__Host-visage-browser").unwrap().as_bytes()).to_vec(),
            client_id: client.id.clone(),
            parameters: authorization::Pending::new(request, &valid).to_json().unwrap(),
            consented: None,
            denied: false,
            created_at: self.clock_now(),
            expires_at: self.clock_now() + 3600 * SECOND,
            pushed: None,
        };
        self.core.store.insert_interaction(interaction).await.unwrap();
        id
    }

    pub async fn interaction(&self, id: &InteractionId, browser: &Browser) -> Option<Interaction> {
        let browser = keyring::digest(browser.cookie("__Host-visage-browser").unwrap().as_bytes());
        self.core.store.interaction(&id.digest(), &browser, self.clock_now()).await.unwrap()
    }

    pub fn clock_now(&self) -> i64 {
        self.core.now()
    }
}

const MASTER: [u8; 32] = [7; 32];

/// Made once: an RSA key takes a while.
fn keys() -> &'static [KeyRow] {
    static KEYS: OnceLock<Vec<KeyRow>> = OnceLock::new();
    KEYS.get_or_init(|| {
        let (master, random) = (MasterKey::from_bytes(&MASTER), Random::seeded(1));
        let made = Purpose::ALL.map(|purpose| generate(purpose, &master, &random));
        made.into_iter().map(|key| key.at(keyring::State::Current, NOW)).collect()
    })
}

/// What a browser does: keeps cookies, sends forms with what the page put into them.
pub struct Browser {
    call: Call,
    pub address: String,
    jar: RefCell<BTreeMap<String, String>>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub location: Option<String>,
    pub retry_after: Option<u64>,
    pub headers: header::HeaderMap,
    pub body: String,
}

impl Browser {
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.jar.borrow().get(name).cloned()
    }

    pub fn forget(&self, name: &str) {
        self.jar.borrow_mut().remove(name);
    }

    pub fn keep(&self, name: &str, value: &str) {
        self.jar.borrow_mut().insert(name.into(), value.into());
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(TestRequest::get().uri(path)).await
    }

    /// As a form of ours: with the CSRF token of the page at `page`.
    pub async fn fill(&self, page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let html = self.get(page).await.body;
        let csrf = between(&html, "name=\"csrf\" value=\"", "\"");
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend(fields);
        self.post(action, &all).await
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(TestRequest::post().uri(path).set_form(fields)).await
    }

    pub async fn sign_in(&self, page: &str, email: &str, password: &str) -> Answer {
        self.fill(page, page, &[("username", email), ("password", password)]).await
    }

    pub async fn send(&self, mut request: TestRequest) -> Answer {
        request = request.peer_addr(format!("{}:4711", self.address).parse().unwrap());
        for (name, value) in self.jar.borrow().iter() {
            request = request.cookie(Cookie::new(name.clone(), value.clone()));
        }
        let response = (self.call)(request).await;
        for cookie in response.response().cookies() {
            // S33
            assert!(cookie.name().starts_with("__Host-") && cookie.secure() == Some(true), "{cookie}");
            // The one that clients' frames watch (OpenID Connect session management) is read by our own script.
            let hidden = cookie.http_only() == Some(true) || cookie.name() == "__Host-visage-state";
            assert!(hidden && cookie.path() == Some("/"), "{cookie}");
            self.keep(cookie.name(), cookie.value());
        }
        let status = response.status();
        let headers = response.headers().clone();
        let text =
            |name: header::HeaderName| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        let bytes = response.into_body().try_into_bytes().unwrap();
        Answer {
            status,
            location: text(header::LOCATION),
            retry_after: text(header::RETRY_AFTER).map(|seconds| seconds.parse().unwrap()),
            body: String::from_utf8_lossy(&bytes).into_owned(),
            headers,
        }
    }
}

impl Answer {
    /// Empty where it is absent.
    pub fn header(&self, name: &str) -> String {
        self.headers.get(name).map_or(String::new(), |value| value.to_str().unwrap().to_owned())
    }

    pub fn page(&self) -> String {
        between(&self.body, "data-page=\"", "\"")
    }

    #[track_caller]
    pub fn is(&self, status: u16, page: &str) -> &Answer {
        assert_eq!((self.status.as_u16(), self.page().as_str()), (status, page), "{}", self.body);
        self
    }

    #[track_caller]
    pub fn leads_to(&self, location: &str) -> &Answer {
        // S25
        assert_eq!((self.status.as_u16(), self.location.as_deref()), (303, Some(location)), "{}", self.body);
        self
    }

    #[track_caller]
    pub fn says(&self, text: &str) -> &Answer {
        assert!(self.body.contains(text), "{text:?} is not in {}", self.body);
        self
    }

    #[track_caller]
    pub fn hides(&self, text: &str) -> &Answer {
        assert!(!self.body.contains(text), "{text:?} is in {}", self.body);
        self
    }
}

fn between(text: &str, before: &str, after: &str) -> String {
    let rest = text.split_once(before).map_or("", |(_, rest)| rest);
    rest.split_once(after).map_or(String::new(), |(found, _)| found.to_owned())
}
