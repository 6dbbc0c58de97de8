//! The one file that knows every room: opens what they stand on, gives each its own small settings, joins their routes.

use std::{path::Path, sync::Arc};

use ::web::{
    Clock, Core, Documents, Endpoint, ForwardedHeader, Limits, Outbound, Pictures, Site, StepUp,
    TrustedProxies, endpoint, outbound, paths, pictures::DefaultPicture,
};
use actix_web::{HttpResponse, http::header, web};
use keyring::{MasterKey, Ring, Secret};
use photo::objects::StoreSettings;
use protocol::{Policy, policy::Pkce};
use store::pictures::Retention;
use tokio::task::JoinHandle;

use crate::{
    client_certificates,
    config::{self, Config, Period},
    failure::Failure,
    health::{self, Readiness},
    keys, notices, openapi,
    place::Place,
};

/// The store that the plain keys of `[photos]` describe.
const DEFAULT: &str = "default";

/// Everything composed, not yet listening. Clones share it all.
#[derive(Clone)]
pub struct House {
    pub config: Arc<Config>,
    pub core: web::Data<Core>,
    pub readiness: Readiness,
    pub master: MasterKey,
    authorization: web::Data<authorization_server::State>,
    account: web::Data<account::State>,
    photo: web::Data<photo::State>,
    profile: web::Data<profile::State>,
    openapi: web::Data<Description>,
}

/// The OpenAPI document, made once.
struct Description(bytes::Bytes);

impl House {
    pub async fn build(place: Place, clock: Arc<dyn Clock>) -> Result<Self, Failure> {
        let Place { config, store, random } = place;
        let site =
            config.server.public_url.0.clone().with_mtls(config.server.mtls_url.as_ref().map(|url| &url.0));

        let master = keys::master(&config.keys, &store, &random).await?;
        let ring = Ring::new(&site.issuer, master.clone());
        keys::advance(&store, &master, &random, &keys::rules(&config), clock.now()).await?;
        keys::reload(&store, &ring).await?;

        let mut core = Core::new(store, ring, site.clone(), pictures(&config, &site));
        core.random = random;
        core.clock = clock;
        core.limits = limits(&config);
        core.trusted_proxies = trusted_proxies(&config);
        core.certificates = client_certificates::of(&config.server)?;
        core.outbound = outbound(&config)?;
        let policy = policy(&config);
        core.documents = policy.client_id_metadata_documents.then(|| Documents::new(policy.clone()));
        core.step_up = StepUp::new(
            config.oauth.changes_max_age.map(Period::micros),
            config.oauth.changes_acr_values.clone(),
        );

        let document = openapi::document(&core.site.issuer).to_string();
        let authorization = authorization_server::State::new(&core.site, policy)
            .map_err(|error| Failure::new(format!("the discovery document: {error}")))?;
        let account =
            account::State { photo_max_bytes: config.photos.max_bytes as u64, retention: retention(&config) };
        let photo = photo::State::open(&photo_settings(&config))
            .await
            .map_err(|error| Failure::new(error.to_string()))?;
        let profile = profile::State { retention: retention(&config) };
        Ok(Self {
            readiness: Readiness::new(core.store.clone()),
            core: web::Data::new(core),
            master,
            authorization: web::Data::new(authorization),
            account: web::Data::new(account),
            photo: web::Data::new(photo),
            profile: web::Data::new(profile),
            openapi: web::Data::new(Description(document.into())),
            config: Arc::new(config),
        })
    }

    /// For commands that do what its routes do.
    pub fn photo(&self) -> &photo::State {
        &self.photo
    }

    /// The photo room's own workers: the deletion queue, the sweep and the gauges.
    pub fn photo_workers(&self) -> [JoinHandle<()>; 3] {
        let (store, clock, photo) = (&self.core.store, &self.core.clock, photo::State::clone(&self.photo));
        [
            tokio::spawn(photo::deletions::run(store.clone(), photo.clone(), clock.clone())),
            tokio::spawn(photo::sweep::run(store.clone(), photo.clone(), clock.clone())),
            tokio::spawn(photo::gauges::run(store.clone(), photo, clock.clone())),
        ]
    }

    /// Every route of the house, with what its handlers need.
    pub fn routes(&self, cfg: &mut web::ServiceConfig) {
        cfg.app_data(self.core.clone())
            .app_data(web::Data::new(self.readiness.clone()))
            .app_data(self.authorization.clone())
            .app_data(self.account.clone())
            .app_data(self.photo.clone())
            .app_data(self.profile.clone())
            .app_data(self.openapi.clone())
            .configure(authorization_server::routes)
            .configure(profile::routes)
            .configure(photo::routes)
            .configure(account::routes)
            .configure(health::routes)
            .default_service(web::to(endpoint::not_found));
        Endpoint::at(paths::OPENAPI).get(describe).mount(cfg);
        notices::routes(cfg, self);
    }
}

async fn describe(description: web::Data<Description>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .body(description.0.clone())
}

fn limits(config: &Config) -> Limits {
    Limits {
        session_idle: config.session.idle.micros(),
        session_max: config.session.max.micros(),
        personal_tokens: i64::from(config.oauth.personal_tokens),
        personal_token_max: config.oauth.personal_token_max.micros(),
        dpop_nonces: config.oauth.dpop_nonces,
        ..Limits::default()
    }
}

