//! Errors of the OAuth endpoints: `{"error": …, "error_description": …}`, never cached.
//! <https://www.rfc-editor.org/rfc/rfc6749#section-5.2>

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderName, HeaderValue, PRAGMA, WWW_AUTHENTICATE};
use protocol::{ErrorCode, OAuthError};
use serde_json::json;
use views::Locale;

use super::{Aside, Failure, retry_soon, store_failure};

#[derive(Clone, Debug)]
pub struct OAuthFailure {
    status: StatusCode,
    error: OAuthError,
    aside: Aside,
}

impl OAuthFailure {
    pub fn new(status: StatusCode, error: OAuthError) -> OAuthFailure {
        let aside = Aside::default()
            .with(CACHE_CONTROL, HeaderValue::from_static("no-store"))
            .with(PRAGMA, HeaderValue::from_static("no-cache"));
        OAuthFailure { status, error, aside }
    }

    /// > If the client attempted to authenticate via the "Authorization" request header field, the authorization server
    /// > MUST respond with an HTTP 401 … and include the "WWW-Authenticate" response header field matching the
    /// > authentication scheme used by the client.
    ///
    /// <https://www.rfc-editor.org/rfc/rfc6749#section-5.2> (S50: 401 in every case)
    pub fn invalid_client(tried_basic: bool) -> OAuthFailure {
        let failure = OAuthFailure::from(OAuthError::invalid_client());
        if tried_basic { failure.with_header(WWW_AUTHENTICATE, r#"Basic realm="visage""#) } else { failure }
    }

    /// 500: the log learns the cause, the client only the request's id.
    pub fn internal(cause: impl fmt::Display) -> OAuthFailure {
        OAuthFailure::from(OAuthError::new(ErrorCode::ServerError, "The server met an unexpected condition."))
            .because(cause)
    }

    /// For the log only.
    pub fn because(mut self, cause: impl fmt::Display) -> OAuthFailure {
        self.aside.cause = Some(cause.to_string());
        self
    }

    pub fn with_header(mut self, name: HeaderName, value: &str) -> OAuthFailure {
        self.aside = self.aside.with(name, value);
        self
    }

    pub fn status(&self) -> StatusCode {
        self.status
    }

    pub fn error(&self) -> &OAuthError {
        &self.error
    }
}

impl From<OAuthError> for OAuthFailure {
    fn from(error: OAuthError) -> OAuthFailure {
        use ErrorCode as Code;
        let status = match error.code {
            Code::InvalidClient | Code::InvalidToken | Code::InsufficientUserAuthentication => {
                StatusCode::UNAUTHORIZED
            }
            Code::InsufficientScope => StatusCode::FORBIDDEN,
            Code::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
            Code::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Code::InvalidRequest
            | Code::InvalidGrant
            | Code::UnauthorizedClient
            | Code::UnsupportedGrantType
            | Code::InvalidScope
            | Code::AccessDenied
            | Code::UnsupportedResponseType
            | Code::InteractionRequired
            | Code::LoginRequired
            | Code::ConsentRequired
            | Code::RequestNotSupported
            | Code::RequestUriNotSupported
            | Code::RegistrationNotSupported
            | Code::InvalidRequestObject
            | Code::InvalidRequestUri
            | Code::InvalidAuthorizationDetails
            | Code::UnmetAuthenticationRequirements
            | Code::InvalidTarget
            | Code::AuthorizationPending
            | Code::SlowDown
            | Code::ExpiredToken
            | Code::InvalidDpopProof
            | Code::UseDpopNonce
            | Code::InvalidRedirectUri
            | Code::InvalidClientMetadata
            | Code::InvalidSoftwareStatement
            | Code::UnapprovedSoftwareStatement => StatusCode::BAD_REQUEST,
        };
        let failure = OAuthFailure::new(status, error);
        if status == StatusCode::SERVICE_UNAVAILABLE {
            OAuthFailure { aside: retry_soon(failure.aside), ..failure }
        } else {
            failure
        }
    }
}

impl From<store::StoreError> for OAuthFailure {
    fn from(error: store::StoreError) -> OAuthFailure {
        let (status, aside) = store_failure(&error);
        let oauth = if status == StatusCode::SERVICE_UNAVAILABLE {
            OAuthError::new(ErrorCode::TemporarilyUnavailable, "The server cannot answer now. Try again.")
        } else {
            OAuthError::new(ErrorCode::ServerError, "The server met an unexpected condition.")
        };
        let mut failure = OAuthFailure::new(status, oauth);
        failure.aside.headers.extend(aside.headers);
        failure.aside.cause = aside.cause;
        failure
    }
}

impl From<keyring::SignError> for OAuthFailure {
    fn from(error: keyring::SignError) -> OAuthFailure {
        OAuthFailure::internal(error)
    }
}

impl Failure for OAuthFailure {
    fn status(&self) -> StatusCode {
        self.status
    }

    fn aside(&self) -> &Aside {
        &self.aside
    }

    fn content_type(&self) -> &'static str {
        "application/json"
    }

    /// In English whatever the reader's language: `error_description` is ASCII, for developers.
    fn body(&self, _: Locale, id: Option<&str>) -> String {
        let mut description = self.error.description.to_string();
        if let (StatusCode::INTERNAL_SERVER_ERROR, Some(id)) = (self.status, id) {
            description = format!("{description} ({id})");
        }
        json!({ "error": self.error.code, "error_description": description }).to_string()
    }
}

impl fmt::Display for OAuthFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status.as_u16(), self.error)
    }
}
