//! What this room needs beside `web`'s core.

use bytes::Bytes;
use protocol::{
    Policy,
    metadata::{self, Endpoints},
};
use views::Locale;
use web::{Site, paths};

use crate::authorize::Fetched;

/// Given to actix as `web::Data<State>`.
pub struct State {
    pub policy: Policy,
    /// Request objects that were fetched.
    pub(crate) fetched: Fetched,
    /// The discovery document, ready to send: it only changes with the configuration.
    pub(crate) metadata: Bytes,
    /// The same of our own APIs.
    pub(crate) resource: Bytes,
}

impl State {
    /// # Errors
    /// The discovery document has no JSON form, which no configuration can bring about.
    pub fn new(site: &Site, policy: Policy) -> Result<Self, serde_json::Error> {
        let endpoints = Endpoints {
            authorization: site.url(paths::AUTHORIZE),
            token: site.url(paths::TOKEN),
            userinfo: site.url(paths::USERINFO),
            jwks: site.url(paths::JWKS),
            introspection: site.url(paths::INTROSPECT),
            revocation: site.url(paths::REVOKE),
            end_session: site.url(paths::LOGOUT),
            check_session: site.url(paths::CHECK_SESSION),
            pushed_authorization_request: site.url(paths::PAR),
            device_authorization: site.url(paths::DEVICE_AUTHORIZATION),
            registration: site.url(paths::REGISTER),
        };
        let locales: Vec<&str> = Locale::ALL.iter().map(|locale| locale.tag()).collect();
        let documentation = site.url(paths::OPENAPI);
        let resource = metadata::protected_resource(&policy, &endpoints, documentation);
        let resource = serde_json::to_vec(&resource)?.into();
        let document = metadata::document(&policy, endpoints, &locales);
        Ok(Self {
            policy,
            fetched: Fetched::new(),
            resource,
            metadata: serde_json::to_vec(&document)?.into(),
        })
    }
}
