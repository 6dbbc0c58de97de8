//! What is asked for: a code, and nothing but a code.

use super::AuthorizationRequest;
use crate::{Client, ErrorCode, OAuthError};

/// > clients SHOULD NOT use the implicit grant […] Clients SHOULD instead use the response type code
///
/// <https://www.rfc-editor.org/rfc/rfc9700#section-2.1.2>
pub const SUPPORTED: [&str; 1] = ["code"];

// S7
pub fn check(request: &AuthorizationRequest, client: &Client) -> Result<(), OAuthError> {
    let Some(asked) = request.response_type.as_deref() else {
        return Err(OAuthError::invalid_request("The response_type is missing."));
    };
    if !SUPPORTED.contains(&asked) {
        return Err(OAuthError::new(
            ErrorCode::UnsupportedResponseType,
            "Only the response_type code is supported.",
        ));
    }
    if !client.response_types.iter().any(|own| own == asked) || !client.allows_grant("authorization_code") {
        return Err(OAuthError::new(
            ErrorCode::UnauthorizedClient,
            "The client is not registered for this response_type.",
        ));
    }
    Ok(())
}
