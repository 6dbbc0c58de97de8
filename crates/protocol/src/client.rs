//! A client as it is registered, and the small enums of its registration.

use serde::{Deserialize, Serialize};

use crate::{ClientMetadata, Micros, Scopes};

/// A registered client: plain data, as `store` reads it and every rule takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    pub id: String,
    pub name: String,
    /// SHA-256 of the secret; none for public clients and those that sign assertions.
    pub secret_digest: Option<Vec<u8>>,
    pub auth_method: AuthMethod,
    pub redirect_uris: Vec<String>,
    pub post_logout_redirect_uris: Vec<String>,
    pub grant_types: Vec<String>,
    pub response_types: Vec<String>,
    /// What it may ask for; empty means every scope that we know.
    pub scopes: Scopes,
    /// Its public keys, a JWK set as JSON.
    pub jwks: Option<String>,
    pub id_token_alg: SigningAlg,
    /// It asked for rotation of its refresh tokens although it is confidential.
    pub rotate_refresh: bool,
    /// Its people are never asked for consent.
    pub trusted: bool,
    /// It may introspect tokens of other clients.
    pub resource_server: bool,
    /// Approved for everyone by an administrator.
    pub everyone_scopes: Scopes,
    pub logo_uri: Option<String>,
    pub client_uri: Option<String>,
    pub policy_uri: Option<String>,
    pub tos_uri: Option<String>,
    pub is_active: bool,
    pub created_at: Micros,
    pub updated_at: Micros,
    /// The secret itself, sealed with the master key: `client_secret_jwt` alone has it.
    pub sealed_secret: Option<Vec<u8>>,
    /// What was registered beyond these fields.
    pub metadata: ClientMetadata,
    /// [`BY_ADMINISTRATOR`], [`BY_ANYBODY`], [`BY_DOCUMENT`], or `token:` and the id of an initial access token.
    pub registered_by: String,
    /// SHA-256 of the registration access token (RFC 7592).
    pub management_digest: Option<Vec<u8>>,
    /// To the day.
    pub used_at: Option<Micros>,
}

pub const BY_ADMINISTRATOR: &str = "administrator";
pub const BY_ANYBODY: &str = "open";
pub const BY_DOCUMENT: &str = "document";

impl Client {
    /// A client of which nothing is known but its id: confidential, active, with nothing registered.
    pub fn blank(id: impl Into<String>, now: Micros) -> Self {
        Self {
            id: id.into(),
            name: String::new(),
            secret_digest: None,
            auth_method: AuthMethod::SecretBasic,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            grant_types: Vec::new(),
            response_types: Vec::new(),
            scopes: Scopes::none(),
            jwks: None,
            id_token_alg: SigningAlg::RS256,
            rotate_refresh: false,
            trusted: false,
            resource_server: false,
            everyone_scopes: Scopes::none(),
            logo_uri: None,
            client_uri: None,
            policy_uri: None,
            tos_uri: None,
            is_active: true,
            created_at: now,
            updated_at: now,
            sealed_secret: None,
            metadata: ClientMetadata::default(),
            registered_by: BY_ADMINISTRATOR.to_owned(),
            management_digest: None,
            used_at: None,
        }
    }

    /// What was registered for people who read this language (`fr`, as a BCP 47 tag): `client_name#fr`, `tos_uri#fr-CA`.
    ///
    /// > Human-readable client metadata values and client metadata values that reference human-readable values MAY be
    /// > represented in multiple languages and scripts.
    ///
    /// <https://www.rfc-editor.org/rfc/rfc7591#section-2.2>
    pub fn said(&self, member: &str, language: &str) -> Option<&str> {
        let in_language = |(name, _): &(&String, &String)| {
            name.split_once('#').is_some_and(|(base, tag)| {
                base == member && tag.split('-').next().is_some_and(|own| own.eq_ignore_ascii_case(language))
            })
        };
        self.metadata.localized.iter().find(in_language).map(|(_, value)| value.as_str())
    }

    /// Nobody here has looked at it: it registered itself, or told of itself where it lives.
    // S40
    pub fn is_unchecked(&self) -> bool {
        self.registered_by != BY_ADMINISTRATOR
    }

    /// Nobody here has even let it in: it came by open registration, or by the document at its own address. An initial
    /// access token is an administrator's word.
    pub fn let_itself_in(&self) -> bool {
        [BY_ANYBODY, BY_DOCUMENT].contains(&self.registered_by.as_str())
    }

