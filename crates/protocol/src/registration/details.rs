//! The members that not every client has: [`crate::ClientMetadata`]. Those about signing out are in [`crate::logout`].

use std::collections::BTreeSet;

use url::Url;

use super::{page, refuse, sector_host, visible};
use crate::{Client, OAuthError, SigningAlg, authorization::IMPLICIT, client, fapi2};

/// Beyond this nobody means well.
const MOST: usize = 50;

pub fn check(client: &Client) -> Result<(), OAuthError> {
    let metadata = &client.metadata;
    application_type(client)?;
    subject_type(client)?;
    if metadata.profile.as_deref().is_some_and(|profile| !["fapi2", "mcp"].contains(&profile)) {
        return refuse("The profile must be fapi2 or mcp.");
    }
    if metadata.contacts.len() > MOST || !metadata.contacts.iter().all(|contact| visible(contact)) {
        return refuse("The contacts must be a few e-mail addresses.");
    }
    languages(client)?;
    // > The jwks_uri and jwks parameters MUST NOT both be present in the same request or response.
    // > https://www.rfc-editor.org/rfc/rfc7591#section-2 (S78)
    if client.jwks.is_some() && metadata.jwks_uri.is_some() {
        return refuse("A client has a jwks or a jwks_uri, not both.");
    }
    let addresses = [
        &metadata.jwks_uri,
        &metadata.sector_identifier_uri,
        // > The URI MUST use the https scheme.
        // > https://openid.net/specs/openid-connect-core-1_0.html#ThirdPartyInitiatedLogin
        &metadata.initiate_login_uri,
    ];
    for uri in addresses.into_iter().flatten().chain(&metadata.request_uris) {
        page(uri)?;
    }
    if metadata.request_uris.len() > MOST {
        return refuse("There are too many request_uris.");
    }
    algorithms(client)?;
    fapi2::check_registration(client)?;
    if metadata.default_max_age.is_some_and(i64::is_negative) {
        return refuse("The default_max_age must be a number of seconds.");
    }
    Ok(())
}

/// > Web Clients using the OAuth Implicit Grant Type MUST only register URLs using the https scheme as redirect_uris; they
/// > MUST NOT use localhost as the hostname.
///
/// <https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata>. Native clients may also have https
/// addresses that they claimed: <https://www.rfc-editor.org/rfc/rfc8252#section-7.2>.
fn application_type(client: &Client) -> Result<(), OAuthError> {
    match client.metadata.application_type.as_deref() {
        None | Some("native") => Ok(()),
        Some("web") if !client.allows_grant(IMPLICIT) => Ok(()),
        Some("web") => {
            let remote = |uri: &String| {
                let url = Url::parse(uri).ok();
                url.is_some_and(|url| url.scheme() == "https" && url.host_str() != Some("localhost"))
            };
            if client.redirect_uris.iter().all(remote) {
                Ok(())
            } else {
                refuse(
                    "A web application with the implicit grant has https redirect URIs, none on localhost.",
                )
            }
        }
        Some(_) => refuse("The application_type must be web or native."),
    }
}

/// > When … the Client … has multiple hostnames in its registered redirect_uris, the Client MUST register a
/// > sector_identifier_uri.
///
/// <https://openid.net/specs/openid-connect-core-1_0.html#PairwiseAlg>. What stands there is fetched and compared before
/// it is believed: `web::sector`.
// S78, S116
fn subject_type(client: &Client) -> Result<(), OAuthError> {
    // Every list holds all of none.
    if client.metadata.sector_identifier_uri.is_some() && client.redirect_uris.is_empty() {
        return refuse("A sector_identifier_uri vouches for redirect URIs, and there are none.");
    }
    match client.metadata.subject_type.as_deref() {
        None | Some("public") => return Ok(()),
        Some("pairwise") => {}
        Some(_) => return refuse("The subject_type must be public or pairwise."),
    }
    let hosts: BTreeSet<Option<String>> = client.redirect_uris.iter().map(|uri| sector_host(uri)).collect();
    if client.metadata.sector_identifier_uri.is_none() && hosts.len() > 1 {
        return refuse(
            "A pairwise client with redirect URIs on several hosts needs a sector_identifier_uri.",
        );
    }
    // A logout token has the person's name in this sector, and goes there without anybody's doing.
    let home = |uri: &String| hosts.contains(&sector_host(uri));
    if client.is_unchecked() && !client.metadata.backchannel_logout_uri.as_ref().is_none_or(home) {
        return refuse(
            "The backchannel_logout_uri of a pairwise client must have the host of a redirect URI.",
        );
    }
    Ok(())
}

/// `client_name#fr` and its like: as the members without a language.
fn languages(client: &Client) -> Result<(), OAuthError> {
    if client.metadata.localized.len() > MOST {
        return refuse("There are too many languages.");
    }
    for (name, value) in &client.metadata.localized {
        match name.split_once('#') {
            Some(("client_name", _)) if visible(value) => {}
            Some(("client_name", _)) => return refuse("The name must have 1 to 200 visible characters."),
            _ => page(value)?,
        }
    }
    Ok(())
}

