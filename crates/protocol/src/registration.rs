//! What a client may be registered with; the same rules whether a command, a file or an endpoint registers
//! it.

mod described;
mod details;
mod document;
mod offered;
mod trust;

use url::Url;

pub use self::described::described;
pub use self::document::{Author, apply, emptied, fill_gaps};
pub use self::offered::{NotOffered, offered};
pub use self::trust::ends_with_change;
use crate::{
    AuthMethod, Client, ErrorCode, OAuthError, Policy,
    authorization::{IMPLICIT, ResponseType},
    client::BY_DOCUMENT,
    client_document, fapi2,
    logout::channels,
    mcp, redirect_uri, text,
    token::GrantType,
};

const MOST_URIS: usize = 100;

/// Checks the whole registration. Keys are checked by `keyring`, which can read them.
///
/// > invalid_client_metadata: The value of one of the client metadata fields is invalid and the server has
/// > rejected this request.
///
/// <https://www.rfc-editor.org/rfc/rfc7591#section-3.2.2>
pub fn check(client: &Client) -> Result<(), OAuthError> {
    names(client)?;
    if client.redirect_uris.len().max(client.post_logout_redirect_uris.len()) > MOST_URIS {
        return refuse(format!("A client has at most {MOST_URIS} redirect URIs."));
    }
    for uri in &client.redirect_uris {
        redirect_uri::check_registration(uri, redirect_uri::Apps::of(client))?;
    }
    for uri in &client.post_logout_redirect_uris {
        redirect_uri::check_post_logout_registration(uri)?;
    }
    channels::check_registration(client)?;
    grants(client)?;
    authentication(client)?;
    for uri in
        [&client.logo_uri, &client.client_uri, &client.policy_uri, &client.tos_uri].into_iter().flatten()
    {
        page(uri)?;
    }
    details::check(client)
}

/// Clients that register themselves have the profile that the operator says, with its defaults.
pub fn fill_profile(client: &mut Client, policy: &Policy) {
    if client.metadata.profile.is_none() {
        client.metadata.profile.clone_from(&policy.registration_profile);
    }
    fapi2::fill(client);
    mcp::fill(client);
}

/// > The authorization server MAY […] replace any of the client's requested metadata values
///
/// <https://www.rfc-editor.org/rfc/rfc7591#section-2>: for those that register themselves, scopes that we do not know are
/// dropped, as in requests (S12). None left is refused, since an empty set would mean all of ours.
pub fn drop_unknown_scopes(client: &mut Client, policy: &Policy) -> Result<(), OAuthError> {
    let limited = trust::within_limit(client);
    let known = limited.intersect(&policy.known_scopes());
    let is_limited = client.metadata.scope_limit.is_some();
    if known.is_empty() && (is_limited || !client.scopes.is_empty()) {
        return refuse(format!("No scope of these is known here. Known are: {}.", policy.known_scopes()));
    }
    client.scopes = known;
    Ok(())
}

/// The sector of a pairwise client: the host that its redirect URIs share, or that vouches for all of them.
///
/// > If there are multiple hostnames in the registered redirect_uris, the Client MUST register a
/// > sector_identifier_uri.
///
/// <https://openid.net/specs/openid-connect-core-1_0.html#PairwiseAlg>. That host is proof of something only where what
/// tells of people goes there; anybody may write down the host of somebody else. Whoever hears of people otherwise is a
/// sector of its own, unless an administrator has looked at its redirect URIs.
// S116
pub fn sector(client: &Client) -> String {
    let vouching = client.metadata.sector_identifier_uri.as_ref().or(client.redirect_uris.first());
    let proven = vouching.filter(|_| is_told_by_redirects(client));
    proven.and_then(|uri| sector_host(uri)).unwrap_or_else(|| client.id.clone())
}

fn is_told_by_redirects(client: &Client) -> bool {
    let tells = |grant: &String| GrantType::parse(grant).is_some_and(GrantType::tells_without_redirect);
    let redirects = !client.response_types.is_empty() && !client.redirect_uris.is_empty();
    redirects && !(client.is_unchecked() && client.grant_types.iter().any(tells))
}

/// A host that is somebody's: what an app writes behind its own scheme is its own invention, and a loopback address is
/// everybody's. Who has none is a sector of its own.
fn sector_host(uri: &str) -> Option<String> {
    let url = Url::parse(uri).ok().filter(|url| url.scheme() == "https")?;
    url.host_str().map(str::to_owned)
}

