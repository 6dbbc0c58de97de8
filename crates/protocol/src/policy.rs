//! What the operator chose, as far as rules of the protocol depend on it. Composed from the configuration.

use crate::{
    DetailType, Micros, Resource, SECOND,
    authorization::{IMPLICIT, ResponseType},
    token::{GrantType, TrustedIssuer},
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Scheme and authority, without a path and without a slash at the end.
    pub issuer: String,
    pub pkce: Pkce,
    /// What clients may be answered with, where they are registered for it.
    pub response_types: Vec<ResponseType>,
    /// Whether request objects may come without a signature.
    pub unsigned_request_objects: bool,
    /// Whether every authorization request must be pushed.
    pub require_pushed_authorization_requests: bool,
    /// APIs of others that tokens may be for.
    pub resources: Vec<Resource>,
    /// What may be asked for in detail.
    pub detail_types: Vec<DetailType>,
    pub access_token_ttl: Micros,
    pub id_token_ttl: Micros,
    pub code_ttl: Micros,
    /// How long a refresh token may lie unused.
    pub refresh_idle: Micros,
    /// How long a family of refresh tokens lives, however often it is used.
    pub refresh_max: Micros,
    /// How long a device waits for its person.
    pub device_code_ttl: Micros,
    /// Who may vouch for people.
    pub issuers: Vec<TrustedIssuer>,
}

/// Who has to prove possession of the code by a verifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pkce {
    Always,
    /// Confidential clients may do without.
    Public,
}

impl Policy {
    /// Every grant that a client may be registered for.
    pub fn grants(&self) -> Vec<&'static str> {
        let implicit =
            self.response_types.iter().flat_map(|kind| kind.grants()).find(|grant| *grant == IMPLICIT);
        // Without anybody who may vouch for people there is no assertion that would do.
        let of_issuers = |grant: &GrantType| *grant != GrantType::JwtBearer || !self.issuers.is_empty();
        GrantType::ALL.into_iter().filter(of_issuers).map(GrantType::as_str).chain(implicit).collect()
    }

    /// The defaults of CONTRACT section 2.
    pub fn new(issuer: impl Into<String>) -> Self {
        const MINUTE: Micros = 60 * SECOND;
        const DAY: Micros = 24 * 60 * MINUTE;
        Self {
            issuer: issuer.into(),
            pkce: Pkce::Always,
            response_types: vec![ResponseType::Code],
            unsigned_request_objects: false,
            require_pushed_authorization_requests: false,
            resources: Vec::new(),
            detail_types: Vec::new(),
            access_token_ttl: 10 * MINUTE,
            id_token_ttl: 10 * MINUTE,
            code_ttl: 60 * SECOND,
            refresh_idle: 30 * DAY,
            refresh_max: 365 * DAY,
            device_code_ttl: 10 * MINUTE,
            issuers: Vec::new(),
        }
    }
}
