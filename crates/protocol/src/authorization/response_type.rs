//! What is asked for: a code, an ID token, an access token, or several of them.

use serde::{Deserialize, Serialize};

use super::AuthorizationRequest;
use crate::{Client, ErrorCode, OAuthError, Policy};

/// <https://openid.net/specs/oauth-v2-multiple-response-types-1_0.html#Combinations>. `token` alone, which proves
/// nothing about its receiver, is none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ResponseType {
    Code,
    IdToken,
    IdTokenToken,
    CodeIdToken,
    CodeToken,
    CodeIdTokenToken,
}

/// The grant of everything that leaves the authorization endpoint itself. The token endpoint does not know it.
pub const IMPLICIT: &str = "implicit";

impl ResponseType {
    pub const ALL: [Self; 6] = [
        Self::Code,
        Self::IdToken,
        Self::IdTokenToken,
        Self::CodeIdToken,
        Self::CodeToken,
        Self::CodeIdTokenToken,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::IdToken => "id_token",
            Self::IdTokenToken => "id_token token",
            Self::CodeIdToken => "code id_token",
            Self::CodeToken => "code token",
            Self::CodeIdTokenToken => "code id_token token",
        }
    }

    /// > The order of the values in the response_type […] does not matter
    ///
    /// <https://www.rfc-editor.org/rfc/rfc6749#section-3.1.1>
    pub fn parse(text: &str) -> Option<Self> {
        let sorted = |text: &str| {
            let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
            words.sort_unstable();
            words
        };
        let asked = sorted(text);
        Self::ALL.into_iter().find(|kind| sorted(kind.as_str()) == asked)
    }

    pub const fn gives_code(self) -> bool {
        !matches!(self, Self::IdToken | Self::IdTokenToken)
    }

    /// An ID token leaves the authorization endpoint itself.
    pub const fn gives_id_token(self) -> bool {
        !matches!(self, Self::Code | Self::CodeToken)
    }

    /// An access token leaves the authorization endpoint itself.
    pub const fn gives_token(self) -> bool {
        matches!(self, Self::IdTokenToken | Self::CodeToken | Self::CodeIdTokenToken)
    }

    /// The grants that a client must be registered for.
    ///
    /// > code id_token: authorization_code, implicit
    ///
    /// <https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata>
    pub fn grants(self) -> impl Iterator<Item = &'static str> {
        let by_code = self.gives_code().then_some("authorization_code");
        let at_once = (self.gives_id_token() || self.gives_token()).then_some(IMPLICIT);
        by_code.into_iter().chain(at_once)
    }
}

/// > clients SHOULD NOT use the implicit grant […] Clients SHOULD instead use the response type code
///
/// <https://www.rfc-editor.org/rfc/rfc9700#section-2.1.2>. So the others are offered only where the operator says so, to
/// clients that are registered for them.
// S7
pub fn check(
    request: &AuthorizationRequest,
    client: &Client,
    policy: &Policy,
) -> Result<ResponseType, OAuthError> {
    let Some(asked) = request.response_type.as_deref() else {
        return Err(OAuthError::invalid_request("The response_type is missing."));
    };
    let Some(kind) = ResponseType::parse(asked).filter(|kind| policy.response_types.contains(kind)) else {
        return Err(OAuthError::new(
            ErrorCode::UnsupportedResponseType,
            "The response_type is not supported here.",
        ));
    };
    let registered = client.response_types.iter().any(|own| ResponseType::parse(own) == Some(kind));
    if !registered || kind.grants().any(|grant| !client.allows_grant(grant)) {
        return Err(OAuthError::new(
            ErrorCode::UnauthorizedClient,
            "The client is not registered for this response_type.",
        ));
    }
    // A browser that is sent back can show no key, so that such a token would be for whoever finds it.
    let metadata = &client.metadata;
    if kind.gives_token()
        && (metadata.dpop_bound_access_tokens || metadata.tls_client_certificate_bound_access_tokens)
    {
        return Err(OAuthError::new(
            ErrorCode::UnauthorizedClient,
            "The client has its access tokens bound to a key, so it can have none by this response_type.",
        ));
    }
    Ok(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_words_does_not_matter() {
        assert_eq!(ResponseType::parse("token code id_token"), Some(ResponseType::CodeIdTokenToken));
        for kind in ResponseType::ALL {
            assert_eq!(ResponseType::parse(kind.as_str()), Some(kind));
        }
        for unknown in ["", "token", "none", "code code", "code  token", "CODE", "code foo"] {
            assert_eq!(ResponseType::parse(unknown), None, "{unknown}");
        }
    }
}
