//! What a request for an ID token from the authorization endpoint itself must bring.

use super::{AuthorizationRequest, ResponseType};
use crate::{OAuthError, Scopes};

/// > nonce: REQUIRED. String value used to associate a Client session with an ID Token, and to mitigate replay attacks.
///
/// <https://openid.net/specs/openid-connect-core-1_0.html#ImplicitAuthRequest>
///
/// > Use of the nonce Claim is REQUIRED for this flow.
///
/// <https://openid.net/specs/openid-connect-core-1_0.html#HybridIDToken>, where an ID token comes with the code.
///
/// > OpenID Connect requests MUST contain the openid scope value.
///
/// <https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest>
pub fn check(request: &AuthorizationRequest, kind: ResponseType, scopes: &Scopes) -> Result<(), OAuthError> {
    if !kind.gives_id_token() {
        return Ok(());
    }
    if !scopes.contains("openid") {
        return Err(OAuthError::invalid_request("An id_token needs the scope openid."));
    }
    if request.nonce.is_none() {
        return Err(OAuthError::invalid_request("An id_token needs a nonce."));
    }
    Ok(())
}
