//! The refresh tokens of a new grant.

use keyring::Secret;
use protocol::{
    Micros, Scopes,
    token::{first_lifetime, with_refresh_token},
};
use store::refresh_tokens::RefreshToken;

use super::{answer::Tokens, issue::Issuer};

/// The first of them, where the client gets any, and how long the grant lives.
pub struct Family {
    /// Shown once, when the rows are committed.
    pub secret: Option<Secret>,
    pub first: Option<RefreshToken>,
    /// When the last token that can come of the grant has ended.
    pub expires_at: Micros,
}

impl Family {
    pub fn new(issuer: &Issuer<'_>, grant_id: &str, scopes: &Scopes) -> Self {
        let now = issuer.now;
        let last_access_token = now + issuer.policy.access_token_ttl;
        if !with_refresh_token(issuer.client, scopes) {
            return Self { secret: None, first: None, expires_at: last_access_token };
        }
        let lifetime = first_lifetime(issuer.policy, now);
        let secret = issuer.core.random.secret();
        let first = RefreshToken {
            digest: secret.digest().into(),
            grant_id: grant_id.to_owned(),
            created_at: now,
            expires_at: lifetime.expires_at,
            max_expires_at: lifetime.max_expires_at,
            used_at: None,
        };
        let expires_at = lifetime.max_expires_at.max(last_access_token);
        Self { secret: Some(secret), first: Some(first), expires_at }
    }

    /// Puts it into the answer, once it is committed.
    pub fn hand_out(secret: Option<Secret>, tokens: Tokens) -> Tokens {
        Tokens { refresh_token: secret.map(|secret| secret.expose().to_owned()), ..tokens }
    }
}
