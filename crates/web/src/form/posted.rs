//! Forms of our own pages: they change something, so they must come from our own pages (S36).

use std::ops::Deref;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, ORIGIN};
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use futures_util::future::LocalBoxFuture;
use views::Message;

use super::{FromParams, Params, read_form};
use crate::{Browser, Core, Refused};

/// The name of the form field with the CSRF token.
pub const CSRF_FIELD: &str = "csrf";

/// A form that one of our pages sent: the browser's CSRF token is in the field `csrf`, and `Sec-Fetch-Site` and
/// `Origin`, where they are, agree.
#[derive(Clone, Debug)]
pub struct Posted<T = Params>(pub T);

impl<T> Deref for Posted<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: FromParams> FromRequest for Posted<T> {
    type Error = Refused;
    type Future = LocalBoxFuture<'static, Result<Self, Refused>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let params = read_form(&request, &mut payload).await?;
            check_posted(&request, &params)?;
            T::from_params(&params).map(Posted).ok_or_else(|| Refused::malformed(&request))
        })
    }
}

/// The checks of [`Posted`] for a form that was read already, because it might have been another site's (logout).
pub fn check_posted(request: &HttpRequest, params: &Params) -> Result<(), Refused> {
    posted(request, params.get(CSRF_FIELD))
}

/// The same for a token that came some other way (multipart, a header): 403 unless it is the CSRF token of the browser
/// that sends it, from a page of ours.
pub fn posted(request: &HttpRequest, token: Option<&str>) -> Result<(), Refused> {
    let core = Core::of(request)?;
    let browser = Browser::known(core, request);
    let own = browser.zip(token).is_some_and(|(browser, token)| browser.verifies(token));
    if own && is_same_site(request.headers(), &core.site.issuer) { Ok(()) } else { Err(forged(request)) }
}

/// What browsers say about where a request comes from. Absent headers say nothing: the CSRF token must then do.
/// <https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header>
fn is_same_site(headers: &HeaderMap, issuer: &str) -> bool {
    let same_fetch = headers.get("sec-fetch-site").is_none_or(|site| {
        // `none`: the person did it, by reloading for instance.
        matches!(site.as_bytes(), b"same-origin" | b"none")
    });
    let same_origin = headers.get(ORIGIN).is_none_or(|origin| origin.as_bytes() == issuer.as_bytes());
    same_fetch && same_origin
}

fn forged(request: &HttpRequest) -> Refused {
    Refused::new(request, StatusCode::FORBIDDEN, "csrf", Message::FormForged)
}
