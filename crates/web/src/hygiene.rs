//! The one middleware around everything: request id, body deadlines, preflight, errors in the reader's language, headers,
//! the access log and metrics. It is on the hot path of every request: what can be made once is made once.

use std::future::{Ready, ready};
use std::rc::Rc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HeaderValue,
};
use actix_web::http::{Method, StatusCode};
use actix_web::{Error, HttpMessage, HttpResponse, web};
use futures_util::future::LocalBoxFuture;
use tokio::time::Instant;

use crate::answer::PagePolicy;
use crate::browser::NewCookies;
use crate::connection::Connection;
use crate::dpop::{DPOP, DPOP_NONCE};
use crate::failure::{Failure, Found, behind, of_status};
use crate::headers::Headers;
use crate::request_id::X_REQUEST_ID;
use crate::{Class, Core, Language, RequestId, body, class};

/// To be the outermost: `App::new().app_data(core.clone()).wrap(Hygiene::new(&core))`.
#[derive(Clone)]
pub struct Hygiene(Rc<Made>);

struct Made {
    headers: Headers,
    meters: Vec<Meter>,
    /// Where proofs must carry nonces: who makes them.
    nonces: Option<web::Data<Core>>,
}

/// What is counted of one class.
struct Meter {
    /// Answers by the first digit of their status: 1 to 5.
    answers: [metrics::Counter; 5],
    seconds: metrics::Histogram,
}

impl Hygiene {
    /// One a worker thread. A recorder of metrics must have been installed before.
    pub fn new(core: &web::Data<Core>) -> Hygiene {
        let meters = Class::ALL.iter().map(|class| Meter::new(*class)).collect();
        let nonces = core.limits.dpop_nonces.then(|| core.clone());
        Hygiene(Rc::new(Made { headers: Headers::new(core), meters, nonces }))
    }
}

impl Meter {
    fn new(class: Class) -> Meter {
        let class = class.as_str();
        let answers = ["1xx", "2xx", "3xx", "4xx", "5xx"].map(
            |status| metrics::counter!("visage_http_requests_total", "class" => class, "status" => status),
        );
        Meter {
            answers,
            seconds: metrics::histogram!("visage_http_request_duration_seconds", "class" => class),
        }
    }
}

impl<S, B> Transform<S, ServiceRequest> for Hygiene
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    type Transform = Around<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(Around { service, made: self.0.clone() }))
    }
}

pub struct Around<S> {
    service: S,
    made: Rc<Made>,
}

impl<S, B> Service<ServiceRequest> for Around<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Error>>;

    forward_ready!(service);

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let started = Instant::now();
        let class = Class::of(request.path());
        let shared = class::is_shared(request.path());
        let made = self.made.clone();
        if shared
            && *request.method() == Method::OPTIONS
            && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
        {
            let mut response = request.into_response(preflight());
            made.headers.complete(response.headers_mut(), class, shared, None);
            return Box::pin(ready(Ok(response)));
        }
        if has_oversized_head(&request) {
            let mut response = request.into_response(oversized_head());
            made.headers.complete(response.headers_mut(), class, shared, None);
            return Box::pin(ready(Ok(response)));
        }
        let id = RequestId::new(request.headers());
        if has_nul(request.path()) {
            let refused = request.error_response(of_status(class, StatusCode::NOT_FOUND));
            let mut answer = explain(refused, class, &id);
            made.headers.complete(answer.headers_mut(), class, shared, None);
            return Box::pin(ready(Ok(answer)));
        }
        body::guard(&mut request);
        let working = Connection::work(&request);
        let next_nonce = made.next_nonce(&request);
        let answer = self.service.call(request);
        Box::pin(async move {
            let answer = answer.await?.map_into_boxed_body();
            let mut answer = explain(answer, class, &id);
            let policy = answer.response_mut().extensions_mut().remove::<PagePolicy>();
            if let Some(nonce) = next_nonce {
                answer.headers_mut().insert(DPOP_NONCE, nonce);
            }
            made.headers.complete(answer.headers_mut(), class, shared, policy.as_ref());
            if class.is_page() {
                give_new_cookies(&mut answer);
            }
            let status = answer.status();
            if status.is_client_error() || status.is_server_error() || matches!(id, RequestId::Given(_)) {
                answer.headers_mut().insert(X_REQUEST_ID, id.to_header());
            }
            let seconds = started.elapsed().as_secs_f64();
            made.meters[class as usize].count(status, seconds);
            log(&answer, class, &id, seconds);
            drop(working);
            Ok(answer)
        })
    }
}

