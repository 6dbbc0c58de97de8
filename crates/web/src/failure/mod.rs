//! Errors to answers. A handler says `?`; what the client reads and what the log reads are two fields (STYLE 15).
//!
//! - [`ApiError`]: the JSON API, CONTRACT §4. - [`OAuthFailure`]: RFC 6749 §5.2. - [`PageError`]: a page for a person.
//! - [`Refused`]: what an extractor says, in the form that the path asks for ([`Class`]).
//!
//! None of them knows the request when it is made. [`crate::Hygiene`] does: it renders the body in the reader's language
//! and logs the cause under the request's id. Without it (in a unit test) the body is the English one.

mod api;
mod oauth;
mod page;

use std::fmt;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use protocol::{ErrorCode, OAuthError};
use views::{Locale, Message};

pub use self::api::ApiError;
pub use self::oauth::OAuthFailure;
pub use self::page::PageError;
use crate::Class;

/// What an answer may need beside its body, and what only the log learns.
#[derive(Clone, Debug, Default)]
pub(crate) struct Aside {
    headers: Vec<(HeaderName, HeaderValue)>,
    /// Why, for the log.
    cause: Option<String>,
}

impl Aside {
    fn with(mut self, name: HeaderName, value: impl TryInto<HeaderValue>) -> Aside {
        if let Ok(value) = value.try_into() {
            self.headers.push((name, value));
        }
        self
    }

    fn because(cause: impl fmt::Display) -> Aside {
        Aside { headers: Vec::new(), cause: Some(cause.to_string()) }
    }
}

/// Whatever goes wrong, one of these.
pub(crate) trait Failure: ResponseError {
    fn status(&self) -> StatusCode;
    fn aside(&self) -> &Aside;
    fn content_type(&self) -> &'static str;
    /// The body in the reader's language; `id` names the request in our log.
    fn body(&self, locale: Locale, id: Option<&str>) -> String;

    fn answer(&self, locale: Locale, id: Option<&str>) -> HttpResponse<BoxBody> {
        let mut response = HttpResponse::build(self.status());
        response.insert_header((CONTENT_TYPE, self.content_type()));
        for header in &self.aside().headers {
            response.append_header(header.clone());
        }
        response.body(self.body(locale, id))
    }

    /// For the log; `None` where the status says it all.
    fn cause(&self) -> Option<&str> {
        self.aside().cause.as_deref()
    }
}

macro_rules! responds {
    ($($failure:ty),+) => {$(
        impl ResponseError for $failure {
            fn status_code(&self) -> StatusCode {
                Failure::status(self)
            }

            fn error_response(&self) -> HttpResponse<BoxBody> {
                self.answer(Locale::En, None)
            }
        }
    )+};
}
responds!(ApiError, OAuthFailure, PageError, Refused);

/// An extractor's refusal: the form of the error follows from the path, since one extractor serves all rooms.
#[derive(Debug)]
pub enum Refused {
    Api(ApiError),
    OAuth(OAuthFailure),
    Page(PageError),
}

impl Refused {
    /// A refusal for the path of `request`. `code` is the machine's word for it.
    pub fn new(request: &HttpRequest, status: StatusCode, code: &'static str, message: Message) -> Refused {
        Refused::of_class(Class::of(request.path()), status, code, message)
    }

    pub(crate) fn of_class(
        class: Class,
        status: StatusCode,
        code: &'static str,
        message: Message,
    ) -> Refused {
        match class {
            Class::Page | Class::Account => Refused::Page(PageError::new(status, message)),
            Class::OAuth => {
                let error = OAuthError::new(oauth_code(status), message.text(Locale::En));
                Refused::OAuth(OAuthFailure::new(status, error))
            }
            Class::Api | Class::Metadata | Class::Static | Class::Health => {
                Refused::Api(ApiError::new(status, code, message))
            }
        }
    }

    /// 400: the request itself cannot be understood.
    pub fn malformed(request: &HttpRequest) -> Refused {
        Refused::new(request, StatusCode::BAD_REQUEST, "invalid_request", Message::InvalidRequest)
    }

    /// Something we depend on is not there (503) or broke (500).
    pub fn store(request: &HttpRequest, error: store::StoreError) -> Refused {
        match Class::of(request.path()) {
            Class::Page | Class::Account => Refused::Page(error.into()),
            Class::OAuth => Refused::OAuth(error.into()),
            Class::Api | Class::Metadata | Class::Static | Class::Health => Refused::Api(error.into()),
        }
    }

