//! ID tokens. <https://openid.net/specs/openid-connect-core-1_0.html#IDToken>

use keyring::Token;
use protocol::{
    Scopes,
    authorization::{ACR_PASSWORD, ResponseType},
    claims::{self, ClaimsRequest},
    seconds,
    token::{IdTokenClaims, half_hash},
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
    /// Where it leaves the authorization endpoint itself.
    pub front: Option<Front<'a>>,
}

/// What an ID token was asked for with.
#[derive(Clone, Copy, Debug)]
pub struct Front<'a> {
    pub kind: ResponseType,
    pub code: Option<&'a str>,
    pub state: Option<&'a str>,
}

impl Mint<'_> {
    // S61, S69
    pub async fn id_token(&self, what: IdToken<'_>) -> Result<String, MintError> {
        let alg = self.client.id_token_alg;
        let grant = what.grant;
        let subject = self.core.subject(self.client, &grant.user_id);
        let session = grant.sid.as_deref().map(|sid| self.core.session_name(self.client, sid));
        let hash = |value: Option<&str>| value.map(|value| half_hash(value, alg));
        let claims = IdTokenClaims {
            iss: &self.policy.issuer,
            sub: &subject,
            aud: &self.client.id,
            iat: seconds(self.now),
            exp: seconds(self.now + self.policy.id_token_ttl),
            auth_time: seconds(grant.auth_time),
            nonce: what.nonce,
            at_hash: hash(what.access_token),
            c_hash: hash(what.front.and_then(|front| front.code)),
            s_hash: hash(what.front.and_then(|front| front.state)),
            acr: grant.acr.as_deref().unwrap_or(ACR_PASSWORD),
            amr: grant.amr.split(' ').filter(|method| !method.is_empty()).collect(),
            sid: session.as_deref(),
            wanted: self.wanted(grant, is_all_there_is(&what)).await?,
        };
        let signed = self.core.ring.sign(alg, Token::Id, &claims)?;
        // > ID Tokens MUST be signed using JWS and optionally both signed and then encrypted
        // > https://openid.net/specs/openid-connect-core-1_0.html#IDToken
        match self.client.metadata.id_token_encryption()? {
            Some(how) => Ok(self.core.encrypted(self.client, how, signed.as_bytes(), true).await?),
            None => Ok(signed),
        }
    }

    /// The claims that the client wanted in the ID token itself and the person agreed to; where it is `all` that the client
    /// gets, those of the scopes too.
    // S30, I6
    async fn wanted(&self, grant: &Grant, all: bool) -> Result<Map<String, Value>, MintError> {
        // What is kept was checked when the request came.
        let request: ClaimsRequest =
            grant.claims.as_deref().map(serde_json::from_str).transpose()?.unwrap_or_default();
        let allowed = self.client.allowed_scopes();
        let request = request.within(&allowed);
        let scopes = if all { grant.scopes.intersect(&allowed) } else { Scopes::none() };
        let of_scopes = claims::of(&scopes).map(|name| -> &str { name });
        let names: Vec<&str> = request.for_id_token().into_iter().chain(of_scopes).collect();
        if names.is_empty() {
            return Ok(Map::new());
        }
        let Some(profile) = self.core.store.profile(&grant.user_id).await? else { return Ok(Map::new()) };
        let mut claims = web::claims(&profile, &self.core.pictures)?;
        claims.sub = self.core.subject(self.client, &grant.user_id);
        if names.contains(&"picture_stable") {
            claims.picture_stable = self.core.picture_stable(grant).await?;
        }
        Ok(claims.named(&names))
    }
}

/// > The Claims requested by the profile, email, address, and phone scope values are returned […] from the UserInfo
/// > Endpoint […] when a response_type value is used that results in an Access Token being issued. However, when no Access
/// > Token is issued (which is the case for the response_type value id_token), the resulting Claims are returned in the ID
/// > Token.
///
/// <https://openid.net/specs/openid-connect-core-1_0.html#ScopeClaims>
fn is_all_there_is(what: &IdToken<'_>) -> bool {
    what.front.is_some_and(|front| front.kind == ResponseType::IdToken)
}
