//! Which scopes a request is about: those asked for, known here, allowed to the client.

use super::{AuthorizationRequest, ResponseType};
use crate::{Client, ErrorCode, OAuthError, Policy, Scopes};

/// > The Authorization Server […] MUST ignore the offline_access request unless the Client is using a response_type value
/// > that would result in an Authorization Code being returned
///
/// <https://openid.net/specs/openid-connect-core-1_0.html#OfflineAccess>
pub fn asked(
    request: &AuthorizationRequest,
    client: &Client,
    kind: ResponseType,
    policy: &Policy,
) -> Result<Scopes, OAuthError> {
    let scopes = cut(request.scope.as_deref(), client, policy)?;
    if kind.gives_code() {
        return Ok(scopes);
    }
    let scopes = scopes.without(&Scopes::from_iter(["offline_access"]));
    if scopes.is_empty() {
        refuse("None of the scopes means anything to this response_type.")
    } else {
        Ok(scopes)
    }
}

/// Pinned for S12: unknown scopes are ignored; none left is an error.
///
/// > If the client omits the scope parameter when requesting authorization, the authorization server MUST
/// > either process the request using a pre-defined default value or fail the request indicating an invalid
/// > scope.
///
/// <https://www.rfc-editor.org/rfc/rfc6749#section-3.3>
pub fn cut(asked: Option<&str>, client: &Client, policy: &Policy) -> Result<Scopes, OAuthError> {
    let Some(asked) = asked else { return refuse("The scope is missing.") };
    let Ok(asked) = Scopes::parse(asked) else {
        return refuse("The scope holds a character that is not allowed.");
    };
    // A resource that is not configured any more takes its scopes with it.
    let mut scopes = asked.intersect(&client.allowed_scopes()).intersect(&policy.known_scopes());
    if !client.allows_grant("refresh_token") {
        // Nothing could come of it, so nobody is asked about it.
        scopes = scopes.without(&Scopes::from_iter(["offline_access"]));
    }
    if scopes.is_empty() { refuse("None of the scopes is one that the client may have.") } else { Ok(scopes) }
}

fn refuse<T>(why: &'static str) -> Result<T, OAuthError> {
    Err(OAuthError::new(ErrorCode::InvalidScope, why))
}
