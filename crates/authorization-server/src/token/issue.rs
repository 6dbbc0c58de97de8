//! Makes the tokens of one answer. Nothing is signed before what it stands on is committed.

use keyring::{AccessClaims, Audience, Token};
use protocol::{
    Client, Micros, Policy, Scopes, SigningAlg,
    authorization::ACR_PASSWORD,
    claims::ClaimsRequest,
    seconds,
    token::{IdTokenClaims, at_hash},
};
use serde_json::{Map, Value};
use store::grants::Grant;
use web::{Core, OAuthFailure};

use super::answer::Tokens;

/// The algorithm of access tokens: they are for ourselves.
const ACCESS_TOKEN_ALG: SigningAlg = SigningAlg::ES256;

/// Everything that issuing depends on, for one request of one client.
pub struct Issuer<'a> {
    pub core: &'a Core,
    pub policy: &'a Policy,
    pub client: &'a Client,
    pub now: Micros,
}

impl<'a> Issuer<'a> {
    pub fn new(core: &'a Core, policy: &'a Policy, client: &'a Client) -> Self {
        Self { core, policy, client, now: core.clock.now() }
    }

    /// For a client on its own behalf: one signature, nothing written.
    pub fn for_client(&self, scopes: &Scopes) -> Result<Tokens, OAuthFailure> {
        self.access_token(&self.client.id, None, scopes)
    }

    /// For a person: an access token and, with `openid`, an ID token.
    ///
    /// `nonce` is of the authorization request; a refreshed ID token has none.
    pub async fn for_grant(
        &self,
        grant: &Grant,
        scopes: &Scopes,
        nonce: Option<&str>,
    ) -> Result<Tokens, OAuthFailure> {
        let mut tokens = self.access_token(&grant.user_id, Some(&grant.id), scopes)?;
        if scopes.contains("openid") {
            tokens.id_token = Some(self.id_token(grant, nonce, &tokens.access_token).await?);
        }
        Ok(tokens)
    }

    /// <https://www.rfc-editor.org/rfc/rfc9068#section-2.2>
    // S68, S70
    fn access_token(
        &self,
        subject: &str,
        grant: Option<&str>,
        scopes: &Scopes,
    ) -> Result<Tokens, OAuthFailure> {
        let scope = scopes.to_string();
        let claims = AccessClaims {
            iss: self.policy.issuer.clone(),
            sub: subject.to_owned(),
            aud: Audience::One(self.policy.issuer.clone()),
            client_id: self.client.id.clone(),
            jti: self.core.random.id(),
            iat: seconds(self.now),
            exp: seconds(self.now + self.policy.access_token_ttl),
            scope: scope.clone(),
            gid: grant.map(str::to_owned),
        };
        Ok(Tokens {
            access_token: self.core.ring.sign(ACCESS_TOKEN_ALG, Token::Access, &claims)?,
            token_type: "Bearer",
            expires_in: claims.exp - claims.iat,
            scope,
            refresh_token: None,
            id_token: None,
        })
    }

    // S61, S69
    async fn id_token(
        &self,
        grant: &Grant,
        nonce: Option<&str>,
        access_token: &str,
    ) -> Result<String, OAuthFailure> {
        let alg = self.client.id_token_alg;
        let claims = IdTokenClaims {
            iss: &self.policy.issuer,
            sub: &grant.user_id,
            aud: &self.client.id,
            iat: seconds(self.now),
            exp: seconds(self.now + self.policy.id_token_ttl),
            auth_time: seconds(grant.auth_time),
            nonce,
            at_hash: Some(at_hash(access_token, alg)),
            acr: ACR_PASSWORD,
            amr: grant.amr.split(' ').filter(|method| !method.is_empty()).collect(),
            sid: grant.sid.as_deref(),
            wanted: self.wanted(grant).await?,
        };
        Ok(self.core.ring.sign(alg, Token::Id, &claims)?)
    }

    /// The claims that the client wanted in the ID token itself and the person agreed to.
    // S30, I6
    async fn wanted(&self, grant: &Grant) -> Result<Map<String, Value>, OAuthFailure> {
        let request = ClaimsRequest::parse(grant.claims.as_deref())?.within(&self.client.allowed_scopes());
        let names = request.for_id_token();
        if names.is_empty() {
            return Ok(Map::new());
        }
        let Some(profile) = self.core.store.profile(&grant.user_id).await? else { return Ok(Map::new()) };
        let mut claims = web::claims(&profile, &self.core.pictures).map_err(OAuthFailure::internal)?;
        if names.contains(&"picture_stable") {
            claims.picture_stable = self.core.picture_stable(grant).await?;
        }
        Ok(claims.named(&names))
    }
}
