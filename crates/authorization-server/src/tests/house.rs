//! A provider with a manual clock, and a client and a person to go with it.

use std::{
    cell::{Cell, RefCell},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use actix_web::{App, test, web::Data};
use keyring::{KeyRow, MasterKey, Purpose, Random, Ring, State as KeyState, generate};
use protocol::{AuthMethod, Client, Policy, SECOND, Scopes};
use serde_json::Value;
use store::{
    Settings, Store,
    audit::AuditRow,
    consents::Consent,
    personal_tokens::{Made, PersonalToken},
    sessions::Session,
    users::User,
};
use tempfile::TempDir;
use url::Url;
use web::{Core, Hygiene, Manual, Outbound, Pictures, Site, outbound, pictures::DefaultPicture};

use super::wire::{Answer, CALLBACK, authorize, basic, post, redemption, secret_of, text};
use crate::State;

pub const ISSUER: &str = "https://op.test";
pub const START: i64 = 1_800_000_000 * SECOND;

#[derive(Clone, Copy)]
pub enum Backend {
    Sqlite,
    Postgres,
}

thread_local! {
    /// A test has its thread; [`on_both`] says which database the houses on it stand on.
    pub static BACKEND: Cell<Backend> = const { Cell::new(Backend::Sqlite) };
}

/// Runs one test text on both databases.
macro_rules! on_both {
    ($name:ident) => {
        mod $name {
            use crate::tests::house::{BACKEND, Backend};

            #[actix_web::test]
            async fn sqlite() {
                super::$name().await;
            }

            #[actix_web::test]
            async fn postgres() {
                BACKEND.set(Backend::Postgres);
                super::$name().await;
            }
        }
    };
}
pub(crate) use on_both;

pub struct House {
    pub core: Data<Core>,
    pub state: Data<State>,
    pub clock: Manual,
    /// The cookies of the one browser in this house.
    cookies: RefCell<Vec<(String, String)>>,
    folder: TempDir,
}

impl House {
    pub async fn new() -> House {
        House::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Policy)) -> House {
        House::furnished(change, |_| {}).await
    }

    pub async fn furnished(change: impl FnOnce(&mut Policy), change_core: impl FnOnce(&mut Core)) -> House {
        let folder = tempfile::tempdir().unwrap();
        let settings = match BACKEND.get() {
            Backend::Sqlite => {
                Settings::new(format!("sqlite://{}", folder.path().join("visage.db").display()))
            }
            Backend::Postgres => Settings { pool_size: 4, ..Settings::new(fresh_postgres().await) },
        };
        let store = Store::open_migrated(&settings).await.unwrap();
        let site = Site::new(ISSUER).unwrap();
        let pictures = Pictures::new(&site, [], DefaultPicture::Initials);
        let clock = Manual::at(START);
        let mut core = Core::new(store, ring(), site, pictures);
        core.clock = Arc::new(clock.clone());
        // The web servers of clients are on this machine.
        let allow = [("127.0.0.0".parse().unwrap(), 8)].into_iter().collect();
        core.outbound = Outbound::new(outbound::Settings { allow, roots: None }).unwrap();
        change_core(&mut core);
        let mut policy = Policy::new(ISSUER);
        change(&mut policy);
        let state = State::new(&core.site, policy).unwrap();
        House { core: Data::new(core), state: Data::new(state), clock, cookies: RefCell::default(), folder }
    }

    /// Sends what the browser (or a program) sends. A POST of another site is one without cookies:
    /// `anonymous`.
    pub async fn send(&self, request: test::TestRequest) -> Answer {
        let cookies =
            self.cookies.borrow().iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join("; ");
        let answer = self.anonymous(request.insert_header(("cookie", cookies))).await;
        for cookie in answer.headers.get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            let mut jar = self.cookies.borrow_mut();
            jar.retain(|(own, _)| own != name);
            if !value.is_empty() {
                jar.push((name.to_owned(), value.to_owned()));
            }
        }
        answer
    }

    pub async fn anonymous(&self, request: test::TestRequest) -> Answer {
        let app = App::new()
            .app_data(self.core.clone())
            .app_data(self.state.clone())
            .wrap(Hygiene::new(&self.core))
            .configure(crate::routes);
        let service = test::init_service(app).await;
        let response = test::call_service(&service, request.to_request()).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = String::from_utf8(test::read_body(response).await.to_vec()).unwrap();
        Answer { status, headers, body }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(test::TestRequest::get().uri(path)).await
    }

    /// A program's POST: no cookies.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.anonymous(post(path, form)).await
    }

    /// The same, as a client with its secret.
    pub async fn post_as(&self, client: &Client, path: &str, form: &[(&str, &str)]) -> Answer {
        self.anonymous(post(path, form).insert_header(("authorization", basic(&client.id)))).await
    }

    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub fn cookie(&self, name: &str) -> String {
        let jar = self.cookies.borrow();
        jar.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }

    pub fn forget_browser(&self) {
        self.cookies.borrow_mut().clear();
    }

    /// A confidential client that uses Basic with [`secret_of`] its id.
    pub async fn client(&self, id: &str, change: impl FnOnce(&mut Client)) -> Client {
        let mut client = Client {
            name: format!("Client {id}"),
            secret_digest: Some(keyring::digest(secret_of(id).as_bytes()).into()),
            redirect_uris: vec![CALLBACK.into()],
            post_logout_redirect_uris: vec!["https://app.test/out".into()],
            grant_types: ["authorization_code", "refresh_token", "client_credentials"].map(Into::into).into(),
            response_types: vec!["code".into()],
            ..Client::blank(id, START)
        };
        change(&mut client);
        protocol::registration::check(&client).unwrap();
        self.core.store.insert_client(client.clone()).await.unwrap();
        client
    }

    pub async fn public_client(&self, id: &str) -> Client {
        let public = |client: &mut Client| {
            client.auth_method = AuthMethod::None;
            client.secret_digest = None;
            client.grant_types.pop();
        };
        self.client(id, public).await
    }

    pub async fn person(&self, id: &str) -> User {
        let user = User {
            id: id.into(),
            storage_id: format!("storage-{id}"),
            email: format!("{id}@example.test"),
            email_verified: true,
            password_hash: None,
            password_changed_at: None,
            name: Some("Ada Lovelace".into()),
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
            created_at: START,
            updated_at: START,
        };
        self.core.store.insert_user(user.clone()).await.unwrap();
        user
    }

    /// What the sign-in page does: a session of `user` in this browser, from now.
    /// As the account page makes them.
    pub async fn personal_token(&self, user: &User, session: &Session) -> String {
        let secret = web::personal::generate(&self.core.random);
        let now = self.core.now();
        let token = PersonalToken {
            id: self.core.random.id(),
            digest: secret.digest().to_vec(),
            user_id: user.id.clone(),
            name: "A script".into(),
            scopes: Scopes::parse("openid profile").unwrap(),
            created_at: now,
            expires_at: now + 3600 * SECOND,
            last_used_at: None,
        };
        let entry = AuditRow {
            id: self.core.random.id(),
            at: now,
            actor: None,
            action: "token.made".into(),
            subject: user.id.clone(),
            detail: "{}".into(),
        };
        let made = self.core.store.insert_personal_token(token, &session.sid, 9, entry).await.unwrap();
        assert_eq!(made, Made::Made);
        secret.expose().to_owned()
    }

    pub async fn sign_in(&self, user: &User) -> Session {
        let (secret, now) = (self.core.random.secret(), self.core.now());
        let session = Session {
            digest: secret.digest().into(),
            sid: self.core.random.id(),
            user_id: user.id.clone(),
            auth_time: now,
            amr: "pwd".into(),
            user_agent: String::new(),
            created_at: now,
            seen_at: now,
            expires_at: now + self.core.limits.session_max,
        };
        self.core.store.begin_session(session.clone(), None).await.unwrap();
        let name = self.core.site.session_cookie().to_owned();
        let mut jar = self.cookies.borrow_mut();
        jar.retain(|(own, _)| *own != name);
        jar.push((name, secret.expose().to_owned()));
        session
    }

    /// What the consent page does.
    pub async fn agree(&self, user: &User, client: &Client, scopes: &str, interaction: Option<&str>) {
        let scopes = Scopes::parse(scopes).unwrap();
        let consent = Consent {
            user_id: user.id.clone(),
            client_id: client.id.clone(),
            scopes,
            granted_at: self.core.now(),
            updated_at: self.core.now(),
        };
        let digest = keyring::digest(interaction.unwrap_or_default().as_bytes());
        self.core.store.record_consent(consent, &digest, false).await.unwrap();
    }

    /// A code for someone who is signed in and agreed to everything asked.
    pub async fn code(&self, client: &Client, scope: &str) -> String {
        let answer = self.get(&authorize(client, &[("scope", scope), ("nonce", "n-1")])).await;
        answer.parameter("code").unwrap_or_else(|| panic!("no code: {} {}", answer.status, answer.location()))
    }

    /// The whole flow: the token answer.
    pub async fn tokens(&self, client: &Client, scope: &str) -> Value {
        let code = self.code(client, scope).await;
        let answer = self.redeem(client, &code).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    pub async fn redeem(&self, client: &Client, code: &str) -> Answer {
        self.token(client, &redemption(code)).await
    }

    pub async fn token(&self, client: &Client, form: &[(&str, &str)]) -> Answer {
        if client.is_public() {
            let mut form = form.to_vec();
            form.push(("client_id", &client.id));
            return self.post("/oauth2/token", &form).await;
        }
        self.post_as(client, "/oauth2/token", form).await
    }

    pub async fn refresh(&self, client: &Client, token: &str) -> Answer {
        self.token(client, &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    /// Whether an access token still stands for anything.
    pub async fn lives(&self, tokens: &Value) -> bool {
        self.core.access(text(tokens, "access_token")).await.unwrap().is_some()
    }
}

pub fn ring() -> Ring {
    static ROWS: OnceLock<Vec<KeyRow>> = OnceLock::new();
    ring_of(ROWS.get_or_init(|| key_rows(1)))
}

/// A ring with keys of its own, made from a seed.
pub fn key_rows(seed: u64) -> Vec<KeyRow> {
    let random = Random::seeded(seed);
    Purpose::ALL.map(|purpose| generate(purpose, &master(), &random).at(KeyState::Current, 0)).into()
}

pub fn ring_of(rows: &[KeyRow]) -> Ring {
    let ring = Ring::new(ISSUER, master());
    ring.replace(rows).unwrap();
    ring
}

fn master() -> MasterKey {
    MasterKey::from_bytes(&[7; 32])
}

/// A database of its own on the server that tests/services started; that server goes with everything in it.
async fn fresh_postgres() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let admin = std::env::var("VISAGE_TEST_POSTGRES_URL").expect(
        "VISAGE_TEST_POSTGRES_URL is not set: run `source $(tests/services start)` first, or tests/run",
    );
    let name = format!("authorization_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let (client, connection) = tokio_postgres::connect(&admin, tokio_postgres::NoTls).await.unwrap();
    actix_web::rt::spawn(connection);
    client.batch_execute(&format!("DROP DATABASE IF EXISTS {name}")).await.unwrap();
    client.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
    let mut url = Url::parse(&admin).unwrap();
    url.set_path(&name);
    url.into()
}
