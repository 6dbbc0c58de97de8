//! A whole provider inside the test's process: a database and a folder of its own, a clock that the test turns.

use std::sync::Arc;

use tempfile::TempDir;
use visage::{
    commands::{
        client,
        client_details::Details,
        user::{self, NewPerson},
    },
    compose, config,
    node::Node,
    place::{self, Place},
};
use web::{Clock, Manual, System};

use crate::{
    app::App,
    binary,
    database::{Database, Engine},
};

/// Where every application of the tests lives; nobody listens there, the browser stops before it.
pub const CALLBACK: &str = "https://app.example/callback";
pub const SIGNED_OUT: &str = "https://app.example/signed-out";

pub struct House {
    pub issuer: String,
    /// Stands still until [`House::advance`].
    pub clock: Manual,
    pub http: reqwest::Client,
    pub database: Database,
    node: Node,
    place: Place,
    // Last, so that it goes last.
    _dir: TempDir,
}

/// Somebody who can sign in.
#[derive(Clone, Debug)]
pub struct Person {
    pub id: String,
    pub email: String,
    pub password: String,
}

impl House {
    pub async fn start(engine: Engine) -> Self {
        Self::with(engine, &[]).await
    }

    /// With settings of its own, by dotted key.
    pub async fn with(engine: Engine, settings: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::create(engine, dir.path()).await;
        let port = binary::free_port();
        let issuer = format!("http://localhost:{port}");
        let below = |name: &str| dir.path().join(name).display().to_string();
        let mut pairs = vec![
            ("server.listen", format!("127.0.0.1:{port}")),
            ("server.public_url", issuer.clone()),
            ("server.workers", "2".to_owned()),
            ("database.url", database.url.clone()),
            ("database.pool_size", "4".to_owned()),
            ("keys.dir", below("keys")),
            ("photos.store", format!("file://{}", below("photos"))),
            ("photos.delete_after", "1s".to_owned()),
        ];
        pairs.extend(settings.iter().map(|(key, value)| (*key, (*value).to_owned())));
        let config = config::Loaded::from_pairs(pairs).expect("the test's settings").config;
        let clock = Manual::at(System.now());
        place::install_tls();
        let place = place::open(config.clone()).await.expect("the database opens");
        let copy = Place { config, store: place.store.clone(), random: place.random.clone() };
        let house = compose::House::build(place, Arc::new(clock.clone())).await.expect("the house is built");
        let node = Node::start(house).await.expect("the server starts");
        Self { issuer, clock, http: crate::http(), database, node, place: copy, _dir: dir }
    }

    pub fn store(&self) -> &store::Store {
        &self.place.store
    }

    pub fn place(&self) -> &Place {
        &self.place
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    pub fn photos_dir(&self) -> std::path::PathBuf {
        self._dir.path().join("photos")
    }

    pub fn advance(&self, seconds: i64) {
        self.clock.advance(seconds * protocol::SECOND);
    }

    pub fn clock_now(&self) -> protocol::Micros {
        self.clock.now()
    }

    pub async fn person(&self, email: &str) -> Person {
        let claims =
            serde_json::json!({ "given_name": "Grace", "family_name": "Garden", "email_verified": true });
        self.person_with(email, &claims).await
    }

    pub async fn person_with(&self, email: &str, claims: &serde_json::Value) -> Person {
        let password = "correct horse battery staple".to_owned();
        let person = NewPerson {
            email: email.to_owned(),
            name: Some("Grace Garden".to_owned()),
            claims: claims.as_object().cloned().unwrap(),
            password: password.clone(),
            ..NewPerson::default()
        };
        let user = user::create(&self.place, person).await.expect("a person");
        Person { id: user.id, email: user.email, password }
    }

    /// A confidential client that may do everything.
    pub async fn app(&self, id: &str) -> App {
        self.register(id, Details { grants: all_grants(), ..Details::default() }).await
    }

    /// An app on somebody's telephone: no secret, and its refresh tokens rotate.
    pub async fn public_app(&self, id: &str) -> App {
        self.register(id, Details { public: true, ..Details::default() }).await
    }

    pub async fn register(&self, id: &str, mut details: Details) -> App {
        details.name = details.name.or_else(|| Some(format!("App {id}")));
        if details.redirect_uris.is_empty() {
            details.redirect_uris = vec![CALLBACK.to_owned()];
            details.post_logout_redirect_uris = vec![SIGNED_OUT.to_owned()];
        }
        let (client, secret) =
            client::create(&self.place, Some(id.to_owned()), details).await.expect("a client");
        App {
            issuer: self.issuer.clone(),
            endpoint: self.issuer.clone(),
            client_id: client.id,
            secret: secret.map(|secret| secret.expose().to_owned()),
            redirect_uri: client.redirect_uris[0].clone(),
            http: self.http.clone(),
        }
    }

    pub async fn stop(self) {
        self.node.stop().await.expect("the server stops");
        // After the node, whose connections it would cut.
        drop(self.database);
    }
}

fn all_grants() -> Vec<String> {
    ["authorization_code", "refresh_token", "client_credentials"].map(str::to_owned).to_vec()
}
