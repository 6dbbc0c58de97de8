//! Where the answer goes: the client must be known, active, and the redirect URI one of its own.

use super::{AuthorizationRequest, ResponseMode, ReturnAddress};
use crate::{Client, OAuthError, redirect_uri};

/// The address to answer to, and whether the request itself named it.
///
/// > If the request fails due to a missing, invalid, or mismatching redirection URI, or if the client
/// > identifier is missing or invalid, the authorization server SHOULD inform the resource owner of the error
/// > and MUST NOT automatically redirect the user-agent to the invalid redirection URI.
///
/// <https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1>
pub fn find(request: &AuthorizationRequest, client: &Client) -> Result<(ReturnAddress, bool), OAuthError> {
    let refuse = |why: &'static str| Err(OAuthError::invalid_request(why));
    match request.repeated.as_deref() {
        Some("client_id") => return refuse("client_id came more than once."),
        Some("redirect_uri") => return refuse("redirect_uri came more than once."),
        _ => {}
    }
    if request.client_id.as_deref() != Some(client.id.as_str()) || !client.is_active {
        return refuse("The client is not known here.");
    }
    let (uri, given) = match (&request.redirect_uri, client.redirect_uris.as_slice()) {
        (Some(uri), registered)
            if registered
                .iter()
                .any(|own| redirect_uri::matches(uri, own, redirect_uri::Apps::of(client))) =>
        {
            (uri, true)
        }
        (Some(_), _) => return refuse("The redirect_uri is not one that the client registered."),
        // OpenID Connect makes it a required parameter; OAuth lets a client with only one leave it out.
        // <https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest>
        (None, [only]) if !request.asks_openid() => (only, false),
        (None, _) => return refuse("The redirect_uri is missing."),
    };
    let state = request.state.clone().filter(|state| state.len() <= super::sizes::LONGEST_STATE);
    Ok((ReturnAddress { redirect_uri: uri.clone(), mode: ResponseMode::of(request), state }, given))
}
