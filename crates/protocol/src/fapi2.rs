//! What `profile = "fapi2"` on a client means: the FAPI 2.0 Security Profile, rule by rule.
//! <https://openid.net/specs/fapi-security-profile-2_0-final.html#name-requirements-for-authorizati>
//!
//! What that profile asks of every provider and we do for every client stands elsewhere: `iss` in every answer
//! ([`crate::authorization::ReturnAddress`]), redirects by 303, exact redirect URIs, no password grant, no token in a
//! query. Here is what such a client has beyond the usual:
//!
//! | rule | where it is enforced |
//! |---|---|
//! | 1. it authenticates by a key or a certificate | [`check_registration`] |
//! | 2. everything is signed with PS256, ES256 or EdDSA | [`ALGS`], [`assertion_algs`], [`check_registration`] |
//! | 3. the audience of its assertions is the issuer, as a string | [`is_audience`] |
//! | 4. its requests are pushed | `authorization/carriage.rs` by [`ClientMetadata::is_fapi2`] |
//! | 5. `response_type=code` and nothing else | [`check_registration`], [`check_request`] |
//! | 6. PKCE with S256, whatever `oauth.pkce` says | [`check_request`] |
//! | 7. every request names its `redirect_uri` | [`check_request`] |
//! | 8. a code lives a minute at most | [`code_ttl`] |
//! | 9. its access tokens are bound to a key or a certificate | [`needs_confirmation`] |
//! | 10. refresh tokens are not rotated | [`check_registration`], [`crate::Client::rotates_refresh_tokens`] |
//! | 11. its request objects live an hour at most | [`check_lifetime`] |
//!
//! [`ClientMetadata::is_fapi2`]: crate::ClientMetadata::is_fapi2

use crate::{
    AuthMethod, Client, ErrorCode, Micros, OAuthError, SECOND, SigningAlg,
    authorization::{AuthorizationRequest, request_object},
    client::ASSERTION_ALGS,
};

/// > Authorization servers, clients, and resource servers when creating or processing JWTs shall […] use PS256, ES256, or
/// > EdDSA (using the Ed25519 variant) algorithms
///
/// <https://openid.net/specs/fapi-security-profile-2_0-final.html#section-5.4.1>
pub const ALGS: [&str; 3] = ["PS256", "ES256", "EdDSA"];

/// > issue authorization codes with a maximum lifetime of 60 seconds
const LONGEST_CODE: Micros = 60 * SECOND;

/// Seconds; of a request object, from its `nbf` to its `exp`, and from its `nbf` to now.
const LONGEST_OBJECT: i64 = 3600;

/// The algorithms that a client may sign its assertions and proofs with.
// S55
pub fn assertion_algs(client: &Client) -> &'static [&'static str] {
    if client.metadata.is_fapi2() { &ALGS } else { &ASSERTION_ALGS }
}

/// Whether an assertion's audience will do, whatever the others may name: one string, and that string the issuer.
///
/// > shall only accept its issuer identifier value […] as a string in the aud claim received in client authentication
/// > assertions
// S55
pub fn is_audience(client: &Client, aud: &[&str], is_list: bool, issuer: &str) -> bool {
    !client.metadata.is_fapi2() || (!is_list && aud == [issuer])
}

/// > shall only issue sender-constrained access tokens
pub fn needs_confirmation(client: &Client) -> bool {
    client.metadata.is_fapi2()
}

/// How long the codes of a client may live.
pub fn code_ttl(client: &Client, usual: Micros) -> Micros {
    if client.metadata.is_fapi2() { usual.min(LONGEST_CODE) } else { usual }
}

/// What such a client may be registered with.
pub fn check_registration(client: &Client) -> Result<(), OAuthError> {
    if !client.metadata.is_fapi2() {
        return Ok(());
    }
    let by_key = ["private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth"];
    if !by_key.contains(&client.auth_method.as_str()) {
        return refuse("A client of profile fapi2 authenticates by private_key_jwt or by a certificate.");
    }
    if client.response_types.iter().any(|kind| kind != "code") || client.allows_grant("implicit") {
        return refuse("A client of profile fapi2 has the response_type code alone.");
    }
    if client.rotate_refresh {
        return refuse("Refresh tokens of a client of profile fapi2 are not rotated.");
    }
    let metadata = &client.metadata;
    let named = [
        &metadata.token_endpoint_auth_signing_alg,
        &metadata.request_object_signing_alg,
        &metadata.authorization_signed_response_alg,
        &metadata.userinfo_signed_response_alg,
        &metadata.introspection_signed_response_alg,
    ];
    let mut used = named.into_iter().flatten().map(String::as_str).chain([client.id_token_alg.as_str()]);
    if used.any(|alg| !ALGS.contains(&alg)) {
        return refuse("A client of profile fapi2 uses PS256, ES256 or EdDSA.");
    }
    Ok(())
}

