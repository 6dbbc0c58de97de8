//! ID tokens. <https://openid.net/specs/openid-connect-core-1_0.html#IDToken>

use keyring::Token;
use protocol::{
    authorization::ACR_PASSWORD,
    claims::ClaimsRequest,
    seconds,
    token::{IdTokenClaims, at_hash},
};
use serde_json::{Map, Value};
use store::grants::Grant;

use super::{Mint, MintError};

/// What an ID token says beyond what its grant does.
#[derive(Clone, Copy, Debug)]
pub struct IdToken<'a> {
    pub grant: &'a Grant,
    /// Of the authorization request; a refreshed ID token has none.
    pub nonce: Option<&'a str>,
    /// The access token that comes with it.
    pub access_token: Option<&'a str>,
}

impl Mint<'_> {
    // S61, S69
    pub async fn id_token(&self, what: IdToken<'_>) -> Result<String, MintError> {
        let alg = self.client.id_token_alg;
        let grant = what.grant;
        let subject = self.core.subject(self.client, &grant.user_id);
        let claims = IdTokenClaims {
            iss: &self.policy.issuer,
            sub: &subject,
            aud: &self.client.id,
            iat: seconds(self.now),
            exp: seconds(self.now + self.policy.id_token_ttl),
            auth_time: seconds(grant.auth_time),
            nonce: what.nonce,
            at_hash: what.access_token.map(|token| at_hash(token, alg)),
            acr: grant.acr.as_deref().unwrap_or(ACR_PASSWORD),
            amr: grant.amr.split(' ').filter(|method| !method.is_empty()).collect(),
            sid: grant.sid.as_deref(),
            wanted: self.wanted(grant).await?,
        };
        Ok(self.core.ring.sign(alg, Token::Id, &claims)?)
    }

    /// The claims that the client wanted in the ID token itself and the person agreed to.
    // S30, I6
    async fn wanted(&self, grant: &Grant) -> Result<Map<String, Value>, MintError> {
        // What is kept was checked when the request came.
        let request: ClaimsRequest =
            grant.claims.as_deref().map(serde_json::from_str).transpose()?.unwrap_or_default();
        let request = request.within(&self.client.allowed_scopes());
        let names = request.for_id_token();
        if names.is_empty() {
            return Ok(Map::new());
        }
        let Some(profile) = self.core.store.profile(&grant.user_id).await? else { return Ok(Map::new()) };
        let mut claims = web::claims(&profile, &self.core.pictures)?;
        if names.contains(&"picture_stable") {
            claims.picture_stable = self.core.picture_stable(grant).await?;
        }
        Ok(claims.named(&names))
    }
}
