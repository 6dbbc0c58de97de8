//! Access tokens. <https://www.rfc-editor.org/rfc/rfc9068#section-2.2>

use keyring::{AccessClaims, Audience, Token};
use protocol::{
    Confirmation, Micros, Scopes, SigningAlg, TokenFormat,
    details::{self, Detail},
    resource::Aim,
    seconds,
};
use serde::Deserialize;
use serde_json::{Value, json};
use store::grants::Grant;

use super::{Mint, MintError, read_list};

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
    pub wanted: Wanted<'a>,
}

/// What a token request says of the token beside its scopes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// Whom it is for (RFC 8707); nobody: whom the grant is for.
    pub resources: &'a [String],
    /// Of an exchange: the details of the token that was brought, which may have fewer than the grant. The resources were
    /// decided on then, whatever the grant is for.
    pub brought: Option<Option<&'a Value>>,
    /// The `authorization_details` that it shall have (RFC 9396); none: all of the grant's, or of the token that was brought.
    pub details: Option<&'a str>,
}

impl<'a> AccessToken<'a> {
    /// One that anybody may use who bears it.
    pub fn plain(grant: Option<&'a Grant>, scopes: &'a Scopes) -> Self {
        Self { grant, scopes, confirmation: None, act: None, until: None, wanted: Wanted::default() }
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
    /// What it is for in detail.
    pub details: Vec<Detail>,
}

impl Mint<'_> {
    // S68, S70
    pub async fn access_token(&self, what: AccessToken<'_>) -> Result<Minted, MintError> {
        let subject = match what.grant {
            Some(grant) => self.core.subject(self.client, &grant.user_id),
            None => self.client.id.clone(),
        };
        let aim = self.aim(&what)?;
        let details = self.details(&what)?;
        let expires_at = self.now + self.policy.access_token_ttl;
        let claims = AccessClaims {
            iss: self.policy.issuer.clone(),
            sub: subject,
            aud: match <[String; 1]>::try_from(aim.audience) {
                Ok([one]) => Audience::One(one),
                Err(several) => Audience::Many(several),
            },
            client_id: self.client.id.clone(),
            jti: self.core.random.id(),
            iat: seconds(self.now),
            exp: seconds(what.until.map_or(expires_at, |until| until.min(expires_at))),
            scope: aim.scopes.to_string(),
            gid: what.grant.map(|grant| grant.id.clone()),
            gcl: what.grant.map(|grant| grant.client_id.clone()).filter(|client| *client != self.client.id),
            cnf: what.confirmation,
            act: what.act,
            authorization_details: (!details.is_empty()).then(|| json!(details)),
            acr: what.grant.and_then(|grant| grant.acr.clone()),
            // None where an issuer vouched for the person, who did not sign in here.
            auth_time: what.grant.map(|grant| seconds(grant.auth_time)).filter(|time| *time > 0),
        };
        let bound_to_key = claims.cnf.as_ref().is_some_and(|cnf| cnf.jkt.is_some());
        Ok(Minted {
            token: match aim.format {
                TokenFormat::Jwt => self.core.ring.sign(ALG, Token::Access, &claims)?,
                TokenFormat::Opaque => self.core.opaque_token(&claims).await?.expose().to_owned(),
            },
            token_type: if bound_to_key { "DPoP" } else { "Bearer" },
            expires_in: claims.exp - claims.iat,
            scope: claims.scope,
            details,
        })
    }

    /// Whether such a token can be made, asked before anything is spent for it.
    pub fn check(&self, what: &AccessToken<'_>) -> Result<(), MintError> {
        self.aim(what)?;
        self.details(what)?;
        Ok(())
    }

    fn details(&self, what: &AccessToken<'_>) -> Result<Vec<Detail>, MintError> {
        // I6
        let granted = match what.wanted.brought {
            Some(Some(brought)) => Vec::<Detail>::deserialize(brought)?,
            Some(None) => Vec::new(),
            None => read_list(what.grant.and_then(|grant| grant.authorization_details.as_deref()))?,
        };
        Ok(details::narrowed(granted, what.wanted.details)?)
    }

    /// Whom it is for, and what it may do there.
    fn aim(&self, what: &AccessToken<'_>) -> Result<Aim, MintError> {
        let of_grant = match what.grant {
            Some(grant) if what.wanted.brought.is_none() => Some(read_list(grant.resources.as_deref())?),
            _ => None,
        };
        Ok(self.policy.aim(self.client, what.scopes, of_grant.as_deref(), what.wanted.resources)?)
    }
}