/// What is not in the tables that sign, verify and encrypt is not registered either (S91, S102).
fn algorithms(client: &Client) -> Result<(), OAuthError> {
    let metadata = &client.metadata;
    let signed = [
        ("userinfo_signed_response_alg", &metadata.userinfo_signed_response_alg),
        ("authorization_signed_response_alg", &metadata.authorization_signed_response_alg),
        ("introspection_signed_response_alg", &metadata.introspection_signed_response_alg),
    ];
    for (member, alg) in signed {
        if alg.as_deref().is_some_and(|alg| SigningAlg::parse(alg).is_none()) {
            return refuse(format!("This {member} is not supported."));
        }
    }
    let encrypted = [
        ("id_token_encrypted_response", metadata.id_token_encryption()),
        ("userinfo_encrypted_response", metadata.userinfo_encryption()),
    ];
    for (member, encryption) in encrypted {
        if let Err(bad) = encryption {
            return refuse(format!("This {member} is not supported: {bad}."));
        }
        if encryption != Ok(None) && client.jwks.is_none() && metadata.jwks_uri.is_none() {
            return refuse(format!("{member}_alg needs jwks or jwks_uri."));
        }
    }
    let alg = metadata.token_endpoint_auth_signing_alg.as_deref();
    // > token_endpoint_auth_signing_alg […] for the private_key_jwt and client_secret_jwt methods
    let by_secret = client.auth_method.signs_with_secret();
    let suits = |alg: &str| match by_secret {
        true => alg == client::SHARED_ASSERTION_ALG,
        false => client::ASSERTION_ALGS.contains(&alg),
    };
    if alg.is_some_and(|alg| !suits(alg)) {
        return refuse("This token_endpoint_auth_signing_alg is not supported.");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AuthMethod, samples};

    fn with(change: impl FnOnce(&mut Client)) -> Result<(), OAuthError> {
        let mut client = samples::client();
        change(&mut client);
        check(&client)
    }

    // S78, S79, S116
    #[test]
    fn each_member_is_looked_at() {
        let text = |text: &str| Some(text.to_owned());
        let good: [fn(&mut Client); 3] = [
            |client| {
                client.metadata.subject_type = Some("pairwise".into());
                client.metadata.jwks_uri = Some("https://app.example/jwks".into());
                client.metadata.request_uris = vec!["https://app.example/request#sha".into()];
                client.metadata.localized.insert("client_name#fr".into(), "Mur".into());
            },
            |client| client.metadata.default_max_age = Some(0),
            |client| client.metadata.userinfo_signed_response_alg = Some("ES256".into()),
        ];
        for (place, change) in good.into_iter().enumerate() {
            assert_eq!(with(change), Ok(()), "case {place}");
        }
        let bad: [&dyn Fn(&mut Client); 18] = [
            &|client| client.metadata.application_type = text("service"),
            &|client| client.metadata.subject_type = text("transient"),
            &|client| client.metadata.profile = text("fapi1"),
            &|client| client.metadata.contacts = vec!["a\u{0}".into()],
            &|client| {
                client.metadata.localized.insert("client_name#fr".into(), "S\u{202e}pan".into());
            },
            &|client| client.metadata.jwks_uri = text("http://app.example/jwks"),
            &|client| client.metadata.sector_identifier_uri = text("http://app.example/sector"),
            &|client| client.metadata.initiate_login_uri = text("http://app.example/login"),
            &|client| client.metadata.request_uris = vec!["ftp://app.example/".into()],
            &|client| client.metadata.userinfo_signed_response_alg = text("none"),
            &|client| client.metadata.id_token_encrypted_response_alg = text("dir"),
            &|client| client.metadata.userinfo_encrypted_response_enc = text("A256GCM"),
            &|client| client.metadata.token_endpoint_auth_signing_alg = text("none"),
            &|client| client.metadata.default_max_age = Some(-1),
            &|client| {
                client.metadata.jwks_uri = text("https://app.example/jwks");
                client.jwks = text("{}");
                client.auth_method = AuthMethod::PrivateKeyJwt;
            },
            &|client| {
                client.metadata.subject_type = text("pairwise");
                client.redirect_uris.push("https://other.example/cb".into());
            },
            &|client| {
                client.metadata.sector_identifier_uri = text("https://app.example/sector");
                client.redirect_uris.clear();
                client.response_types.clear();
            },
            &|client| {
                client.metadata.subject_type = text("pairwise");
                client.metadata.backchannel_logout_uri = text("https://other.example/out");
                client.registered_by = "open".into();
            },
        ];
        for (place, change) in bad.into_iter().enumerate() {
            assert!(with(change).is_err(), "case {place}");
        }
    }

    #[test]
    fn a_web_application_with_the_implicit_grant_is_no_local_one() {
        for (application_type, redirect_uri, good) in [
            (Some("web"), "https://app.example/cb", true),
            (Some("web"), "http://127.0.0.1/cb", false),
            (Some("web"), "https://localhost/cb", false),
            (Some("native"), "http://127.0.0.1/cb", true),
            (None, "http://127.0.0.1/cb", true),
        ] {
            let checked = with(|client| {
                client.grant_types.push(IMPLICIT.into());
                client.metadata.application_type = application_type.map(str::to_owned);
                client.redirect_uris = vec![redirect_uri.into()];
            });
            assert_eq!(checked.is_ok(), good, "{application_type:?} {redirect_uri}");
        }
    }
}