impl Made {
    /// > The authorization server MAY supply new nonce values […] with any 200 (OK) response
    ///
    /// To whoever shows a proof, so that the next one need not be sent twice.
    /// <https://www.rfc-editor.org/rfc/rfc9449#section-8.2>
    fn next_nonce(&self, request: &ServiceRequest) -> Option<HeaderValue> {
        let core = self.nonces.as_ref()?;
        let shows_key = request.headers().contains_key(DPOP);
        shows_key.then(|| HeaderValue::try_from(core.dpop_nonce()).ok()).flatten()
    }
}

impl Meter {
    fn count(&self, status: StatusCode, seconds: f64) {
        if let Some(counter) = self.answers.get(usize::from(status.as_u16() / 100).saturating_sub(1)) {
            counter.increment(1);
        }
        self.seconds.record(seconds);
    }
}

/// Says an error again, in the reader's language and with the id; the log learns its cause. Errors that are not ours
/// (a path that does not parse, a body that broke off) get our form and lose their text.
fn explain(answer: ServiceResponse, class: Class, id: &RequestId) -> ServiceResponse {
    let Some(error) = answer.response().error() else { return answer };
    let locale = Language::of(answer.request()).0;
    let text = id.to_string();
    let again = |failure: &dyn Failure, cause: Option<&str>| {
        let status = failure.status();
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(request_id = %text, cause = cause.unwrap_or("unknown"), "a request failed");
        } else if status.is_server_error() {
            tracing::warn!(request_id = %text, cause = cause.unwrap_or("unknown"), "a request had to be put off");
        } else if let Some(cause) = cause {
            tracing::info!(request_id = %text, cause, "a request was refused");
        }
        failure.answer(locale, Some(&text))
    };
    let response = match behind(error, class) {
        Found::Ours(failure) => again(failure, failure.cause()),
        Found::Foreign(refused, cause) => again(&refused, Some(&cause)),
    };
    answer.into_response(response)
}

/// The cookies that extractors left.
fn give_new_cookies(answer: &mut ServiceResponse) {
    let left = answer.request().extensions_mut().remove::<NewCookies>();
    for cookie in left.map(|NewCookies(all)| all).unwrap_or_default() {
        // What the handler said of it is newer.
        if answer.response().cookies().any(|own| own.name() == cookie.name()) {
            continue;
        }
        if let Err(error) = answer.response_mut().add_cookie(&cookie) {
            tracing::error!(%error, "a cookie of ours has no header form");
        }
    }
}

/// The pattern of the route, never the path or the query: both may carry handles (S46).
fn log(answer: &ServiceResponse, class: Class, id: &RequestId, seconds: f64) {
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                target: "visage::access",
                request_id = %id,
                method = %answer.request().method(),
                route = answer.request().match_pattern().as_deref().unwrap_or("-"),
                class = class.as_str(),
                status = answer.status().as_u16(),
                milliseconds = seconds * 1000.0,
            )
        };
    }
    match answer.status().as_u16() {
        500.. => line!(warn),
        400.. => line!(info),
        _ => line!(debug),
    }
}

/// Request line and headers together. The parser under us takes twice that.
const HEAD_LIMIT: usize = 64 * 1024;

/// S141. No name of ours has one, and PostgreSQL takes none.
fn has_nul(path: &str) -> bool {
    path.contains("%00")
}

/// S139. No header of ours comes near it: a token is at most 16 kB, a state 4 kB.
fn has_oversized_head(request: &ServiceRequest) -> bool {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let headers = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    target + headers.sum::<usize>() > HEAD_LIMIT
}

fn oversized_head() -> HttpResponse {
    HttpResponse::build(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE).force_close().finish()
}

/// No credentials are shared, so any origin may ask: the token in the header is what counts.
/// <https://fetch.spec.whatwg.org/#http-cors-protocol>
fn preflight() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .insert_header((ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, DELETE"))
        .insert_header((
            ACCESS_CONTROL_ALLOW_HEADERS,
            "authorization, content-type, accept-language, dpop, x-request-id",
        ))
        .insert_header((ACCESS_CONTROL_MAX_AGE, "86400"))
        .finish()
}
