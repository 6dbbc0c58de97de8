//! `grant_type=authorization_code`.

use protocol::{
    OAuthError,
    token::{self, CodeRecord, CodeRequest, Redemption},
};
use store::{
    codes::{Code, Spent},
    grants::Grant,
};
use web::OAuthFailure;

use super::{answer::Tokens, family::Family, issue::Issuer, replayed};

const CODE: &str = "authorization_code";

/// Every way of failing gets the same answer; what it does to the code differs.
// S57, S58, S59, S60, S67
pub async fn redeem(issuer: &Issuer<'_>, request: &CodeRequest) -> Result<Tokens, OAuthFailure> {
    let store = &issuer.core.store;
    let digest = keyring::digest(request.code.as_bytes());
    let Some(code) = store.code(&digest).await? else { return Err(OAuthError::invalid_grant().into()) };
    match token::redeem(&record(&code), issuer.client, request, issuer.confirmation, issuer.now) {
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
    // Tokens that left with the code are of the same grant.
    let id = code.grant_id.unwrap_or_else(|| issuer.core.random.id());
    let Family { secret, first, expires_at } = Family::new(issuer, &id, &scopes);
    let grant = Grant {
        id,
        client_id: code.client_id,
        user_id: code.user_id,
        sid: code.sid,
        offline: code.offline && scopes.contains("offline_access"),
        scopes,
        claims: code.claims,
        auth_time: code.auth_time,
        amr: code.amr,
        created_at: now,
        expires_at,
        revoked_at: None,
        confirmation: issuer.binding()?,
        resources: code.resources,
        authorization_details: code.authorization_details,
        acr: code.acr,
    };
    issuer.check(&grant, &grant.scopes)?;
    match issuer.core.store.spend_code(&code.digest, grant.clone(), first, now).await? {
        Spent::Redeemed { sid } => {
            let grant = Grant { sid, ..grant };
            let tokens = issuer.for_grant(&grant, &grant.scopes, code.nonce.as_deref()).await?;
            Ok(Family::hand_out(secret, tokens))
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
        dpop_jkt: code.dpop_jkt.as_deref(),
        failures: code.failures,
        expires_at: code.expires_at,
        is_used: code.used_at.is_some(),
    }
}