    /// An administrator registers it, whoever did before: its registration access token ends. A document still says of
    /// itself what it says.
    pub fn adopt(&mut self) {
        self.management_digest = None;
        if self.registered_by != BY_DOCUMENT {
            BY_ADMINISTRATOR.clone_into(&mut self.registered_by);
        }
    }

    pub fn is_public(&self) -> bool {
        self.auth_method == AuthMethod::None
    }

    pub fn allows_grant(&self, grant_type: &str) -> bool {
        self.grant_types.iter().any(|own| own == grant_type)
    }

    /// The scopes that it may ever be given.
    pub fn allowed_scopes(&self) -> Scopes {
        if self.scopes.is_empty() { Scopes::known() } else { self.scopes.clone() }
    }

    /// What signed authorization responses are signed with.
    ///
    /// > The default, if omitted, is RS256.
    ///
    /// <https://openid.net/specs/oauth-v2-jarm.html#name-client-metadata>
    pub fn response_alg(&self) -> SigningAlg {
        let registered = self.metadata.authorization_signed_response_alg.as_deref();
        registered.and_then(SigningAlg::parse).unwrap_or(SigningAlg::RS256)
    }

    /// Pinned for S62 and S63: rotation for public clients, for others only when they ask.
    pub fn rotates_refresh_tokens(&self) -> bool {
        self.is_public() || self.rotate_refresh
    }
}

/// How a client proves who it is at the token endpoint.
/// <https://www.rfc-editor.org/rfc/rfc7591#section-2>,
/// <https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AuthMethod {
    #[serde(rename = "none")]
    None,
    #[serde(rename = "client_secret_basic")]
    SecretBasic,
    #[serde(rename = "client_secret_post")]
    SecretPost,
    #[serde(rename = "client_secret_jwt")]
    SecretJwt,
    #[serde(rename = "private_key_jwt")]
    PrivateKeyJwt,
    /// <https://www.rfc-editor.org/rfc/rfc8705#section-2.1>
    #[serde(rename = "tls_client_auth")]
    TlsClientAuth,
    /// <https://www.rfc-editor.org/rfc/rfc8705#section-2.2>
    #[serde(rename = "self_signed_tls_client_auth")]
    SelfSignedTlsClientAuth,
}

impl AuthMethod {
    pub const ALL: [Self; 7] = [
        Self::None,
        Self::SecretBasic,
        Self::SecretPost,
        Self::SecretJwt,
        Self::PrivateKeyJwt,
        Self::TlsClientAuth,
        Self::SelfSignedTlsClientAuth,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::SecretBasic => "client_secret_basic",
            Self::SecretPost => "client_secret_post",
            Self::SecretJwt => "client_secret_jwt",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::TlsClientAuth => "tls_client_auth",
            Self::SelfSignedTlsClientAuth => "self_signed_tls_client_auth",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == text)
    }

    /// Whether a shared secret is part of it.
    pub const fn has_secret(self) -> bool {
        matches!(self, Self::SecretBasic | Self::SecretPost | Self::SecretJwt)
    }

    /// Whether the secret is a key, which we must be able to read.
    pub const fn signs_with_secret(self) -> bool {
        matches!(self, Self::SecretJwt)
    }

    /// Whether a certificate says who the client is.
    pub const fn by_certificate(self) -> bool {
        matches!(self, Self::TlsClientAuth | Self::SelfSignedTlsClientAuth)
    }
}

/// The algorithms that we sign with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SigningAlg {
    RS256,
    PS256,
    ES256,
    EdDSA,
}

impl SigningAlg {
    pub const ALL: [Self; 4] = [Self::RS256, Self::PS256, Self::ES256, Self::EdDSA];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::PS256 => "PS256",
            Self::ES256 => "ES256",
            Self::EdDSA => "EdDSA",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|alg| alg.as_str() == text)
    }
}

/// The algorithms that a client may sign its assertions with; metadata lists this table, `web` verifies with
/// it.
pub const ASSERTION_ALGS: [&str; 4] = ["RS256", "PS256", "ES256", "EdDSA"];

/// The one that `client_secret_jwt` is made with.
pub const SHARED_ASSERTION_ALG: &str = "HS256";
