//! The `max_age` parameter.

use super::AuthorizationRequest;
use crate::{Client, OAuthError};

/// Seconds; capped so that arithmetic in microseconds cannot overflow.
const LONGEST: i64 = 100 * 365 * 24 * 3600;

/// > default_max_age: Default Maximum Authentication Age. […] The max_age request parameter overrides this default value.
///
/// <https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata>
pub fn of(request: &AuthorizationRequest, client: &Client) -> Result<Option<i64>, OAuthError> {
    Ok(parse(request.max_age.as_deref())?
        .or(client.metadata.default_max_age.map(|age| age.clamp(0, LONGEST))))
}

/// > Maximum Authentication Age. Specifies the allowable elapsed time in seconds since the last time the
/// > End-User was actively authenticated by the OP.
///
/// <https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest>. Digits only; what does not fit is for
/// ever.
// S16
fn parse(text: Option<&str>) -> Result<Option<i64>, OAuthError> {
    let Some(text) = text else { return Ok(None) };
    if !text.bytes().all(|byte| byte.is_ascii_digit()) || text.len() > 20 {
        return Err(OAuthError::invalid_request("The max_age must be a number of seconds."));
    }
    Ok(Some(text.parse().unwrap_or(LONGEST).min(LONGEST)))
}