    /// 405 with the methods that there are.
    pub fn method(request: &HttpRequest, allow: &str) -> Refused {
        Refused::new(request, StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", Message::MethodNotAllowed)
            .with(ALLOW, allow)
    }

    pub(crate) fn with(self, name: HeaderName, value: &str) -> Refused {
        match self {
            Refused::Api(error) => Refused::Api(error.with_header(name, value)),
            Refused::OAuth(error) => Refused::OAuth(error.with_header(name, value)),
            Refused::Page(error) => Refused::Page(error.with_header(name, value)),
        }
    }

    fn inner(&self) -> &dyn Failure {
        match self {
            Refused::Api(error) => error,
            Refused::OAuth(error) => error,
            Refused::Page(error) => error,
        }
    }
}

impl Failure for Refused {
    fn status(&self) -> StatusCode {
        self.inner().status()
    }

    fn aside(&self) -> &Aside {
        self.inner().aside()
    }

    fn content_type(&self) -> &'static str {
        self.inner().content_type()
    }

    fn body(&self, locale: Locale, id: Option<&str>) -> String {
        self.inner().body(locale, id)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Api(error) => error.fmt(f),
            Refused::OAuth(error) => error.fmt(f),
            Refused::Page(error) => error.fmt(f),
        }
    }
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Refused {
        Refused::Api(error)
    }
}

impl From<OAuthFailure> for Refused {
    fn from(error: OAuthFailure) -> Refused {
        Refused::OAuth(error)
    }
}

impl From<PageError> for Refused {
    fn from(error: PageError) -> Refused {
        Refused::Page(error)
    }
}

/// The failure behind an answer, whoever raised it. Errors of actix itself get our form and lose their text.
pub(crate) fn behind(error: &actix_web::Error, class: Class) -> Found<'_> {
    if let Some(error) = error.as_error::<ApiError>() {
        Found::Ours(error)
    } else if let Some(error) = error.as_error::<OAuthFailure>() {
        Found::Ours(error)
    } else if let Some(error) = error.as_error::<PageError>() {
        Found::Ours(error)
    } else if let Some(error) = error.as_error::<Refused>() {
        Found::Ours(error.inner())
    } else {
        let status = error.as_response_error().status_code();
        Found::Foreign(of_status(class, status), error.to_string())
    }
}

pub(crate) enum Found<'a> {
    Ours(&'a dyn Failure),
    Foreign(Refused, String),
}

/// A refusal for nothing but a status.
pub(crate) fn of_status(class: Class, status: StatusCode) -> Refused {
    let (code, message) = match status {
        StatusCode::NOT_FOUND => ("not_found", Message::NotFound),
        StatusCode::METHOD_NOT_ALLOWED => ("method_not_allowed", Message::MethodNotAllowed),
        StatusCode::REQUEST_TIMEOUT => ("body_timeout", Message::BodyTimeout),
        StatusCode::PAYLOAD_TOO_LARGE => ("body_too_large", Message::BodyTooLarge),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ("unsupported_media_type", Message::UnsupportedMediaType),
        StatusCode::SERVICE_UNAVAILABLE => ("temporarily_unavailable", Message::Unavailable),
        status if status.is_client_error() => ("invalid_request", Message::InvalidRequest),
        _ => ("server_error", Message::ServerError),
    };
    Refused::of_class(class, status, code, message)
}

fn oauth_code(status: StatusCode) -> ErrorCode {
    match status {
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => ErrorCode::TemporarilyUnavailable,
        status if status.is_server_error() => ErrorCode::ServerError,
        _ => ErrorCode::InvalidRequest,
    }
}

/// One second: the database or a queue is expected back at once.
fn retry_soon(aside: Aside) -> Aside {
    aside.with(RETRY_AFTER, HeaderValue::from_static("1"))
}

/// 503 where trying again makes sense, 500 where it does not; the cause is for the log.
fn store_failure(error: &store::StoreError) -> (StatusCode, Aside) {
    use store::StoreError::{Conflict, Fault, Settings, Unavailable};
    let aside = Aside::because(error);
    match error {
        Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, retry_soon(aside)),
        Conflict(_) | Settings(_) | Fault(_) => (StatusCode::INTERNAL_SERVER_ERROR, aside),
    }
}
