//! What can be said about a client, by options or by an RFC 7591 document, and the checks that both go through.

use std::path::PathBuf;

use clap::Args;
use keyring::assertion::check_key_set;
use protocol::{AuthMethod, Client, Micros, Scopes, SigningAlg, registration};
use serde::Deserialize;
use serde_json::Value;

use super::{client_events::Events, input};
use crate::failure::Failure;

/// Options win over the document; what neither says stays as it was.
#[derive(Args, Debug, Default)]
pub struct Details {
    /// What people read on the sign-in and consent pages
    #[arg(long)]
    pub name: Option<String>,
    /// Where people come back to; may be repeated
    #[arg(long = "redirect-uri", value_name = "URI")]
    pub redirect_uris: Vec<String>,
    /// Where people may come back to after signing out; may be repeated
    #[arg(long = "post-logout-redirect-uri", value_name = "URI")]
    pub post_logout_redirect_uris: Vec<String>,
    /// Cannot keep a secret (an app, a page): authenticates by nothing, must use PKCE
    #[arg(long, conflicts_with_all = ["auth_method", "jwks"])]
    pub public: bool,
    /// authorization_code, refresh_token, client_credentials; may be repeated
    #[arg(long = "grant", value_name = "GRANT")]
    pub grants: Vec<String>,
    /// Scopes that it may ask for; all without it; may be repeated
    #[arg(long = "scope", value_name = "SCOPE")]
    pub scopes: Vec<String>,
    /// client_secret_basic, client_secret_post, private_key_jwt or none
    #[arg(long, value_name = "METHOD")]
    pub auth_method: Option<String>,
    /// Its public keys, a JWK set, for private_key_jwt
    #[arg(long, value_name = "FILE")]
    pub jwks: Option<PathBuf>,
    /// code; may be repeated
    #[arg(long = "response-type", value_name = "TYPE")]
    pub response_types: Vec<String>,
    /// RS256, PS256, ES256 or EdDSA
    #[arg(long, value_name = "ALG")]
    pub id_token_alg: Option<String>,
    /// Its people are never asked for consent
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub trusted: Option<bool>,
    /// It may introspect tokens of other clients
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub resource_server: Option<bool>,
    /// Rotate refresh tokens although the client is confidential
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub rotate_refresh_tokens: Option<bool>,
    /// A client that is not active can do nothing
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub active: Option<bool>,
    /// Scopes that are approved for everyone, so that nobody is asked; an empty text takes the approval back
    #[arg(long, value_name = "SCOPES")]
    pub for_everyone: Option<String>,
    /// Its picture on our pages; we fetch it, people's browsers do not
    #[arg(long, value_name = "URL")]
    pub logo_uri: Option<String>,
    /// Its home page, linked from our pages
    #[arg(long, value_name = "URL")]
    pub client_uri: Option<String>,
    /// Its privacy policy, linked from our pages
    #[arg(long, value_name = "URL")]
    pub policy_uri: Option<String>,
    /// Its terms of service, linked from our pages
    #[arg(long, value_name = "URL")]
    pub tos_uri: Option<String>,
    #[command(flatten)]
    pub events: Events,
    /// All of this but the events as RFC 7591 JSON
    #[arg(long, value_name = "FILE")]
    pub metadata: Option<PathBuf>,
}

/// The members of RFC 7591 and OpenID Connect Registration that mean something here.
///
/// > The authorization server MUST ignore any client metadata sent by the client that it does not understand
///
/// <https://www.rfc-editor.org/rfc/rfc7591#section-2>
#[derive(Deserialize, Default)]
#[serde(default)]
struct Metadata {
    client_name: Option<String>,
    redirect_uris: Vec<String>,
    post_logout_redirect_uris: Vec<String>,
    grant_types: Vec<String>,
    response_types: Vec<String>,
    scope: Option<String>,
    token_endpoint_auth_method: Option<String>,
    jwks: Option<Value>,
    id_token_signed_response_alg: Option<String>,
    logo_uri: Option<String>,
    client_uri: Option<String>,
    policy_uri: Option<String>,
    tos_uri: Option<String>,
}

