//! Ways of asking that we do not offer and say so.

use super::AuthorizationRequest;
use crate::{ErrorCode, OAuthError};

/// > request_not_supported: The OP does not support use of the request parameter […]
///
/// <https://openid.net/specs/openid-connect-core-1_0.html#AuthError>
pub fn check(request: &AuthorizationRequest) -> Result<(), OAuthError> {
    let refused = [
        (&request.request, ErrorCode::RequestNotSupported),
        (&request.request_uri, ErrorCode::RequestUriNotSupported),
        (&request.registration, ErrorCode::RegistrationNotSupported),
    ];
    match refused.into_iter().find(|(value, _)| value.is_some()) {
        Some((_, code)) => Err(OAuthError::new(code, "Send the parameters of the request themselves.")),
        None => Ok(()),
    }
}
