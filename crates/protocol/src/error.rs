//! Every error code that Visage puts on the wire, each with the sentence of its specification.
//! Which HTTP status carries a code is decided in `web`, by one exhaustive match.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

/// A machine-readable error code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// "The request is missing a required parameter, includes an invalid parameter value, includes a
    /// parameter more than once, or is otherwise malformed."
    /// <https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1>
    InvalidRequest,
    /// "Client authentication failed (e.g., unknown client, no client authentication included, or unsupported
    /// authentication method)." <https://www.rfc-editor.org/rfc/rfc6749#section-5.2>
    InvalidClient,
    /// "The provided authorization grant or refresh token is invalid, expired, revoked, does not match the
    /// redirection URI used in the authorization request, or was issued to another client."
    /// <https://www.rfc-editor.org/rfc/rfc6749#section-5.2>
    InvalidGrant,
    /// "The authenticated client is not authorized to use this authorization grant type."
    /// <https://www.rfc-editor.org/rfc/rfc6749#section-5.2>
    UnauthorizedClient,
    /// "The authorization grant type is not supported by the authorization server."
    /// <https://www.rfc-editor.org/rfc/rfc6749#section-5.2>
    UnsupportedGrantType,
    /// "The requested scope is invalid, unknown, malformed, or exceeds the scope granted by the resource
    /// owner." <https://www.rfc-editor.org/rfc/rfc6749#section-5.2>
    InvalidScope,
    /// "The resource owner or authorization server denied the request."
    /// <https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1>
    AccessDenied,
    /// "The authorization server does not support obtaining an authorization code using this method."
    /// <https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1>
    UnsupportedResponseType,
    /// "The authorization server encountered an unexpected condition that prevented it from fulfilling the
    /// request." <https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1>
    ServerError,
    /// "The authorization server is currently unable to handle the request due to a temporary overloading or
    /// maintenance of the server." <https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1>
    TemporarilyUnavailable,
    /// "The Authorization Server requires End-User interaction of some form to proceed."
    /// <https://openid.net/specs/openid-connect-core-1_0.html#AuthError>
    InteractionRequired,
    /// "The Authorization Server requires End-User authentication."
    /// <https://openid.net/specs/openid-connect-core-1_0.html#AuthError>
    LoginRequired,
    /// "The Authorization Server requires End-User consent."
    /// <https://openid.net/specs/openid-connect-core-1_0.html#AuthError>
    ConsentRequired,
    /// "The OP does not support use of the request parameter."
    /// <https://openid.net/specs/openid-connect-core-1_0.html#AuthError>
    RequestNotSupported,
    /// "The OP does not support use of the request_uri parameter."
    /// <https://openid.net/specs/openid-connect-core-1_0.html#AuthError>
    RequestUriNotSupported,
    /// "The request parameter contains an invalid Request Object."
    /// <https://www.rfc-editor.org/rfc/rfc9101#section-7>
    InvalidRequestObject,
    /// "The request_uri in the Authorization Request returns an error or contains invalid data."
    /// <https://www.rfc-editor.org/rfc/rfc9101#section-7>
    InvalidRequestUri,
    /// "The OP does not support use of the registration parameter."
    /// <https://openid.net/specs/openid-connect-core-1_0.html#AuthError>
    RegistrationNotSupported,
    /// "The Authorization Server is unable to meet the requirements of the Relying Party for the
    /// authentication of the End-User."
    /// <https://openid.net/specs/openid-connect-unmet-authentication-requirements-1_0.html>
    UnmetAuthenticationRequirements,
    /// "The requested resource is invalid, missing, unknown, or malformed."
    /// <https://www.rfc-editor.org/rfc/rfc8707#section-2>
    InvalidTarget,
    /// "invalid_authorization_details is returned by the AS if any of the following are true of the objects in the
    /// authorization_details structure: contains an unknown authorization details type value […]"
    /// <https://www.rfc-editor.org/rfc/rfc9396#section-5>
    InvalidAuthorizationDetails,
    /// "The access token provided is expired, revoked, malformed, or invalid for other reasons."
    /// <https://www.rfc-editor.org/rfc/rfc6750#section-3.1>
    InvalidToken,
    /// "When […] the server does not accept the DPoP proof": <https://www.rfc-editor.org/rfc/rfc9449#section-12.2>
    InvalidDpopProof,
    /// "The authorization server requires a nonce in the DPoP proof."
    /// <https://www.rfc-editor.org/rfc/rfc9449#section-8>
    UseDpopNonce,
    /// "The request requires higher privileges than provided by the access token."
    /// <https://www.rfc-editor.org/rfc/rfc6750#section-3.1>
    InsufficientScope,
    /// "The authorization request is still pending as the end user hasn't yet completed the user-interaction steps"
    /// <https://www.rfc-editor.org/rfc/rfc8628#section-3.5>
    AuthorizationPending,
    /// "the authorization request is still pending and polling should continue, but the interval MUST be increased by 5
    /// seconds for this and all subsequent requests." <https://www.rfc-editor.org/rfc/rfc8628#section-3.5>
    SlowDown,
    /// "The "device_code" has expired, and the device authorization session has concluded."
    /// <https://www.rfc-editor.org/rfc/rfc8628#section-3.5>
    ExpiredToken,
    /// "The authentication event associated with the access token presented with the request does not meet the
    /// authentication requirements of the protected resource."
    /// <https://www.rfc-editor.org/rfc/rfc9470#section-3>
    InsufficientUserAuthentication,
    /// "The value of one or more redirection URIs is invalid."
    /// <https://www.rfc-editor.org/rfc/rfc7591#section-3.2.2>
    InvalidRedirectUri,
    /// "The value of one of the client metadata fields is invalid."
    /// <https://www.rfc-editor.org/rfc/rfc7591#section-3.2.2>
    InvalidClientMetadata,
    /// "The software statement presented is invalid."
    /// <https://www.rfc-editor.org/rfc/rfc7591#section-3.2.2>
    InvalidSoftwareStatement,
    /// "The software statement presented is not approved for use by this authorization server."
    /// <https://www.rfc-editor.org/rfc/rfc7591#section-3.2.2>
    UnapprovedSoftwareStatement,
}