fn names(client: &Client) -> Result<(), OAuthError> {
    if !visible(&client.name) {
        return refuse("The name must have 1 to 200 visible characters.");
    }
    // VSCHAR without what would need care in a URL or a header.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let is_document = client.registered_by == BY_DOCUMENT && client_document::is_identifier(&client.id);
    if is_document {
        return Ok(());
    }
    if client.id.is_empty() || client.id.len() > 128 || !client.id.bytes().all(plain) {
        return refuse("The client id must be 1 to 128 letters, digits or -._~.");
    }
    Ok(())
}

/// > grant_types and response_types […] are partially orthogonal, as they refer to arguments passed to
/// > different endpoints […] However, they are related in that the grant_types available to a client
/// > influence the response_types that the client is allowed to use, and vice versa.
///
/// <https://www.rfc-editor.org/rfc/rfc7591#section-2.1>
fn grants(client: &Client) -> Result<(), OAuthError> {
    if client.grant_types.is_empty() {
        return refuse("A client needs a grant_type.");
    }
    let known = |grant: &String| grant == IMPLICIT || GrantType::parse(grant).is_some();
    if !client.grant_types.iter().all(known) {
        return refuse("A grant_type is not supported.");
    }
    let kinds: Option<Vec<ResponseType>> =
        client.response_types.iter().map(|kind| ResponseType::parse(kind)).collect();
    let Some(kinds) = kinds else { return refuse("A response_type is not supported.") };
    if let Some(grant) = kinds.iter().flat_map(|kind| kind.grants()).find(|grant| !client.allows_grant(grant))
    {
        return refuse(format!("The response_types need the grant_type {grant}."));
    }
    if client.allows_grant("authorization_code") && !kinds.iter().any(|kind| kind.gives_code()) {
        return refuse("The grant_type authorization_code needs a response_type with code.");
    }
    if !kinds.is_empty() && client.redirect_uris.is_empty() {
        return Err(OAuthError::new(ErrorCode::InvalidRedirectUri, "The code flow needs a redirect URI."));
    }
    let by_code = client.allows_grant("authorization_code");
    let by_device = client.allows_grant(GrantType::DeviceCode.as_str());
    if client.allows_grant("refresh_token") && !by_code && !by_device {
        return refuse("The grant_type refresh_token needs authorization_code or device_code.");
    }
    // > The client credentials grant type MUST only be used by confidential clients; nor does anybody exchange tokens
    // > without having proven who it is. <https://www.rfc-editor.org/rfc/rfc6749#section-4.4>
    let confidential = [GrantType::ClientCredentials, GrantType::TokenExchange];
    if let Some(grant) =
        confidential.iter().find(|grant| client.is_public() && client.allows_grant(grant.as_str()))
    {
        return refuse(format!("A public client may not use {}.", grant.as_str()));
    }
    Ok(())
}

/// Whether its method of authentication is by keys of which we were told nothing.
pub fn lacks_keys(client: &Client) -> bool {
    let by_key = [AuthMethod::PrivateKeyJwt, AuthMethod::SelfSignedTlsClientAuth];
    by_key.contains(&client.auth_method) && client.jwks.is_none() && client.metadata.jwks_uri.is_none()
}

fn authentication(client: &Client) -> Result<(), OAuthError> {
    let method = client.auth_method;
    let compared = method.has_secret() && !method.signs_with_secret();
    if compared != client.secret_digest.is_some()
        || method.signs_with_secret() != client.sealed_secret.is_some()
    {
        return refuse(
            "A secret belongs to client_secret_basic, client_secret_post and client_secret_jwt, and to no other method.",
        );
    }
    if lacks_keys(client) {
        return refuse(format!("The method {} needs jwks or jwks_uri.", method.as_str()));
    }
    certificate_name(client)?;
    // Whoever wants every token bound must not be given one in a redirect, where no key is shown.
    let is_bound = client.metadata.dpop_bound_access_tokens
        || client.metadata.tls_client_certificate_bound_access_tokens;
    let at_once = |kind: &String| kind.split(' ').any(|part| part == "token");
    if is_bound && client.response_types.iter().any(at_once) {
        return refuse(
            "Bound access tokens come from the token endpoint: a response_type with token cannot give one.",
        );
    }
    Ok(())
}

/// > A client using the tls_client_auth authentication method MUST use exactly one of the below metadata parameters
///
/// <https://www.rfc-editor.org/rfc/rfc8705#section-2.1.2>
fn certificate_name(client: &Client) -> Result<(), OAuthError> {
    let metadata = &client.metadata;
    let names = [
        &metadata.tls_client_auth_subject_dn,
        &metadata.tls_client_auth_san_dns,
        &metadata.tls_client_auth_san_uri,
        &metadata.tls_client_auth_san_ip,
        &metadata.tls_client_auth_san_email,
    ];
    let given = names.into_iter().flatten().count();
    if client.auth_method == AuthMethod::TlsClientAuth && given != 1 {
        return refuse(
            "The method tls_client_auth needs exactly one of tls_client_auth_subject_dn, tls_client_auth_san_dns, tls_client_auth_san_uri, tls_client_auth_san_ip and tls_client_auth_san_email.",
        );
    }
    let is_ip = |text: &String| text.parse::<std::net::IpAddr>().is_ok();
    if metadata.tls_client_auth_san_ip.as_ref().is_some_and(|ip| !is_ip(ip)) {
        return refuse("The tls_client_auth_san_ip is no address.");
    }
    Ok(())
}

