//! Pages and JSON, with the headers that depend on what they hold. What every answer of a class needs is added by
//! [`crate::Hygiene`].

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde::Serialize;

/// What one page's policy allows beside the usual: read by [`crate::Hygiene`].
#[derive(Clone, Debug, Default)]
pub(crate) struct PagePolicy {
    pub form_action: Option<String>,
    pub frame_src: Vec<String>,
}

/// 200 with a page.
pub fn html(body: String) -> HttpResponse {
    page(StatusCode::OK, body, None)
}

/// A page. `form_action` is the origin or scheme of the client to which a form on it may lead in the end (S27):
/// browsers hold `form-action` against redirects too.
pub fn page(status: StatusCode, body: String, form_action: Option<&str>) -> HttpResponse {
    let mut response = HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(body);
    if let Some(form_action) = form_action.filter(|source| is_source(source)) {
        response
            .extensions_mut()
            .insert(PagePolicy { form_action: Some(form_action.to_owned()), ..PagePolicy::default() });
    }
    response
}

/// 200 with a page that shows frames from these origins.
pub fn page_with_frames(body: String, origins: Vec<String>) -> HttpResponse {
    let mut response = html(body);
    let frame_src = origins.into_iter().filter(|origin| is_source(origin)).collect();
    response.extensions_mut().insert(PagePolicy { frame_src, ..PagePolicy::default() });
    response
}

/// 200 with JSON that nobody may keep.
pub fn json(body: &impl Serialize) -> HttpResponse {
    match serde_json::to_vec(body) {
        Ok(bytes) => HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, "application/json"))
            .insert_header((CACHE_CONTROL, "no-store"))
            .body(bytes),
        Err(error) => HttpResponse::from_error(crate::ApiError::internal(error)),
    }
}

/// An origin or a scheme and nothing that could end the directive.
fn is_source(source: &str) -> bool {
    !source.is_empty() && source.bytes().all(|c| c.is_ascii_alphanumeric() || b":/.-+[]_*".contains(&c))
}