impl ErrorCode {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::AccessDenied => "access_denied",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::InteractionRequired => "interaction_required",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::InvalidRequestObject => "invalid_request_object",
            Self::InvalidRequestUri => "invalid_request_uri",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidAuthorizationDetails => "invalid_authorization_details",
            Self::InvalidToken => "invalid_token",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::UseDpopNonce => "use_dpop_nonce",
            Self::InsufficientScope => "insufficient_scope",
            Self::AuthorizationPending => "authorization_pending",
            Self::SlowDown => "slow_down",
            Self::ExpiredToken => "expired_token",
            Self::InsufficientUserAuthentication => "insufficient_user_authentication",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::InvalidClientMetadata => "invalid_client_metadata",
            Self::InvalidSoftwareStatement => "invalid_software_statement",
            Self::UnapprovedSoftwareStatement => "unapproved_software_statement",
        }
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// An error as the client reads it: a code and one sentence for its developer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {description}", code.as_str())]
pub struct OAuthError {
    pub code: ErrorCode,
    /// ASCII without `"` and `\`.
    pub description: Cow<'static, str>,
}

impl OAuthError {
    pub fn new(code: ErrorCode, description: impl Into<Cow<'static, str>>) -> Self {
        let description = description.into();
        // What we write ourselves must arrive as we wrote it.
        debug_assert!(matches!(description, Cow::Owned(_)) || description.is_ascii(), "{description}");
        Self { code, description: wire_text(description) }
    }

    pub fn invalid_request(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::InvalidRequest, description)
    }

    /// One sentence for an unknown client and for a wrong secret alike, so that nobody can ask which clients
    /// exist.
    pub fn invalid_client() -> Self {
        Self::new(ErrorCode::InvalidClient, "Client authentication failed.")
    }

    /// One sentence for every way in which a code or refresh token can be wrong.
    pub fn invalid_grant() -> Self {
        Self::new(
            ErrorCode::InvalidGrant,
            "The grant is invalid, expired, revoked or was issued to another client.",
        )
    }
}

/// > Values for the "error_description" parameter MUST NOT include characters outside the set %x20-21 /
/// > %x23-5B / %x5D-7E.
///
/// <https://www.rfc-editor.org/rfc/rfc6749#section-5.2>
fn wire_text(text: Cow<'static, str>) -> Cow<'static, str> {
    let allowed = |c: char| matches!(c, '\u{20}' | '\u{21}' | '\u{23}'..='\u{5B}' | '\u{5D}'..='\u{7E}');
    if text.chars().all(allowed) {
        return text;
    }
    Cow::Owned(text.chars().map(|c| if allowed(c) { c } else { '?' }).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        // S49
        #[test]
        fn a_description_never_leaves_its_alphabet(text in ".*") {
            let error = OAuthError::invalid_request(text);
            prop_assert!(error.description.bytes().all(|b| (0x20..=0x7E).contains(&b) && b != b'"' && b != b'\\'));
        }
    }
}
