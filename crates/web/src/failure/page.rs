//! Errors that a person reads: a page that says what happened, never why.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderName, HeaderValue};
use protocol::OAuthError;
use views::{ErrorPage, Locale, Message};

use super::{Aside, Failure, retry_soon, store_failure};

#[derive(Clone, Debug)]
pub struct PageError {
    status: StatusCode,
    message: Message,
    /// For developers: the wire code and what exactly was wrong.
    error: Option<OAuthError>,
    aside: Aside,
}

impl PageError {
    pub fn new(status: StatusCode, message: Message) -> PageError {
        let aside = Aside::default().with(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        PageError { status, message, error: None, aside }
    }

    pub fn bad_request(message: Message) -> PageError {
        PageError::new(StatusCode::BAD_REQUEST, message)
    }

    pub fn not_found() -> PageError {
        PageError::new(StatusCode::NOT_FOUND, Message::NotFound)
    }

    pub fn forbidden(message: Message) -> PageError {
        PageError::new(StatusCode::FORBIDDEN, message)
    }

    /// An authorization request that must not go back to any client (S1, S2): 400, for the developer in detail.
    pub fn oauth(message: Message, error: OAuthError) -> PageError {
        PageError { error: Some(error), ..PageError::bad_request(message) }
    }

    /// 503 with `Retry-After: 1`.
    pub fn unavailable(message: Message) -> PageError {
        let mut error = PageError::new(StatusCode::SERVICE_UNAVAILABLE, message);
        error.aside = retry_soon(error.aside);
        error
    }

    /// 500: the log learns the cause, the person only the request's id.
    pub fn internal(cause: impl fmt::Display) -> PageError {
        let mut error = PageError::new(StatusCode::INTERNAL_SERVER_ERROR, Message::ServerError);
        error.aside.cause = Some(cause.to_string());
        error
    }

    pub fn with_header(mut self, name: HeaderName, value: &str) -> PageError {
        self.aside = self.aside.with(name, value);
        self
    }

    pub fn status(&self) -> StatusCode {
        self.status
    }

    pub fn message(&self) -> Message {
        self.message
    }
}

impl Failure for PageError {
    fn status(&self) -> StatusCode {
        self.status
    }

    fn aside(&self) -> &Aside {
        &self.aside
    }

    fn content_type(&self) -> &'static str {
        "text/html; charset=utf-8"
    }

    fn body(&self, locale: Locale, id: Option<&str>) -> String {
        let page = ErrorPage {
            status: self.status.as_u16(),
            message: self.message,
            code: self.error.as_ref().map(|error| error.code.as_str().to_owned()),
            detail: self.error.as_ref().map(|error| error.description.to_string()),
            request_id: id.map(str::to_owned),
        };
        page.render(locale)
    }
}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status.as_u16(), self.message.key())
    }
}

impl From<store::StoreError> for PageError {
    fn from(error: store::StoreError) -> PageError {
        let (status, aside) = store_failure(&error);
        let message = if status == StatusCode::SERVICE_UNAVAILABLE {
            Message::Unavailable
        } else {
            Message::ServerError
        };
        let mut page = PageError::new(status, message);
        page.aside.headers.extend(aside.headers);
        page.aside.cause = aside.cause;
        page
    }
}

impl From<keyring::Busy> for PageError {
    fn from(_: keyring::Busy) -> PageError {
        PageError::unavailable(Message::SignInBusy)
    }
}