impl Details {
    /// The client after these details, not yet checked.
    pub fn applied_to(mut self, mut client: Client, now: Micros) -> Result<Client, Failure> {
        if let Some(path) = &self.metadata {
            let metadata = input::json_file(path)?;
            self.take(metadata, &mut client);
        }
        client.updated_at = now;
        put(&mut client.name, self.name);
        put_list(&mut client.redirect_uris, self.redirect_uris);
        put_list(&mut client.post_logout_redirect_uris, self.post_logout_redirect_uris);
        put_list(&mut client.grant_types, self.grants);
        put_list(&mut client.response_types, self.response_types);
        if !self.scopes.is_empty() {
            client.scopes = scopes(&self.scopes.join(" "))?;
        }
        if let Some(text) = &self.for_everyone {
            client.everyone_scopes = scopes(text)?;
        }
        if self.public {
            client.auth_method = AuthMethod::None;
        }
        if let Some(method) = &self.auth_method {
            client.auth_method = AuthMethod::parse(method).ok_or_else(|| {
                let known = AuthMethod::ALL.map(AuthMethod::as_str).join(", ");
                Failure::usage(format!("`{method}` is not a way to authenticate. Known are: {known}."))
            })?;
        }
        if let Some(path) = &self.jwks {
            client.jwks = Some(input::file(path)?);
        }
        if let Some(alg) = &self.id_token_alg {
            client.id_token_alg = SigningAlg::parse(alg).ok_or_else(|| {
                let known = SigningAlg::ALL.map(SigningAlg::as_str).join(", ");
                Failure::usage(format!("`{alg}` is not an algorithm that we sign with. Known are: {known}."))
            })?;
        }
        put(&mut client.trusted, self.trusted);
        put(&mut client.resource_server, self.resource_server);
        put(&mut client.rotate_refresh, self.rotate_refresh_tokens);
        put(&mut client.is_active, self.active);
        for (own, given) in [
            (&mut client.logo_uri, self.logo_uri),
            (&mut client.client_uri, self.client_uri),
            (&mut client.policy_uri, self.policy_uri),
            (&mut client.tos_uri, self.tos_uri),
        ] {
            if let Some(given) = given {
                *own = (!given.is_empty()).then_some(given);
            }
        }
        fill_gaps(&mut client);
        Ok(client)
    }

    /// Options that were not given come from the document.
    fn take(&mut self, document: Metadata, client: &mut Client) {
        self.name = self.name.take().or(document.client_name);
        for (own, given) in [
            (&mut self.redirect_uris, document.redirect_uris),
            (&mut self.post_logout_redirect_uris, document.post_logout_redirect_uris),
            (&mut self.grants, document.grant_types),
            (&mut self.response_types, document.response_types),
            (&mut self.scopes, document.scope.into_iter().collect()),
        ] {
            if own.is_empty() {
                *own = given;
            }
        }
        if !self.public {
            self.auth_method = self.auth_method.take().or(document.token_endpoint_auth_method);
        }
        if let Some(jwks) = document.jwks {
            client.jwks = Some(jwks.to_string());
        }
        self.id_token_alg = self.id_token_alg.take().or(document.id_token_signed_response_alg);
        self.logo_uri = self.logo_uri.take().or(document.logo_uri);
        self.client_uri = self.client_uri.take().or(document.client_uri);
        self.policy_uri = self.policy_uri.take().or(document.policy_uri);
        self.tos_uri = self.tos_uri.take().or(document.tos_uri);
    }
}

/// RFC 7591's defaults, widened by the refresh grant: a client with redirect URIs wants to sign people in.
fn fill_gaps(client: &mut Client) {
    if client.grant_types.is_empty() {
        client.grant_types = vec!["authorization_code".to_owned(), "refresh_token".to_owned()];
    }
    if client.response_types.is_empty() && client.allows_grant("authorization_code") {
        client.response_types = vec!["code".to_owned()];
    }
}

/// Whether it may be registered like this, secret included.
pub fn check(client: &Client) -> Result<(), Failure> {
    registration::check(client).map_err(|error| Failure::usage(error.description))?;
    match &client.jwks {
        Some(jwks) => {
            check_key_set(jwks).map_err(|error| Failure::usage(format!("The key set is refused: {error}.")))
        }
        None => Ok(()),
    }
}

fn scopes(text: &str) -> Result<Scopes, Failure> {
    let scopes = Scopes::parse(text).map_err(|e| Failure::usage(format!("`{text}`: {e}.")))?;
    let unknown = scopes.without(&Scopes::known());
    if unknown.is_empty() {
        return Ok(scopes);
    }
    Err(Failure::usage(format!("`{unknown}` is not a scope that we know. Known are: {}.", Scopes::known())))
}

fn put<T>(own: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *own = given;
    }
}

fn put_list(own: &mut Vec<String>, given: Vec<String>) {
    if !given.is_empty() {
        *own = given;
    }
}
