//! `grant_type=refresh_token`.

use protocol::{
    Confirmation, OAuthError, Scopes,
    token::{self, Lifetime, Presented, RefreshRecord, RefreshRequest, Renewal},
};
use store::{
    grants::Grant,
    refresh_tokens::{RefreshToken, Rotated},
};
use web::OAuthFailure;

use super::{answer::Tokens, issue::Issuer, replayed};
use crate::mint;

const REFRESH_TOKEN: &str = "refresh_token";

// S61, S62, S63, S64, S67
pub async fn renew(issuer: &Issuer<'_>, request: &RefreshRequest) -> Result<Tokens, OAuthFailure> {
    let store = &issuer.core.store;
    let digest = keyring::digest(request.refresh_token.as_bytes());
    let Some((old, grant)) = store.refresh_token(&digest).await? else {
        return Err(OAuthError::invalid_grant().into());
    };
    let bound = mint::confirmation(grant.confirmation.as_deref())?;
    let record = record(&old, &grant, bound.as_ref());
    let presented = Presented { scope: request.scope.as_deref(), shown: issuer.confirmation };
    match token::renew(&record, issuer.client, presented, issuer.policy, issuer.now) {
        Renewal::Renew { scopes, rotate: true, lifetime } => {
            issuer.check(&grant, &scopes)?;
            rotate(issuer, &old, &grant, &scopes, lifetime).await
        }
        Renewal::Renew { scopes, rotate: false, lifetime } => {
            if !store.extend_refresh_token(&digest, lifetime.expires_at, issuer.now).await? {
                return Err(OAuthError::invalid_grant().into());
            }
            let mut tokens = issuer.for_grant(&grant, &scopes, None).await?;
            tokens.refresh_token = Some(request.refresh_token.clone());
            Ok(tokens)
        }
        Renewal::Reuse => {
            store.revoke_grant(&grant.id, issuer.now).await?;
            Err(replayed(REFRESH_TOKEN, issuer.client))
        }
        Renewal::Refuse(error) => Err(error.into()),
    }
}

/// The rules are content; whether we are the first is for the database to say.
async fn rotate(
    issuer: &Issuer<'_>,
    old: &RefreshToken,
    grant: &Grant,
    scopes: &Scopes,
    lifetime: Lifetime,
) -> Result<Tokens, OAuthFailure> {
    let secret = issuer.core.random.secret();
    let successor = RefreshToken {
        digest: secret.digest().into(),
        grant_id: grant.id.clone(),
        created_at: issuer.now,
        expires_at: lifetime.expires_at,
        max_expires_at: lifetime.max_expires_at,
        used_at: None,
    };
    match issuer.core.store.rotate_refresh_token(&old.digest, successor, issuer.now).await? {
        Rotated::Rotated => {
            let mut tokens = issuer.for_grant(grant, scopes, None).await?;
            tokens.refresh_token = Some(secret.expose().to_owned());
            Ok(tokens)
        }
        Rotated::Reused => Err(replayed(REFRESH_TOKEN, issuer.client)),
        Rotated::Gone => Err(OAuthError::invalid_grant().into()),
    }
}

fn record<'a>(
    token: &RefreshToken,
    grant: &'a Grant,
    confirmation: Option<&'a Confirmation>,
) -> RefreshRecord<'a> {
    RefreshRecord {
        client_id: &grant.client_id,
        scopes: &grant.scopes,
        confirmation,
        is_used: token.used_at.is_some(),
        is_revoked: grant.revoked_at.is_some(),
        expires_at: token.expires_at,
        max_expires_at: token.max_expires_at,
    }
}
