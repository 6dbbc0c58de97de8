//! `grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer`: a trusted issuer vouches for a person.

use keyring::assertion::{self, AssertionClaims};
use protocol::{
    Client, ClientMetadata, OAuthError,
    client::ASSERTION_ALGS,
    client_assertion::Assertion,
    token::{JwtBearerRequest, PeopleBy, TrustedIssuer, assertion_scopes, check_assertion},
};
use store::{
    codes::{Given, Ground},
    grants::Grant,
    users::User,
};
use web::{OAuthFailure, paths};

use super::{answer::Tokens, issue::Issuer};

/// Every way of failing gets the same answer; the log tells them apart.
pub async fn redeem(issuer: &Issuer<'_>, request: &JwtBearerRequest) -> Result<Tokens, OAuthFailure> {
    let (core, now) = (issuer.core, issuer.now);
    let claimed = assertion::claimed_issuer(&request.assertion);
    let trusted = issuer.policy.issuers.iter().find(|one| claimed.as_deref() == Some(one.issuer.as_str()));
    let Some(trusted) = trusted.filter(|trusted| trusted.hears(issuer.client)) else {
        return Err(refused("no issuer that this client may bring"));
    };
    let claims = verified(issuer, trusted, &request.assertion).await?;
    let token_endpoint = core.site.url(paths::TOKEN);
    let read = Assertion {
        iss: &claims.iss,
        sub: &claims.sub,
        aud: &claims.aud.iter().collect::<Vec<_>>(),
        exp: claims.exp,
        iat: claims.iat,
        nbf: claims.nbf,
        jti: claims.jti.as_deref(),
    };
    let once = check_assertion(&read, trusted, &[&core.site.issuer, &token_endpoint], now)
        .map_err(|error| OAuthFailure::from(error).because("the assertion's claims"))?;
    let scopes = assertion_scopes(issuer.client, trusted, request.scope.as_deref())?;
    let user = person(issuer, trusted, &claims.sub).await?.filter(|user| user.is_active);
    let Some(user) = user else { return Err(refused("nobody whom its sub names")) };
    // No client's id has a colon in it, so that nobody else's jti can collide with this one.
    let marked = format!("issuer:{}:{}{}", trusted.issuer.len(), trusted.issuer, once.jti);
    if !core.store.use_assertion(&keyring::digest(marked.as_bytes()), once.until).await? {
        return Err(refused("it came twice"));
    }
    let grant = Grant {
        id: core.random.id(),
        client_id: issuer.client.id.clone(),
        user_id: user.id,
        sid: None,
        scopes,
        // Nobody signed in here, so that no sign-out ends it.
        offline: true,
        claims: None,
        auth_time: 0,
        amr: String::new(),
        created_at: now,
        expires_at: now + issuer.policy.access_token_ttl,
        revoked_at: None,
        confirmation: None,
        resources: None,
        authorization_details: None,
        acr: None,
    };
    core.store.issue(Given { code: None, grant: Some(grant.clone()) }, Ground::default()).await?;
    issuer.without_id_token(&grant, &grant.scopes).await
}

async fn verified(
    issuer: &Issuer<'_>,
    trusted: &TrustedIssuer,
    jwt: &str,
) -> Result<AssertionClaims, OAuthFailure> {
    // Kept and asked for like a client's keys, in a place that is no client's.
    let keys = Client {
        metadata: ClientMetadata { jwks_uri: Some(trusted.jwks_uri.clone()), ..ClientMetadata::default() },
        ..Client::blank(format!("issuer:{}", trusted.name), 0)
    };
    let verify = |jwks: &str| assertion::verify_grant(jwks, jwt, &ASSERTION_ALGS);
    issuer.core.with_client_keys(&keys, verify).await.map_err(refused)
}

async fn person(
    issuer: &Issuer<'_>,
    trusted: &TrustedIssuer,
    sub: &str,
) -> Result<Option<User>, OAuthFailure> {
    let store = &issuer.core.store;
    Ok(match trusted.people {
        PeopleBy::Subject => store.user(sub).await?,
        PeopleBy::Email => store.user_by_email(&sub.to_lowercase()).await?,
    })
}

fn refused(why: impl std::fmt::Display) -> OAuthFailure {
    OAuthFailure::from(OAuthError::invalid_grant()).because(format!("assertion: {why}"))
}
