//! Resource indicators: we serve one resource, ourselves.

use crate::{ErrorCode, OAuthError, Policy};

/// > invalid_target: The requested resource is invalid, missing, unknown, or malformed.
///
/// <https://www.rfc-editor.org/rfc/rfc8707#section-2>
// S72
pub fn check(asked: Option<&str>, policy: &Policy) -> Result<(), OAuthError> {
    match asked {
        None => Ok(()),
        Some(resource) if resource.strip_suffix('/').unwrap_or(resource) == policy.issuer => Ok(()),
        Some(_) => Err(OAuthError::new(ErrorCode::InvalidTarget, "The resource is not known here.")),
    }
}
