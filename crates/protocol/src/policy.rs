//! What the operator chose, as far as rules of the protocol depend on it. Composed from the configuration.

use crate::{Micros, SECOND};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Scheme and authority, without a path and without a slash at the end.
    pub issuer: String,
    pub pkce: Pkce,
    pub access_token_ttl: Micros,
    pub id_token_ttl: Micros,
    pub code_ttl: Micros,
    /// How long a refresh token may lie unused.
    pub refresh_idle: Micros,
    /// How long a family of refresh tokens lives, however often it is used.
    pub refresh_max: Micros,
}

/// Who has to prove possession of the code by a verifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pkce {
    Always,
    /// Confidential clients may do without.
    Public,
}

impl Policy {
    /// The defaults of CONTRACT section 2.
    pub fn new(issuer: impl Into<String>) -> Self {
        const MINUTE: Micros = 60 * SECOND;
        const DAY: Micros = 24 * 60 * MINUTE;
        Self {
            issuer: issuer.into(),
            pkce: Pkce::Always,
            access_token_ttl: 10 * MINUTE,
            id_token_ttl: 10 * MINUTE,
            code_ttl: 60 * SECOND,
            refresh_idle: 30 * DAY,
            refresh_max: 365 * DAY,
        }
    }
}