/// What the profile changes where a registration says nothing.
pub fn fill(client: &mut Client) {
    if client.metadata.is_fapi2() {
        if client.id_token_alg == SigningAlg::RS256 {
            client.id_token_alg = SigningAlg::PS256;
        }
        if client.auth_method.has_secret() {
            client.auth_method = AuthMethod::PrivateKeyJwt;
        }
        client.metadata.require_pushed_authorization_requests = true;
    }
}

/// What its authorization requests must have, beside having been pushed.
pub fn check_request(request: &AuthorizationRequest, client: &Client) -> Result<(), OAuthError> {
    if !client.metadata.is_fapi2() {
        return Ok(());
    }
    // > shall require the redirect_uri parameter in pushed authorization requests
    if request.redirect_uri.is_none() {
        return Err(OAuthError::invalid_request("The redirect_uri is missing."));
    }
    // > shall require the value of response_type described in [RFC6749] to be code
    if request.response_type.as_deref().is_some_and(|kind| kind != "code") {
        let why = "A client of profile fapi2 has the response_type code alone.";
        return Err(OAuthError::new(ErrorCode::UnsupportedResponseType, why));
    }
    // > shall require PKCE [RFC7636] with S256 as the code challenge method
    if request.code_challenge.is_none() {
        return Err(OAuthError::invalid_request("The code_challenge is missing."));
    }
    Ok(())
}

/// > shall require the request object to contain an nbf claim that is no longer than 60 minutes in the past […] an exp
/// > claim that has a lifetime of no longer than 60 minutes after the nbf claim
///
/// <https://openid.net/specs/fapi-message-signing-2_0.html#section-5.3.1>
pub fn check_lifetime(exp: Option<i64>, nbf: Option<i64>, now: i64) -> Result<(), OAuthError> {
    match (exp, nbf) {
        (Some(exp), Some(nbf)) if now - nbf <= LONGEST_OBJECT && exp - nbf <= LONGEST_OBJECT => Ok(()),
        _ => request_object::refuse(
            "A request object of profile fapi2 has an nbf and an exp, an hour apart at most.",
        ),
    }
}

fn refuse(why: &'static str) -> Result<(), OAuthError> {
    Err(OAuthError::new(ErrorCode::InvalidClientMetadata, why))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn client() -> Client {
        let mut client = samples::client();
        client.metadata.profile = Some("fapi2".into());
        client.secret_digest = None;
        client.jwks = Some("{}".into());
        fill(&mut client);
        client
    }

    #[test]
    fn each_rule_of_the_registration() {
        assert_eq!(check_registration(&client()), Ok(()));
        let broken: [fn(&mut Client); 7] = [
            |client| client.auth_method = AuthMethod::SecretBasic,
            |client| client.auth_method = AuthMethod::None,
            |client| client.id_token_alg = SigningAlg::RS256,
            |client| client.response_types.push("code id_token".into()),
            |client| client.grant_types.push("implicit".into()),
            |client| client.rotate_refresh = true,
            |client| client.metadata.request_object_signing_alg = Some("RS256".into()),
        ];
        for (place, spoil) in broken.into_iter().enumerate() {
            let mut client = client();
            spoil(&mut client);
            assert!(check_registration(&client).is_err(), "case {place}");
            client.metadata.profile = None;
            assert_eq!(check_registration(&client), Ok(()), "only with the profile: case {place}");
        }
    }

    #[test]
    fn each_rule_of_the_request() {
        let good = AuthorizationRequest {
            redirect_uri: Some("https://app.example/cb".into()),
            response_type: Some("code".into()),
            code_challenge: Some("x".into()),
            ..AuthorizationRequest::default()
        };
        assert_eq!(check_request(&good, &client()), Ok(()));
        for bad in [
            AuthorizationRequest { redirect_uri: None, ..good.clone() },
            AuthorizationRequest { response_type: Some("code id_token".into()), ..good.clone() },
            AuthorizationRequest { code_challenge: None, ..good.clone() },
        ] {
            assert!(check_request(&bad, &client()).is_err());
            assert_eq!(check_request(&bad, &samples::client()), Ok(()));
        }
    }

    #[test]
    fn audiences_lives_and_algorithms() {
        let (fapi, usual) = (client(), samples::client());
        assert!(is_audience(&fapi, &["https://op"], false, "https://op"));
        for (aud, is_list) in [(&["https://op"][..], true), (&["https://op/token"], false), (&[], true)] {
            assert!(
                !is_audience(&fapi, aud, is_list, "https://op")
                    && is_audience(&usual, aud, is_list, "https://op")
            );
        }
        assert_eq!(
            (code_ttl(&fapi, 600 * SECOND), code_ttl(&usual, 600 * SECOND)),
            (LONGEST_CODE, 600 * SECOND)
        );
        assert!(!assertion_algs(&fapi).contains(&"RS256") && assertion_algs(&usual).contains(&"RS256"));
        assert!(check_lifetime(Some(7200), Some(3600), 3700).is_ok());
        for (exp, nbf, now) in [
            (None, Some(1), 2),
            (Some(9), None, 2),
            (Some(7201), Some(3600), 3700),
            (Some(7200), Some(3600), 7201),
        ] {
            assert!(check_lifetime(exp, nbf, now).is_err());
        }
    }
}