pub fn policy(config: &Config) -> Policy {
    Policy {
        pkce: match config.oauth.pkce {
            config::Pkce::Always => Pkce::Always,
            config::Pkce::Public => Pkce::Public,
        },
        response_types: config.oauth.response_types.0.clone(),
        registration: config.oauth.registration.0,
        registrations_per_hour: config.oauth.registrations_per_hour,
        client_id_metadata_documents: config.oauth.client_id_metadata_documents,
        unsigned_request_objects: config.oauth.unsigned_request_objects,
        require_pushed_authorization_requests: config.oauth.require_pushed_authorization_requests,
        registration_profile: config.oauth.registration_profile.map(|profile| profile.as_str().to_owned()),
        // Which was checked when it was read.
        resources: config.resources.iter().filter_map(|(name, one)| one.resource(name).ok()).collect(),
        detail_types: config.authorization_details.iter().map(|(name, one)| one.detail_type(name)).collect(),
        access_token_ttl: config.oauth.access_token_ttl.micros(),
        id_token_ttl: config.oauth.access_token_ttl.micros(),
        code_ttl: config.oauth.code_ttl.micros(),
        device_code_ttl: config.oauth.device_code_ttl.micros(),
        issuers: config.issuers.iter().filter_map(|(name, one)| one.trusted(name).ok()).collect(),
        refresh_idle: config.oauth.refresh_idle.micros(),
        refresh_max: config.oauth.refresh_max.micros(),
        certificates: client_certificates::promised(&config.server),
        mtls_url: config.server.mtls_url.as_ref().map(|url| url.issuer().to_owned()),
        ..Policy::new(config.server.public_url.issuer())
    }
}

fn trusted_proxies(config: &Config) -> TrustedProxies {
    let networks = config.server.trusted_proxies.iter().map(|network| (network.address, network.prefix));
    let header = match config.server.forwarded_header {
        config::ForwardedHeader::XForwardedFor => ForwardedHeader::XForwardedFor,
        config::ForwardedHeader::Forwarded => ForwardedHeader::Forwarded,
    };
    TrustedProxies::new(networks, header)
}

/// Where the pictures can be fetched; commands say it too.
pub fn outbound(config: &Config) -> Result<Outbound, Failure> {
    let settings = &config.outbound;
    let unreadable = |path: &Path, error: &dyn std::fmt::Display| {
        Failure::new(format!(
            "`outbound.ca_file`: {} cannot be used: {error}. It must hold certificates in PEM.",
            path.display()
        ))
    };
    let file = settings.ca_file.as_deref();
    let roots = file.map(|path| std::fs::read(path).map_err(|error| unreadable(path, &error))).transpose()?;
    let allow = settings.allow_networks.iter().map(|network| (network.address, network.prefix)).collect();
    Outbound::new(outbound::Settings { allow, roots })
        .map_err(|error| unreadable(file.unwrap_or(Path::new("")), &error))
}

/// Where the pictures can be fetched; commands say it too.
pub fn pictures(config: &Config, site: &Site) -> Pictures {
    let photos = &config.photos;
    let default = photos.public_url.clone().map(|url| (DEFAULT.to_owned(), url.0));
    let named =
        photos.stores.iter().filter_map(|(name, store)| Some((name.clone(), store.public_url.clone()?.0)));
    let picture = match photos.default.clone() {
        config::DefaultPicture::Initials => DefaultPicture::Initials,
        config::DefaultPicture::None => DefaultPicture::None,
        config::DefaultPicture::Url(url) => DefaultPicture::Url(url),
    };
    Pictures::new(site, default.into_iter().chain(named), picture)
}

/// What the photo room needs; commands open it without the rest of the house.
pub fn photo_settings(config: &Config) -> photo::Settings {
    let photos = &config.photos;
    photo::Settings {
        stores: stores(config),
        limits: photo::image::Limits { bytes: photos.max_bytes, ..photo::image::Limits::default() },
        retention: retention(config),
        staged_for: photos.staged_for.micros(),
        max_age: max_age(config),
        uploads_per_hour: photos.uploads_per_hour,
        import_by_url: photos.import_by_url,
        ..photo::Settings::default()
    }
}

fn retention(config: &Config) -> Retention {
    Retention {
        delete_after: config.photos.delete_after.micros(),
        keep_versions: config.photos.keep_versions.0.into(),
    }
}

fn max_age(config: &Config) -> u32 {
    u32::try_from(config.photos.max_age.0.as_secs()).unwrap_or(u32::MAX)
}

fn password(written: &Option<config::Hidden>) -> Option<Secret> {
    written.as_ref().map(|hidden| Secret::new(hidden.expose()))
}

/// The stores of `[photos]`; the first is where new pictures go.
fn stores(config: &Config) -> Vec<StoreSettings> {
    let photos = &config.photos;
    let max_age = max_age(config);
    let default = StoreSettings {
        name: DEFAULT.to_owned(),
        url: photos.store.0.clone(),
        endpoint: photos.gcs_endpoint.clone(),
        grpc_endpoint: photos.gcs_grpc_endpoint.clone().or(photos.gcs_endpoint.clone()),
        credentials: photos.credentials.clone(),
        password: password(&photos.password),
        ca_file: photos.ca_file.clone(),
        max_age,
    };
    let named = photos.stores.iter().map(|(name, store)| StoreSettings {
        name: name.clone(),
        url: store.url.0.clone(),
        endpoint: store.endpoint.clone(),
        grpc_endpoint: store.grpc_endpoint.clone().or(store.endpoint.clone()),
        credentials: store.credentials.clone(),
        password: password(&store.password),
        ca_file: store.ca_file.clone(),
        max_age,
    });
    let mut stores: Vec<StoreSettings> = std::iter::once(default).chain(named).collect();
    stores.sort_by_key(|store| store.name != photos.upload_store);
    stores
}
