//! Hints are never trusted; an absurd one is refused before anybody spends cryptography on it.

use super::AuthorizationRequest;
use crate::OAuthError;

/// Bytes of any JWT that we look at (S109).
pub const LONGEST_JWT: usize = 16 * 1024;

pub fn check(request: &AuthorizationRequest) -> Result<(), OAuthError> {
    match &request.id_token_hint {
        Some(jwt) if jwt.len() > LONGEST_JWT => {
            Err(OAuthError::invalid_request("The id_token_hint is too long."))
        }
        _ => Ok(()),
    }
}
