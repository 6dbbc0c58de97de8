//! Parameters as they come: in order, repeated ones included, since "more than once" is itself an error in OAuth (S8).
//! Refused at the door: bodies over 64 kB and over 1000 parameters (S71), what is not UTF-8, NUL (S141).

pub(crate) mod params;
mod posted;

use std::future::{Ready, ready};

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::{FromRequest, HttpRequest, dev::Payload, error::PayloadError};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use views::Message;

pub use self::params::{BadParams, FromParams, Params};
pub use self::posted::{CSRF_FIELD, Posted, check_posted};

pub use self::posted::posted;
use crate::Refused;

pub const MAX_FORM_BYTES: usize = 64 * 1024;
pub const MAX_PARAMS: usize = 1000;

/// A form-encoded body.
#[derive(Clone, Debug, Default)]
pub struct Form(pub Params);

/// The query string. Parameters of a POST's query string are nobody's business (S47): ask for [`Form`] there.
#[derive(Clone, Debug, Default)]
pub struct Query(pub Params);

impl FromRequest for Query {
    type Error = Refused;
    type Future = Ready<Result<Self, Refused>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let query = request.query_string();
        ready(Params::parse(query.as_bytes()).map(Query).map_err(|_| Refused::malformed(request)))
    }
}

impl FromRequest for Form {
    type Error = Refused;
    type Future = LocalBoxFuture<'static, Result<Self, Refused>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move { Ok(Form(read_form(&request, &mut payload).await?)) })
    }
}

pub(crate) async fn read_form(request: &HttpRequest, payload: &mut Payload) -> Result<Params, Refused> {
    if !is_form(request) {
        return Err(Refused::malformed(request));
    }
    let body = read_body(request, payload, MAX_FORM_BYTES).await?;
    Params::parse(&body).map_err(|_| Refused::malformed(request))
}

/// Whether the body says that it is a form.
pub(crate) fn is_form(request: &HttpRequest) -> bool {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// A whole body of at most `limit` bytes; 413 beyond, and reading stops there.
pub async fn read_body(request: &HttpRequest, payload: &mut Payload, limit: usize) -> Result<Bytes, Refused> {
    let encoding = request.headers().get(CONTENT_ENCODING);
    if encoding.is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity")) {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Refused::new(request, status, "unsupported_media_type", Message::UnsupportedMediaType));
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| broken_body(request, &error))?;
        if body.len() + chunk.len() > limit {
            return Err(too_large(request));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// 413.
pub fn too_large(request: &HttpRequest) -> Refused {
    Refused::new(request, StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", Message::BodyTooLarge)
}

/// The sender was too slow (408) or gave up (400).
pub fn broken_body(request: &HttpRequest, error: &PayloadError) -> Refused {
    match error {
        PayloadError::Overflow => too_large(request),
        PayloadError::Io(io) if io.kind() == std::io::ErrorKind::TimedOut => {
            Refused::new(request, StatusCode::REQUEST_TIMEOUT, "body_timeout", Message::BodyTimeout)
        }
        _ => Refused::new(request, StatusCode::BAD_REQUEST, "invalid_request", Message::InvalidBody),
    }
}
