//! The `max_age` parameter.

use crate::OAuthError;

/// > Maximum Authentication Age. Specifies the allowable elapsed time in seconds since the last time the
/// > End-User was actively authenticated by the OP.
///
/// <https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest>. Digits only; what does not fit is for
/// ever.
// S16
pub fn parse(text: Option<&str>) -> Result<Option<i64>, OAuthError> {
    let Some(text) = text else { return Ok(None) };
    if !text.bytes().all(|byte| byte.is_ascii_digit()) || text.len() > 20 {
        return Err(OAuthError::invalid_request("The max_age must be a number of seconds."));
    }
    // Capped so that arithmetic in microseconds cannot overflow.
    const LONGEST: i64 = 100 * 365 * 24 * 3600;
    Ok(Some(text.parse().unwrap_or(LONGEST).min(LONGEST)))
}
