//! What can be said about a client, by options or by an RFC 7591 document, and the checks that both go through.

use std::path::PathBuf;

use clap::Args;
use keyring::assertion::check_key_set;
use protocol::{
    AuthMethod, Client, Micros, OAuthError, Scopes, SigningAlg,
    authorization::{IMPLICIT, ResponseType},
    fapi2, mcp,
    registration::{self, Author, NotOffered},
    token::GrantType,
};
use serde_json::{Map, Value};
use web::sector;

use super::{client_events::Events, input};
use crate::{compose, failure::Failure, place::Place};

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
    /// authorization_code, refresh_token, client_credentials, device_code, token-exchange, jwt-bearer or implicit; may be
    /// repeated. Without it those that its response types need, and refresh_token
    #[arg(long = "grant", value_name = "GRANT")]
    pub grants: Vec<String>,
    /// Scopes that it may ask for; may be repeated. Without it all of ours; those of `[resources]` must be named
    #[arg(long = "scope", value_name = "SCOPE")]
    pub scopes: Vec<String>,
    /// client_secret_basic, client_secret_post, client_secret_jwt, private_key_jwt, tls_client_auth,
    /// self_signed_tls_client_auth or none
    #[arg(long, value_name = "METHOD")]
    pub auth_method: Option<String>,
    /// Its public keys, a JWK set: it signs assertions and request objects with them, shows certificates with them, and we
    /// encrypt to them
    #[arg(long, value_name = "FILE")]
    pub jwks: Option<PathBuf>,
    /// Where its public keys stand, instead of --jwks
    #[arg(long, value_name = "URL", conflicts_with = "jwks")]
    pub jwks_uri: Option<String>,
    /// A set of rules beyond the usual ones: fapi2 (the FAPI 2.0 Security Profile) or mcp (clients of the Model Context
    /// Protocol); an empty text takes it back, but not what it filled in
    #[arg(long, value_name = "PROFILE")]
    pub profile: Option<String>,
    /// code, or one of the others that `oauth.response_types` lists, such as "code id_token"; may be repeated
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
    /// All of this but the events, and every other member of a registration, as RFC 7591 JSON; options win over it. `client
    /// add --id` of a known client: the file replaces the registration, and what it leaves out is gone, but for the secret
    /// and what no client may say of itself (trusted, resource-server, active, for-everyone, rotate-refresh-tokens, profile,
    /// token_exchange). `client update`: it changes what it names, and `null` takes a member back
    #[arg(long, value_name = "FILE")]
    pub metadata: Option<PathBuf>,
}

impl Details {
    /// The client after these details, not yet checked.
    pub fn applied_to(self, mut client: Client, now: Micros) -> Result<Client, Failure> {
        if let Some(path) = &self.metadata {
            let document: Map<String, Value> = input::json_file(path)?;
            registration::apply(document, &mut client, Author::Administrator)
                .map_err(|error| Failure::usage(format!("{}: {}", path.display(), error.description)))?;
        }
        client.updated_at = now;
        put(&mut client.name, self.name);
        put_list(&mut client.redirect_uris, self.redirect_uris);
        put_list(&mut client.post_logout_redirect_uris, self.post_logout_redirect_uris);
        put_list(&mut client.grant_types, self.grants.into_iter().map(grant).collect());
        put_list(&mut client.response_types, self.response_types);
        if !self.scopes.is_empty() {
            client.scopes = scopes(&self.scopes.join(" "))?;
            // It may change its registration itself, but not this.
            client.metadata.scope_limit = client.is_unchecked().then(|| client.scopes.to_string());
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
            client.metadata.jwks_uri = None;
        }
        if let Some(uri) = self.jwks_uri {
            client.metadata.jwks_uri = Some(uri);
            client.jwks = None;
        }
        if let Some(profile) = self.profile {
            client.metadata.profile = (!profile.is_empty()).then_some(profile);
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
        fapi2::fill(&mut client);
        mcp::fill(&mut client);
        fill_gaps(&mut client);
        registration::fill_gaps(&mut client);
        Ok(client)
    }
}

/// RFC 7591's defaults, widened by the refresh grant: a client with redirect URIs wants to sign people in.
fn fill_gaps(client: &mut Client) {
    if client.grant_types.is_empty() {
        let asked = client.response_types.iter().filter_map(|kind| ResponseType::parse(kind));
        let asked: Vec<&str> = asked.flat_map(ResponseType::grants).collect();
        let by_code: &[&str] = &["authorization_code", "refresh_token"];
        let grants = if asked.is_empty() || asked.contains(&by_code[0]) { by_code } else { &[] };
        let at_once = asked.contains(&IMPLICIT).then_some(&IMPLICIT);
        client.grant_types = grants.iter().chain(at_once).map(|grant| (*grant).to_owned()).collect();
    }
}

/// Whether it may be registered like this, secret included. `before`: what was registered.
pub async fn check(place: &Place, client: &Client, before: Option<&Client>) -> Result<(), Failure> {
    let refused = |error: OAuthError| Failure::usage(error.description);
    if registration::lacks_keys(client) {
        let method = client.auth_method.as_str();
        return Err(Failure::usage(format!(
            "The method {method} needs the client's public keys: --jwks FILE or --jwks-uri URL."
        )));
    }
    registration::check(client).map_err(refused)?;
    registration::offered(client, &compose::policy(&place.config))
        .map_err(|what| Failure::usage(format!("{what} {}", remedy(&what))))?;
    if let Some(jwks) = &client.jwks {
        check_key_set(jwks).map_err(|error| Failure::usage(format!("The key set is refused: {error}.")))?;
    }
    let vouched =
        |client: &Client| (client.metadata.sector_identifier_uri.clone(), client.redirect_uris.clone());
    if before.map(vouched) != Some(vouched(client)) {
        sector::check(&compose::outbound(&place.config)?, client).await.map_err(refused)?;
    }
    Ok(())
}

/// The setting that would offer it.
const fn remedy(what: &NotOffered) -> &'static str {
    const CERTIFICATES: &str = "Give the server `server.mtls_listen` with `server.mtls_url`, or behind a proxy `server.client_certificate_header`, and for names in certificates `server.client_ca_file`.";
    match what {
        NotOffered::ResponseType(_) => "Add it to `oauth.response_types`.",
        NotOffered::Grant(_) => {
            "`implicit` comes with `oauth.response_types` that give tokens at once, jwt-bearer with `[issuers.NAME]`."
        }
        NotOffered::AuthMethod(_) | NotOffered::Certificates => CERTIFICATES,
        NotOffered::UnsignedRequestObjects => "`none` comes with `oauth.unsigned_request_objects`.",
        NotOffered::Scopes { .. } => "Others come with `[resources.NAME]`.",
    }
}

/// A grant by its name, or by the last word of its name.
fn grant(name: String) -> String {
    let is_meant = |grant: &&str| grant.rsplit_once(':').is_some_and(|(_, last)| last == name);
    let known = GrantType::ALL.map(GrantType::as_str);
    known.into_iter().find(is_meant).map_or(name.clone(), str::to_owned)
}

fn scopes(text: &str) -> Result<Scopes, Failure> {
    Scopes::parse(text).map_err(|e| Failure::usage(format!("`{text}`: {e}.")))
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
