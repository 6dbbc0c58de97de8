//! The two ways in which clients hear that a session has ended: a token that we send them (back channel), a frame that the
//! browser loads (front channel).

use serde_json::{Map, Value, json};
use url::Url;

use crate::{
    Client, ErrorCode, Micros, OAuthError, SECOND, authorization::with_query, redirect_uri, seconds,
};

/// > It is RECOMMENDED that Logout Tokens have a short expiration time in the exp claim, preferably at most two minutes
///
/// <https://openid.net/specs/openid-connect-backchannel-1_0.html#LogoutToken>
const LIFE: Micros = 2 * 60 * SECOND;

/// Whether these addresses may be registered.
///
/// > The back-channel logout URI MUST be an absolute URI […] The back-channel logout URI MUST NOT include a fragment
/// > component.
///
/// <https://openid.net/specs/openid-connect-backchannel-1_0.html#BCRegistration>
///
/// > The domain, port, and scheme of this URL MUST be the same as that of a registered Redirection URI value.
///
/// <https://openid.net/specs/openid-connect-frontchannel-1_0.html#RPLogout>
// S77
pub fn check_registration(client: &Client) -> Result<(), OAuthError> {
    let (back, front) = (&client.metadata.backchannel_logout_uri, &client.metadata.frontchannel_logout_uri);
    for (name, uri) in [("backchannel_logout_uri", back), ("frontchannel_logout_uri", front)] {
        let Some(uri) = uri else { continue };
        if redirect_uri::check_post_logout_registration(uri).is_err() || origin(uri).is_none() {
            return refuse(format!("The {name} must be an https URI without a fragment."));
        }
    }
    let at_home = |uri: &String| client.redirect_uris.iter().any(|home| origin(home) == origin(uri));
    if !front.as_ref().is_none_or(at_home) {
        return refuse("The frontchannel_logout_uri must have the origin of a redirect URI.".to_owned());
    }
    Ok(())
}

/// The frame that tells a client.
///
/// > The OP MAY add these query parameters when rendering the logout URI, and if either is included, both MUST be
///
/// <https://openid.net/specs/openid-connect-frontchannel-1_0.html#RPLogout>. They always are: a client cannot tell
/// otherwise which of a browser's sessions is meant.
pub fn frame(client: &Client, issuer: &str, sid: &str) -> Option<String> {
    let uri = client.metadata.frontchannel_logout_uri.as_deref().filter(|_| client.is_active)?;
    Some(with_query(uri, &[("iss", issuer), ("sid", sid)]))
}

/// What a logout token says.
///
/// > A Logout Token MUST contain either a sub or a sid Claim, and MAY contain both. […] The following Claim MUST NOT be
/// > used within the Logout Token: nonce
///
/// <https://openid.net/specs/openid-connect-backchannel-1_0.html#LogoutToken>
// S100
pub fn logout_token(
    issuer: &str,
    client_id: &str,
    subject: &str,
    sid: &str,
    jti: &str,
    now: Micros,
) -> Map<String, Value> {
    let mut claims = Map::new();
    for (name, value) in [("iss", issuer), ("sub", subject), ("aud", client_id), ("sid", sid), ("jti", jti)] {
        claims.insert(name.to_owned(), value.into());
    }
    claims.insert("iat".to_owned(), seconds(now).into());
    claims.insert("exp".to_owned(), seconds(now + LIFE).into());
    claims.insert("events".to_owned(), json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
    claims
}

/// Scheme, host and port, of web addresses alone.
pub(super) fn origin(uri: &str) -> Option<String> {
    let url = Url::parse(uri).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.origin().ascii_serialization())
}

fn refuse(why: String) -> Result<(), OAuthError> {
    Err(OAuthError::new(ErrorCode::InvalidClientMetadata, why))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn client(change: impl FnOnce(&mut Client)) -> Client {
        let mut client = samples::client();
        client.redirect_uris = vec!["https://app.example/cb".into(), "com.example.app:/cb".into()];
        change(&mut client);
        client
    }

    // S77
    #[test]
    fn which_addresses_may_be_registered() {
        for (uri, back, front) in [
            ("https://app.example/out", true, true),
            ("https://app.example/out?a=b", true, true),
            ("https://app.example:8443/out", true, false),
            ("https://other.example/out", true, false),
            ("http://app.example/out", false, false),
            ("https://app.example/out#f", false, false),
            ("com.example.app:/out", false, false),
            ("javascript:alert(1)", false, false),
            ("/out", false, false),
        ] {
            let by_back = client(|client| client.metadata.backchannel_logout_uri = Some(uri.into()));
            let by_front = client(|client| client.metadata.frontchannel_logout_uri = Some(uri.into()));
            let good = (check_registration(&by_back).is_ok(), check_registration(&by_front).is_ok());
            assert_eq!(good, (back, front), "{uri}");
        }
    }

    #[test]
    fn a_frame_names_issuer_and_session() {
        let with = |uri: &str| client(|client| client.metadata.frontchannel_logout_uri = Some(uri.into()));
        let frame = |client: &Client| frame(client, "https://op.example", "s 1");
        assert_eq!(
            frame(&with("https://app.example/out?a=b")).as_deref(),
            Some("https://app.example/out?a=b&iss=https%3A%2F%2Fop.example&sid=s%201")
        );
        assert_eq!(frame(&client(|_| ())), None);
        assert_eq!(frame(&Client { is_active: false, ..with("https://app.example/out") }), None);
    }

    // S100
    #[test]
    fn a_logout_token_is_short_lived_and_has_no_nonce() {
        let claims = logout_token("https://op.example", "c1", "u1", "s1", "j1", 1_000 * SECOND);
        let names: Vec<&str> = claims.keys().map(String::as_str).collect();
        let mut expected = ["iss", "sub", "aud", "sid", "jti", "iat", "exp", "events"];
        expected.sort_unstable();
        let mut found = names.clone();
        found.sort_unstable();
        assert_eq!(found, expected);
        assert_eq!((&claims["iat"], &claims["exp"]), (&json!(1000), &json!(1120)));
        assert_eq!(claims["events"], json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
    }
}
