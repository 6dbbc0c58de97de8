//! What the operator chose, as far as rules of the protocol depend on it. Composed from the configuration.

use crate::{
    AuthMethod, DetailType, Micros, Resource, SECOND,
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
    pub registration: Registration,
    /// Open registrations from one network address within an hour.
    pub registrations_per_hour: u32,
    /// The profile of clients that register themselves.
    pub registration_profile: Option<String>,
    /// Whether clients may be known by the address of their metadata.
    pub client_id_metadata_documents: bool,
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
    /// What we learn of the certificates of clients.
    pub certificates: Certificates,
    /// Where clients are asked for theirs, scheme and authority; nothing where that is the issuer itself.
    pub mtls_url: Option<String>,
}

/// Which client certificates reach us, and what can be said of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificates {
    /// None does.
    Absent,
    /// Their keys can be compared with registered ones.
    Unchecked,
    /// We also know authorities whose word we take for names.
    Checked,
}

/// Who has to prove possession of the code by a verifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pkce {
    Always,
    /// Confidential clients may do without.
    Public,
}

/// Who may register clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// Administrators, by commands.
    Closed,
    /// Whoever shows an initial access token too.
    Token,
    /// Anybody.
    Open,
}

impl Policy {
    /// Every grant that a client may be registered for.
    pub fn grants(&self) -> Vec<&'static str> {
        let implicit =
            self.response_types.iter().flat_map(|kind| kind.grants()).find(|grant| *grant == IMPLICIT);
        let offered = GrantType::ALL.into_iter().filter(|grant| self.offers(*grant));
        offered.map(GrantType::as_str).chain(implicit).collect()
    }

    /// Whether the token endpoint takes it.
    pub fn offers(&self, grant: GrantType) -> bool {
        // Without anybody who may vouch for people there is no assertion that would do.
        grant != GrantType::JwtBearer || !self.issuers.is_empty()
    }

    /// Every way of authenticating that a client may be registered for.
    pub fn auth_methods(&self) -> Vec<AuthMethod> {
        let works = |method: &AuthMethod| match method {
            AuthMethod::TlsClientAuth => self.certificates == Certificates::Checked,
            AuthMethod::SelfSignedTlsClientAuth => self.certificates != Certificates::Absent,
            _ => true,
        };
        AuthMethod::ALL.into_iter().filter(works).collect()
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
            registration: Registration::Closed,
            registrations_per_hour: 20,
            client_id_metadata_documents: false,
            registration_profile: None,
            resources: Vec::new(),
            detail_types: Vec::new(),
            access_token_ttl: 10 * MINUTE,
            id_token_ttl: 10 * MINUTE,
            code_ttl: 60 * SECOND,
            refresh_idle: 30 * DAY,
            refresh_max: 365 * DAY,
            device_code_ttl: 10 * MINUTE,
            issuers: Vec::new(),
            certificates: Certificates::Absent,
            mtls_url: None,
        }
    }
}
