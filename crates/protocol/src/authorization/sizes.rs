//! Nothing twice, nothing too long.

use super::AuthorizationRequest;
use crate::OAuthError;

/// Bytes of `state` that we echo (S11).
pub const LONGEST_STATE: usize = 4096;
/// Bytes of `nonce`, which goes into every ID token.
const LONGEST_NONCE: usize = 1024;
const LONGEST_OTHER: usize = 2048;
/// Of what is a word or a few.
const LONGEST_WORDS: usize = 256;

/// > Request and response parameters MUST NOT be included more than once.
///
/// <https://www.rfc-editor.org/rfc/rfc6749#section-3.1>
pub fn check(request: &AuthorizationRequest) -> Result<(), OAuthError> {
    if request.repeated.is_some() {
        return Err(OAuthError::invalid_request("A parameter came more than once."));
    }
    let limited = [
        (&request.state, LONGEST_STATE),
        (&request.nonce, LONGEST_NONCE),
        (&request.scope, LONGEST_OTHER),
        (&request.login_hint, LONGEST_OTHER),
        (&request.ui_locales, LONGEST_OTHER),
        (&request.prompt, LONGEST_WORDS),
        (&request.max_age, LONGEST_WORDS),
        (&request.dpop_jkt, LONGEST_WORDS),
        (&request.response_mode, LONGEST_WORDS),
    ];
    if limited.into_iter().any(|(value, most)| value.as_ref().is_some_and(|text| text.len() > most)) {
        return Err(OAuthError::invalid_request("A parameter is too long."));
    }
    Ok(())
}
