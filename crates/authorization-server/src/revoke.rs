//! Revocation. <https://www.rfc-editor.org/rfc/rfc7009>

use actix_web::{HttpResponse, http::header::CACHE_CONTROL, web::Data};
use protocol::{Client, OAuthError, SECOND};
use web::{ClientAuthentication, Core, OAuthFailure, personal};

/// > The authorization server responds with HTTP status code 200 if the token has been revoked successfully
/// > or if the client submitted an invalid token.
///
/// <https://www.rfc-editor.org/rfc/rfc7009#section-2.2>. The hint is not needed: the two kinds of token
/// cannot be confused.
// S87, S89
pub async fn revoke(core: Data<Core>, caller: ClientAuthentication) -> Result<HttpResponse, OAuthFailure> {
    let parameters = caller.form.oauth();
    if parameters.repeated().is_some() {
        return Err(OAuthError::invalid_request("A parameter came more than once.").into());
    }
    let Some(token) = parameters.one("token") else {
        return Err(OAuthError::invalid_request("The parameter token is missing.").into());
    };
    match core.verified_access_token(token).await? {
        Some(claims) => {
            owned_by(&claims.client_id, &caller.client)?;
            core.store.revoke_token(&claims.jti, claims.exp * SECOND).await?;
        }
        // A person's own token is ended by its person, on their page; the answer is the one for another client's.
        None if personal::is_one(token) && core.access(token).await?.is_some() => {
            return Err(foreign().into());
        }
        None => revoke_refresh_token(&core, &caller.client, token).await?,
    }
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).finish())
}

/// > If the particular token is a refresh token and the authorization server supports the revocation of
/// > access tokens, then the authorization server SHOULD also invalidate all access tokens based on the same
/// > authorization grant
///
/// <https://www.rfc-editor.org/rfc/rfc7009#section-2.1>
// S88
async fn revoke_refresh_token(core: &Core, caller: &Client, token: &str) -> Result<(), OAuthFailure> {
    if let Some((_, grant)) = core.store.refresh_token(&keyring::digest(token.as_bytes())).await? {
        owned_by(&grant.client_id, caller)?;
        core.store.revoke_grant(&grant.id, core.now()).await?;
    }
    Ok(())
}

/// > verifies whether the token was issued to the client making the revocation request. If this validation
/// > fails, the request is refused and the client is informed of the error
///
/// <https://www.rfc-editor.org/rfc/rfc7009#section-2.1>
fn owned_by(owner: &str, caller: &Client) -> Result<(), OAuthError> {
    if owner == caller.id { Ok(()) } else { Err(foreign()) }
}

fn foreign() -> OAuthError {
    OAuthError::invalid_request("The token is another client's.")
}
