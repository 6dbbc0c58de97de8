//! `grant_type=authorization_code`.

use protocol::{
    OAuthError,
    token::{self, CodeRecord, CodeRequest, Redemption, first_lifetime, with_refresh_token},
};
use store::{
    codes::{Code, Spent},
    grants::Grant,
    refresh_tokens::RefreshToken,
};
use web::OAuthFailure;

use super::{answer::Tokens, issue::Issuer, replayed};

const CODE: &str = "authorization_code";

/// Every way of failing gets the same answer; what it does to the code differs.
// S57, S58, S59, S60
pub async fn redeem(issuer: &Issuer<'_>, request: &CodeRequest) -> Result<Tokens, OAuthFailure> {
    let store = &issuer.core.store;
    let digest = keyring::digest(request.code.as_bytes());
    let Some(code) = store.code(&digest).await? else { return Err(OAuthError::invalid_grant().into()) };
    match token::redeem(&record(&code), issuer.client, request, issuer.now) {
        Redemption::Redeem => spend(issuer, code).await,
        Redemption::Refuse => {
            store.fail_code(&digest).await?;
            Err(OAuthError::invalid_grant().into())
        }
        Redemption::Replay => {
            if let Some(grant) = &code.grant_id {
                store.revoke_grant(grant, issuer.now).await?;
            }
            Err(replayed(CODE, issuer.client))
        }
    }
}

/// The rules are content; whether we are the first is for the database to say. Code, grant and refresh token
/// change together.
async fn spend(issuer: &Issuer<'_>, code: Code) -> Result<Tokens, OAuthFailure> {
    let now = issuer.now;
    // What the client may not have any more since the person agreed is not given (I6).
    let allowed = issuer.client.allowed_scopes();
    let scopes = code.scopes.intersect(&allowed);
    if scopes.is_empty() {
        return Err(OAuthError::invalid_grant().into());
    }
    let with_refresh = with_refresh_token(issuer.client, &scopes);
    let lifetime = first_lifetime(issuer.policy, now);
    let last_access_token = now + issuer.policy.access_token_ttl;
    let grant = Grant {
        id: issuer.core.random.id(),
        client_id: code.client_id,
        user_id: code.user_id,
        sid: code.sid,
        offline: code.offline && scopes.contains("offline_access"),
        scopes,
        claims: code.claims,
        auth_time: code.auth_time,
        amr: code.amr,
        created_at: now,
        expires_at: if with_refresh {
            lifetime.max_expires_at.max(last_access_token)
        } else {
            last_access_token
        },
        revoked_at: None,
        confirmation: None,
        resources: code.resources,
        authorization_details: code.authorization_details,
        acr: code.acr,
    };
    let secret = with_refresh.then(|| issuer.core.random.secret());
    let refresh = secret.as_ref().map(|secret| RefreshToken {
        digest: secret.digest().into(),
        grant_id: grant.id.clone(),
        created_at: now,
        expires_at: lifetime.expires_at,
        max_expires_at: lifetime.max_expires_at,
        used_at: None,
    });
    match issuer.core.store.spend_code(&code.digest, grant.clone(), refresh, now).await? {
        Spent::Redeemed { sid } => {
            let grant = Grant { sid, ..grant };
            let mut tokens = issuer.for_grant(&grant, &grant.scopes, code.nonce.as_deref()).await?;
            tokens.refresh_token = secret.map(|secret| secret.expose().to_owned());
            Ok(tokens)
        }
        Spent::Replayed => Err(replayed(CODE, issuer.client)),
        Spent::Gone => Err(OAuthError::invalid_grant().into()),
    }
}

fn record(code: &Code) -> CodeRecord<'_> {
    CodeRecord {
        client_id: &code.client_id,
        redirect_uri: &code.redirect_uri,
        redirect_uri_given: code.redirect_uri_given,
        code_challenge: code.code_challenge.as_deref(),
        failures: code.failures,
        expires_at: code.expires_at,
        is_used: code.used_at.is_some(),
    }
}
