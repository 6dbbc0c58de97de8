//! `visage demo`: the main job on embedded defaults, with a relying party to sign in to.
//!
//! [`application`] is the OAuth client, [`site`] and [`page`] its web application, [`browser`] and [`picture`] what
//! `--check` walks the journey with, [`check`] and `photos`; [`folder`] is where all of it is kept.

pub mod application;
pub mod browser;
pub mod check;
pub mod folder;
mod page;
mod photos;
pub mod picture;
pub mod site;
mod token;

use std::{path::Path, sync::Arc};

use ::web::System;
use actix_web::{App, HttpServer, dev::ServerHandle, web};
use keyring::Random;
use url::Url;

use self::{application::Registration, site::Site};
use crate::{
    commands::{
        client::{self},
        client_details::Details,
        user::{self, NewPerson},
    },
    compose::House,
    config::Loaded,
    failure::Failure,
    node::Node,
    place::{self, Place},
};

/// How much a photo upload through the application may be; the provider has its own limit.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// Where the two servers listen; 0 is any free port.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    pub provider: u16,
    pub application: u16,
}

impl Ports {
    /// The same, with a number for each 0; says so if one is taken.
    pub fn settled(self) -> Result<Self, Failure> {
        Ok(Self { provider: free(self.provider)?, application: free(self.application)? })
    }
}

/// Somebody who can sign in.
#[derive(Clone, Debug)]
pub struct Person {
    pub name: &'static str,
    pub email: String,
    pub password: String,
}

/// A running demo.
pub struct Demo {
    pub issuer: String,
    pub application_url: String,
    pub administrator: Person,
    pub person: Person,
    pub registration: Registration,
    node: Node,
    application: ServerHandle,
}

impl Demo {
    /// Everything fresh below `dir`, which must be new or empty.
    pub async fn start(dir: &Path, ports: Ports) -> Result<Self, Failure> {
        // Both ports must be known before the first row is written: the issuer and the redirect URI name them.
        let Ports { provider, application } = ports.settled()?;
        let issuer = format!("http://localhost:{provider}");
        let own_url: Url = format!("http://localhost:{application}/")
            .parse()
            .map_err(|e| Failure::new(format!("port {application}: {e}")))?;

        let place = place::open(configuration(dir, provider)?.config).await?;
        let administrator = settle(&place, "Ada Admin", "admin@demo.example", true).await?;
        let person = settle(&place, "Grace Garden", "grace@demo.example", false).await?;
        let registration = register(&place, &own_url).await?;
        token::register(&place).await?;

        let node = Node::start(House::build(place, Arc::new(System)).await?).await?;
        let site = Site::new(issuer.clone(), own_url.clone(), registration.clone(), client());
        let application = serve(site, application)?;
        let application_url = own_url.to_string();
        Ok(Self { issuer, application_url, administrator, person, registration, node, application })
    }

    /// An access token of the person for the printed `curl` lines, from a client of its own.
    pub async fn access_token(&self) -> Result<String, Failure> {
        token::obtain(self).await
    }

    pub async fn stop(self) -> Result<(), Failure> {
        self.application.stop(true).await;
        self.node.stop().await
    }
}

/// An HTTP client that follows nothing by itself.
pub fn client() -> reqwest::Client {
    place::install_tls();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(std::time::Duration::from_secs(60))
        .build()
        .unwrap_or_default()
}

fn configuration(dir: &Path, port: u16) -> Result<Loaded, Failure> {
    let below = |name: &str| dir.join(name).display().to_string();
    let loaded = Loaded::from_pairs([
        ("server.listen", format!("127.0.0.1:{port}")),
        ("server.public_url", format!("http://localhost:{port}")),
        ("database.url", format!("sqlite://{}", below("visage.db"))),
        ("keys.dir", below("keys")),
        ("photos.store", format!("file://{}", below("photos"))),
        ("photos.delete_after", "1s".to_owned()),
        // So that an earlier photo can be restored.
        ("photos.keep_versions", "2".to_owned()),
        // So that somebody who tries events has a place for them on this machine.
        ("outbound.allow_networks", "['127.0.0.0/8', '::1']".to_owned()),
        // So that the printed curl lines work all day.
        ("oauth.access_token_ttl", "12h".to_owned()),
    ])?;
    Ok(loaded)
}

async fn settle(place: &Place, name: &'static str, email: &str, is_admin: bool) -> Result<Person, Failure> {
    let person = Person { name, email: email.to_owned(), password: password(&place.random) };
    let claims = serde_json::json!({ "email_verified": true });
    let row = NewPerson {
        email: person.email.clone(),
        name: Some(name.to_owned()),
        is_admin,
        claims: claims.as_object().cloned().unwrap_or_default(),
        user_type: None,
        password: person.password.clone(),
    };
    user::create(place, row).await?;
    Ok(person)
}

/// Fresh at every start: a demo that somebody leaves running must not have a password that everybody knows.
fn password(random: &Random) -> String {
    let id = random.id();
    format!("{}-{}-{}", &id[..4], &id[4..8], &id[8..12])
}

async fn register(place: &Place, own_url: &Url) -> Result<Registration, Failure> {
    let (redirect_uri, post_logout_redirect_uri) =
        (format!("{own_url}callback"), format!("{own_url}signed-out"));
    let details = Details {
        name: Some("Greenhouse Postcards".to_owned()),
        redirect_uris: vec![redirect_uri.clone()],
        post_logout_redirect_uris: vec![post_logout_redirect_uri.clone()],
        ..Details::default()
    };
    let (client, secret) = client::create(place, Some("greenhouse-postcards".to_owned()), details).await?;
    let client_secret = secret.map(|secret| secret.expose().to_owned()).unwrap_or_default();
    Ok(Registration { client_id: client.id, client_secret, redirect_uri, post_logout_redirect_uri })
}

fn serve(site: Arc<Site>, port: u16) -> Result<ServerHandle, Failure> {
    let site = web::Data::new(site);
    let app = move || {
        App::new()
            .app_data(site.clone())
            .app_data(web::PayloadConfig::new(LARGEST_BODY))
            .configure(site::routes)
    };
    let server = HttpServer::new(app)
        .workers(1)
        .shutdown_timeout(1)
        .disable_signals()
        .bind(("127.0.0.1", port))
        .map_err(|error| {
            Failure::new(format!("cannot listen on port {port} ({error}). Stop what listens there."))
        })?
        .run();
    let handle = server.handle();
    tokio::spawn(server);
    Ok(handle)
}

/// The port itself, or one that is free now.
fn free(port: u16) -> Result<u16, Failure> {
    let taken = |error| {
        Failure::new(format!("port {port} is taken ({error}). Stop what listens there and try again."))
    };
    let listener = std::net::TcpListener::bind(("127.0.0.1", port)).map_err(taken)?;
    Ok(listener.local_addr()?.port())
}
