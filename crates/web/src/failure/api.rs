//! Errors of the JSON API: `{"success": false, "error": "<machine code>", "message": "<sentence>"}` (CONTRACT §4).

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use serde_json::json;
use views::{Locale, Message};

use crate::dpop;

use super::{Aside, Failure, retry_soon, store_failure};

#[derive(Clone, Debug)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: Message,
    aside: Aside,
}

impl ApiError {
    pub fn new(status: StatusCode, code: &'static str, message: Message) -> ApiError {
        ApiError { status, code, message, aside: Aside::default() }
    }

    /// 400 with the message's own name as the machine code (`photo-missing` becomes `photo_missing`).
    pub fn bad_request(code: &'static str, message: Message) -> ApiError {
        ApiError::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub fn not_found() -> ApiError {
        ApiError::new(StatusCode::NOT_FOUND, "not_found", Message::NotFound)
    }

    /// > If the request lacks any authentication information … the resource server SHOULD NOT include an error code
    ///
    /// <https://www.rfc-editor.org/rfc/rfc6750#section-3.1> (S80)
    pub fn token_missing() -> ApiError {
        ApiError::new(StatusCode::UNAUTHORIZED, "invalid_token", Message::TokenMissing)
            .with_header(WWW_AUTHENTICATE, "Bearer")
            .with_header(WWW_AUTHENTICATE, &dpop::challenge())
    }

    /// The same, said to somebody who came with the scheme `DPoP`.
    ///
    /// > The challenge […] uses the DPoP scheme
    ///
    /// <https://www.rfc-editor.org/rfc/rfc9449#section-7.1> (S85)
    pub fn by_dpop(mut self) -> ApiError {
        for (name, value) in &mut self.aside.headers {
            let text = value.to_str().ok().and_then(|text| text.strip_prefix("Bearer "));
            if *name == WWW_AUTHENTICATE
                && let Some(parameters) = text
                && let Ok(challenge) = format!("{}, {parameters}", dpop::challenge()).try_into()
            {
                *value = challenge;
            }
        }
        self
    }

    /// Malformed, expired, revoked, unknown: all the same to the one who shows it (S81).
    pub fn token_invalid() -> ApiError {
        ApiError::new(StatusCode::UNAUTHORIZED, "invalid_token", Message::TokenInvalid).with_header(
            WWW_AUTHENTICATE,
            r#"Bearer error="invalid_token", error_description="The access token is invalid, expired or revoked.""#,
        )
    }

    /// Two tokens, or a header that is none (S81).
    pub fn token_malformed() -> ApiError {
        ApiError::new(StatusCode::BAD_REQUEST, "invalid_request", Message::InvalidRequest).with_header(
            WWW_AUTHENTICATE,
            r#"Bearer error="invalid_request", error_description="The request carries no or more than one readable access token.""#,
        )
    }

    /// > The resource server SHOULD … include the "scope" attribute with the scope necessary
    ///
    /// <https://www.rfc-editor.org/rfc/rfc6750#section-3.1> (S81)
    pub fn scope_missing(scope: &'static str) -> ApiError {
        ApiError::new(StatusCode::FORBIDDEN, "insufficient_scope", Message::ScopeMissing { scope })
            .with_header(WWW_AUTHENTICATE, &format!(r#"Bearer error="insufficient_scope", scope="{scope}""#))
    }

    /// > insufficient_user_authentication: The authentication event associated with the access token presented with the
    /// > request does not meet the authentication requirements of the protected resource.
    ///
    /// <https://www.rfc-editor.org/rfc/rfc9470#section-3>, with 401 like an invalid token. `wanted`: further parameters.
    pub fn sign_in_insufficient(wanted: &str) -> ApiError {
        let code = "insufficient_user_authentication";
        ApiError::new(StatusCode::UNAUTHORIZED, code, Message::SignInInsufficient).with_header(
            WWW_AUTHENTICATE,
            &format!(
                r#"Bearer error="{code}", error_description="Another or a more recent sign-in is needed."{wanted}"#
            ),
        )
    }

    /// A client's own token where a person's is needed: no scope could help, so none is named.
    pub fn person_missing() -> ApiError {
        ApiError::new(StatusCode::FORBIDDEN, "insufficient_scope", Message::PersonMissing).with_header(
            WWW_AUTHENTICATE,
            r#"Bearer error="insufficient_scope", error_description="The access token stands for no person.""#,
        )
    }

    pub fn too_many(seconds: u64) -> ApiError {
        ApiError::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_requests",
            Message::TooManyRequests { seconds },
        )
        .with_header(RETRY_AFTER, &seconds.to_string())
    }

    /// 503 with `Retry-After: 1`.
    pub fn unavailable(message: Message) -> ApiError {
        let mut error = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", message);
        error.aside = retry_soon(error.aside);
        error
    }

    /// 500: the log learns the cause, the client only the request's id.
    pub fn internal(cause: impl fmt::Display) -> ApiError {
        let mut error =
            ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", Message::ServerError);
        error.aside = Aside::because(cause);
        error
    }

    pub fn with_header(mut self, name: HeaderName, value: &str) -> ApiError {
        self.aside = self.aside.with(name, value);
        self
    }

    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The machine code.
    pub fn code(&self) -> &'static str {
        self.code
    }

    pub fn message(&self) -> Message {
        self.message
    }
}

impl Failure for ApiError {
    fn status(&self) -> StatusCode {
        self.status
    }

    fn aside(&self) -> &Aside {
        &self.aside
    }

    fn content_type(&self) -> &'static str {
        "application/json"
    }

    fn body(&self, locale: Locale, id: Option<&str>) -> String {
        let mut message = self.message.text(locale);
        if let (StatusCode::INTERNAL_SERVER_ERROR, Some(id)) = (self.status, id) {
            message = format!("{message} ({id})");
        }
        json!({ "success": false, "error": self.code, "message": message }).to_string()
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status.as_u16(), self.code)
    }
}

impl From<store::StoreError> for ApiError {
    fn from(error: store::StoreError) -> ApiError {
        let (status, aside) = store_failure(&error);
        let base = if status == StatusCode::SERVICE_UNAVAILABLE {
            ApiError::new(status, "temporarily_unavailable", Message::Unavailable)
        } else {
            ApiError::new(status, "server_error", Message::ServerError)
        };
        ApiError { aside, ..base }
    }
}

impl From<keyring::Busy> for ApiError {
    fn from(_: keyring::Busy) -> ApiError {
        ApiError::unavailable(Message::SignInBusy)
    }
}
