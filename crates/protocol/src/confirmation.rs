//! Who alone may use a token: the holder of a key, shown by DPoP or by a client certificate.

use serde::{Deserialize, Serialize};

use crate::{Client, ErrorCode, OAuthError, fapi2};

/// The `cnf` claim, with the two ways of showing possession that we know. At most one is set.
///
/// > the value is the base64url encoding of the JWK SHA-256 Thumbprint of the DPoP public key
///
/// <https://www.rfc-editor.org/rfc/rfc9449#section-6.1>,
/// <https://www.rfc-editor.org/rfc/rfc8705#section-3.1>
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jkt: Option<String>,
    #[serde(default, rename = "x5t#S256", skip_serializing_if = "Option::is_none")]
    pub x5t_s256: Option<String>,
}

impl Confirmation {
    pub fn of_key(thumbprint: impl Into<String>) -> Self {
        Self { jkt: Some(thumbprint.into()), x5t_s256: None }
    }

    pub fn of_certificate(thumbprint: impl Into<String>) -> Self {
        Self { jkt: None, x5t_s256: Some(thumbprint.into()) }
    }
}

/// What a client must show of itself when it asks for tokens, by its registration or its profile.
///
/// > dpop_bound_access_tokens: A boolean value specifying whether the client always uses DPoP for token requests. […] If the
/// > value is true, the authorization server MUST reject token requests from the client that do not contain the DPoP header.
///
/// <https://www.rfc-editor.org/rfc/rfc9449#section-5.2>, <https://www.rfc-editor.org/rfc/rfc8705#section-3.4>
// S67
pub fn check_shown(client: &Client, shown: Option<&Confirmation>) -> Result<(), OAuthError> {
    let by_key = shown.is_some_and(|shown| shown.jkt.is_some());
    let by_certificate = shown.is_some_and(|shown| shown.x5t_s256.is_some());
    let metadata = &client.metadata;
    if metadata.dpop_bound_access_tokens && !by_key {
        return Err(OAuthError::new(ErrorCode::InvalidDpopProof, "The client must send a DPoP proof."));
    }
    if metadata.tls_client_certificate_bound_access_tokens && !(by_certificate || by_key) {
        return Err(OAuthError::invalid_request("The client must show its certificate."));
    }
    if fapi2::needs_confirmation(client) && shown.is_none() {
        let why =
            "The client must send a DPoP proof, or show a certificate that its tokens are to be bound to.";
        return Err(OAuthError::new(ErrorCode::InvalidDpopProof, why));
    }
    Ok(())
}

/// Whether a token that is brought to be exchanged is brought by its holder. Otherwise whoever has stolen a bound token
/// would have it turned into one that is bound to nothing, or to the thief.
///
/// > if either the subject_token or actor_token are invalid for any reason, or are unacceptable based on policy, the
/// > authorization server MUST construct an error response […] invalid_request
///
/// <https://www.rfc-editor.org/rfc/rfc8693#section-2.2.2>
///
/// What is bound: <https://www.rfc-editor.org/rfc/rfc9449#section-6>, <https://www.rfc-editor.org/rfc/rfc8705#section-3>
// S67
pub fn check_brought(bound: Option<&Confirmation>, shown: Option<&Confirmation>) -> Result<(), OAuthError> {
    if bound.is_none() || bound == shown {
        return Ok(());
    }
    Err(OAuthError::invalid_request(
        "A token that is bound to a key or a certificate is exchanged only by who shows the same.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    // S67
    #[test]
    fn who_registered_for_bound_tokens_gets_no_others() {
        let (key, certificate) = (Confirmation::of_key("k"), Confirmation::of_certificate("c"));
        let says = |change: fn(&mut Client), shown: Option<&Confirmation>| {
            let mut client = samples::client();
            change(&mut client);
            check_shown(&client, shown).err().map(|error| error.code)
        };
        let usual: fn(&mut Client) = |_| {};
        let by_key: fn(&mut Client) = |client| client.metadata.dpop_bound_access_tokens = true;
        let by_certificate: fn(&mut Client) =
            |client| client.metadata.tls_client_certificate_bound_access_tokens = true;
        let fapi: fn(&mut Client) = |client| client.metadata.profile = Some("fapi2".into());
        assert_eq!([says(usual, None), says(usual, Some(&key)), says(by_key, Some(&key))], [None; 3]);
        assert_eq!([says(by_certificate, Some(&certificate)), says(by_certificate, Some(&key))], [None; 2]);
        assert_eq!([says(fapi, Some(&certificate)), says(fapi, Some(&key))], [None; 2]);
        for shown in [None, Some(&certificate)] {
            assert_eq!(says(by_key, shown), Some(ErrorCode::InvalidDpopProof));
        }
        assert_eq!(says(by_certificate, None), Some(ErrorCode::InvalidRequest));
        assert_eq!(says(fapi, None), Some(ErrorCode::InvalidDpopProof));
    }

    // S67
    #[test]
    fn a_bound_token_is_exchanged_by_its_holder_alone() {
        let (key, certificate) = (Confirmation::of_key("k"), Confirmation::of_certificate("k"));
        for shown in [None, Some(&key), Some(&certificate)] {
            assert_eq!(check_brought(None, shown), Ok(()));
        }
        for bound in [&key, &certificate] {
            assert_eq!(check_brought(Some(bound), Some(bound)), Ok(()));
        }
        for shown in [None, Some(&certificate), Some(&Confirmation::of_key("other"))] {
            assert_eq!(check_brought(Some(&key), shown).unwrap_err().code, ErrorCode::InvalidRequest);
        }
    }
}
