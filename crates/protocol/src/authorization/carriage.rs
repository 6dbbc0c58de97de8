//! How a request must travel: pushed where somebody demands it, in a signed object where somebody demands that.

use super::AuthorizationRequest;
use crate::{Client, ErrorCode, OAuthError, Policy};

/// > require_pushed_authorization_requests: Boolean parameter indicating whether the authorization server accepts
/// > authorization request data only via PAR. […] indicating whether the only means of initiating an authorization request
/// > the client is allowed to use is PAR.
///
/// <https://www.rfc-editor.org/rfc/rfc9126#section-5>
// S19, S22
pub fn check(request: &AuthorizationRequest, client: &Client, policy: &Policy) -> Result<(), OAuthError> {
    // Objects and references have been opened by now; what still holds one came by a way that takes none.
    let refused = [
        (&request.request, ErrorCode::RequestNotSupported),
        (&request.request_uri, ErrorCode::RequestUriNotSupported),
        (&request.registration, ErrorCode::RegistrationNotSupported),
    ];
    if let Some((_, code)) = refused.into_iter().find(|(value, _)| value.is_some()) {
        return Err(OAuthError::new(code, "Send the parameters of the request themselves."));
    }
    if must_push(client, policy) && !request.pushed {
        return Err(OAuthError::invalid_request("The request must be pushed first (RFC 9126)."));
    }
    if client.metadata.require_signed_request_object && !request.signed {
        return Err(OAuthError::invalid_request(
            "The request must be in a signed request object (RFC 9101).",
        ));
    }
    Ok(())
}

fn must_push(client: &Client, policy: &Policy) -> bool {
    policy.require_pushed_authorization_requests
        || client.metadata.require_pushed_authorization_requests
        || client.metadata.is_fapi2()
}
