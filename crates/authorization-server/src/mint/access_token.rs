//! Access tokens. <https://www.rfc-editor.org/rfc/rfc9068#section-2.2>

use keyring::{AccessClaims, Audience, Token};
use protocol::{Confirmation, Micros, Scopes, SigningAlg, seconds};
use serde_json::Value;
use store::grants::Grant;

use super::{Mint, MintError};

/// The algorithm of access tokens: they are for ourselves.
const ALG: SigningAlg = SigningAlg::ES256;

/// What an access token says beyond its client and times.
#[derive(Clone, Debug)]
pub struct AccessToken<'a> {
    /// The person's grant; none for a client on its own behalf.
    pub grant: Option<&'a Grant>,
    pub scopes: &'a Scopes,
    /// Who alone may use it.
    pub confirmation: Option<Confirmation>,
    /// Who acts for the person (RFC 8693).
    pub act: Option<Value>,
    /// It ends then at the latest.
    pub until: Option<Micros>,
}

impl<'a> AccessToken<'a> {
    /// One that anybody may use who bears it.
    pub fn plain(grant: Option<&'a Grant>, scopes: &'a Scopes) -> Self {
        Self { grant, scopes, confirmation: None, act: None, until: None }
    }
}

/// One that was made, and what the answer says beside it.
#[derive(Clone, Debug)]
pub struct Minted {
    pub token: String,
    pub token_type: &'static str,
    /// Seconds.
    pub expires_in: i64,
    pub scope: String,
}

impl Mint<'_> {
    // S68, S70
    pub async fn access_token(&self, what: AccessToken<'_>) -> Result<Minted, MintError> {
        let subject = match what.grant {
            Some(grant) => self.core.subject(self.client, &grant.user_id),
            None => self.client.id.clone(),
        };
        let details = what.grant.and_then(|grant| grant.authorization_details.as_deref());
        let expires_at = self.now + self.policy.access_token_ttl;
        let claims = AccessClaims {
            iss: self.policy.issuer.clone(),
            sub: subject,
            aud: Audience::One(self.policy.issuer.clone()),
            client_id: self.client.id.clone(),
            jti: self.core.random.id(),
            iat: seconds(self.now),
            exp: seconds(what.until.map_or(expires_at, |until| until.min(expires_at))),
            scope: what.scopes.to_string(),
            gid: what.grant.map(|grant| grant.id.clone()),
            cnf: what.confirmation,
            act: what.act,
            authorization_details: details.map(serde_json::from_str).transpose()?,
            acr: what.grant.and_then(|grant| grant.acr.clone()),
            // None where an issuer vouched for the person, who did not sign in here.
            auth_time: what.grant.map(|grant| seconds(grant.auth_time)).filter(|time| *time > 0),
        };
        let bound_to_key = claims.cnf.as_ref().is_some_and(|cnf| cnf.jkt.is_some());
        Ok(Minted {
            token: self.core.ring.sign(ALG, Token::Access, &claims)?,
            token_type: if bound_to_key { "DPoP" } else { "Bearer" },
            expires_in: claims.exp - claims.iat,
            scope: claims.scope,
        })
    }
}