/// Something that a person can read.
fn visible(text: &str) -> bool {
    !text.trim().is_empty() && text.len() <= 200 && text::is_visible(text)
}

/// Pages and logos that we show a link or picture of (S79), and addresses that we ask or send people to.
fn page(uri: &str) -> Result<(), OAuthError> {
    let good = uri.len() <= 2000
        && uri.bytes().all(|byte| byte.is_ascii_graphic())
        && Url::parse(uri).is_ok_and(|url| {
            let loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
            url.scheme() == "https" || (url.scheme() == "http" && loopback)
        });
    if good {
        Ok(())
    } else {
        refuse("The addresses of a client's pages, logo, keys and notices must be https.")
    }
}

fn refuse<T>(why: impl Into<std::borrow::Cow<'static, str>>) -> Result<T, OAuthError> {
    Err(OAuthError::new(ErrorCode::InvalidClientMetadata, why))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn each_contradiction_is_refused() {
        assert_eq!(check(&samples::client()), Ok(()));
        assert_eq!(check(&samples::public_client()), Ok(()));
        let broken: [fn(&mut Client); 13] = [
            |client| client.name = " ".into(),
            |client| client.id = "a b".into(),
            |client| client.redirect_uris = vec!["https://app.example/#x".into()],
            |client| client.redirect_uris.clear(),
            |client| client.grant_types.clear(),
            |client| client.grant_types = vec!["password".into()],
            |client| client.grant_types = vec!["refresh_token".into()],
            |client| client.response_types = vec!["token".into()],
            |client| client.response_types.clear(),
            |client| client.secret_digest = None,
            |client| client.auth_method = AuthMethod::PrivateKeyJwt,
            |client| client.auth_method = AuthMethod::None,
            |client| client.logo_uri = Some("javascript:alert(1)".into()),
        ];
        for (place, spoil) in broken.into_iter().enumerate() {
            let mut client = samples::client();
            spoil(&mut client);
            assert!(check(&client).is_err(), "case {place}");
        }
    }

    // S116: nobody takes a place in another's sector.
    #[test]
    fn a_sector_is_a_host_that_is_somebody_s() {
        let of = |redirect_uri: &str, vouching: Option<&str>| {
            let mut client = samples::client();
            client.redirect_uris = vec![redirect_uri.to_owned()];
            client.metadata.sector_identifier_uri = vouching.map(str::to_owned);
            (sector(&client), client.id)
        };
        assert_eq!(of("https://app.example:8443/cb", None).0, "app.example");
        assert_eq!(of("https://app.example/cb", Some("https://all.example/list")).0, "all.example");
        for everybody_s in [
            "com.evil.app://bank.example/cb",
            "com.evil.app:/cb",
            "http://127.0.0.1/cb",
            "http://localhost/cb",
        ] {
            let (sector, id) = of(everybody_s, None);
            assert_eq!(sector, id, "{everybody_s}");
        }
    }

    // S116: a host that was only written down proves nothing.
    #[test]
    fn who_is_told_without_a_redirect_is_a_sector_of_its_own() {
        let of = |change: &dyn Fn(&mut Client)| {
            let mut client = samples::client();
            client.redirect_uris = vec!["https://bank.example/cb".into()];
            change(&mut client);
            (sector(&client) == client.id, sector(&client) == "bank.example")
        };
        let by_itself = |grant: GrantType| {
            move |client: &mut Client| {
                client.registered_by = "open".into();
                client.grant_types.push(grant.as_str().into());
            }
        };
        for grant in GrantType::ALL {
            let own = grant.tells_without_redirect();
            assert_eq!(of(&by_itself(grant)), (own, !own), "{grant:?}");
            assert_eq!(of(&|client| client.grant_types.push(grant.as_str().into())), (false, true));
        }
        assert_eq!(of(&|client| client.response_types.clear()), (true, false));
        let vouched = |client: &mut Client| {
            client.metadata.sector_identifier_uri = Some("https://bank.example/sector".into());
            client.redirect_uris.clear();
        };
        assert_eq!(of(&vouched), (true, false));
    }
}
