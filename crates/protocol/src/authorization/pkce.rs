//! Proof Key for Code Exchange: the challenge in the request, the verifier at the token endpoint.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{AuthorizationRequest, ResponseType};
use crate::{Client, OAuthError, Policy, policy::Pkce};

/// > When using PKCE, clients SHOULD use PKCE code challenge methods that do not expose the PKCE verifier in the
/// > authorization request. […] Currently, S256 is the only such method.
///
/// <https://www.rfc-editor.org/rfc/rfc9700#section-2.1.1>
pub const METHODS: [&str; 1] = ["S256"];

// S9
pub fn check(
    request: &AuthorizationRequest,
    client: &Client,
    policy: &Policy,
    kind: ResponseType,
) -> Result<Option<String>, OAuthError> {
    if !kind.gives_code() {
        return Ok(None);
    }
    let Some(challenge) = request.code_challenge.as_deref() else {
        let may_do_without = policy.pkce == Pkce::Public && !client.is_public();
        if !may_do_without || request.code_challenge_method.is_some() {
            return Err(OAuthError::invalid_request(
                "The code_challenge is missing (PKCE with S256 is required).",
            ));
        }
        return Ok(None);
    };
    // > Defaults to "plain" if not present in the request.
    // > <https://www.rfc-editor.org/rfc/rfc7636#section-4.3>
    let method = request.code_challenge_method.as_deref().unwrap_or("plain");
    if !METHODS.contains(&method) {
        return Err(OAuthError::invalid_request("The code_challenge_method must be S256."));
    }
    // The digest has 32 bytes, which is 43 characters of base64url and nothing else.
    match URL_SAFE_NO_PAD.decode(challenge) {
        Ok(digest) if digest.len() == 32 => Ok(Some(challenge.to_owned())),
        _ => Err(OAuthError::invalid_request("The code_challenge must be 43 characters of base64url.")),
    }
}

/// Whether this verifier belongs to the challenge.
///
/// > code-verifier = 43*128unreserved
///
/// <https://www.rfc-editor.org/rfc/rfc7636#section-4.1>
///
/// > authorization servers MUST mitigate PKCE downgrade attacks by ensuring that a token request containing a
/// > code_verifier parameter is accepted only if a code_challenge parameter was present in the authorization
/// > request
///
/// <https://www.rfc-editor.org/rfc/rfc9700#section-2.1.1>
pub fn proves(verifier: Option<&str>, challenge: Option<&str>) -> bool {
    match (verifier, challenge) {
        (None, None) => true,
        (Some(verifier), Some(challenge)) => {
            let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(unreserved) {
                return false;
            }
            let computed = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
            computed.as_bytes().ct_eq(challenge.as_bytes()).into()
        }
        (Some(_), None) | (None, Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_example_of_the_specification() {
        // <https://www.rfc-editor.org/rfc/rfc7636#appendix-B>
        let (verifier, challenge) =
            ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert!(proves(Some(verifier), Some(challenge)));
        // S60
        assert!(!proves(Some(verifier), None), "a verifier where no challenge was sent");
        assert!(!proves(None, Some(challenge)));
        assert!(!proves(Some(&verifier[..42]), Some(challenge)));
        assert!(proves(None, None));
    }

    proptest! {
        #[test]
        fn only_the_right_verifier_of_the_right_shape(verifier in "[a-zA-Z0-9._~-]{40,131}", other in ".{0,60}") {
            let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
            prop_assert_eq!(proves(Some(&verifier), Some(&challenge)), (43..=128).contains(&verifier.len()));
            if other != verifier {
                prop_assert!(!proves(Some(&other), Some(&challenge)));
            }
        }
    }
}
