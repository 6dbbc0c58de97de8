//! Access tokens that only we can read, for resource servers that ask us what they stand for: `visage_at_…`.
//!
//! Random; the database has their digest and what a signed token would say. The prefix is for secret scanners.

use keyring::{AccessClaims, Secret};
use protocol::{Micros, SECOND};
use store::StoreError;
use store::opaque_tokens::OpaqueToken;

use crate::Core;

const PREFIX: &str = "visage_at_";

/// Whether this is one by its looks. No other kind of token begins like it.
pub(crate) fn is_one(token: &str) -> bool {
    token.starts_with(PREFIX)
}

impl Core {
    /// A new one with 256 random bits, written down before anybody has it.
    pub async fn opaque_token(&self, claims: &AccessClaims) -> Result<Secret, StoreError> {
        let secret = Secret::new(format!("{PREFIX}{}", self.random.secret().expose()));
        let token = OpaqueToken {
            digest: secret.digest().to_vec(),
            claims: serde_json::to_string(claims).map_err(|error| StoreError::Fault(error.to_string()))?,
            client_id: claims.client_id.clone(),
            grant_id: claims.gid.clone(),
            expires_at: claims.exp * SECOND,
        };
        self.store.insert_opaque_token(token).await?;
        Ok(secret)
    }

    /// What a living one says.
    pub(crate) async fn opaque_claims(
        &self,
        token: &str,
        now: Micros,
    ) -> Result<Option<AccessClaims>, StoreError> {
        let digest = keyring::digest(token.as_bytes());
        let Some(token) = self.store.opaque_token(&digest, now).await? else { return Ok(None) };
        let claims = serde_json::from_str(&token.claims);
        claims
            .map(Some)
            .map_err(|error| StoreError::Fault(format!("an opaque token cannot be read: {error}")))
    }
}
