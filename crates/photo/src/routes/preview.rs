//! `GET /media/preview/{capability}?size=N`: a picture that waits for its confirmation, or that was kept, for whoever has
//! the address (CONTRACT §5). It dies with its hour, and with the picture.

use super::media;
use crate::State;
use crate::key::ObjectKey;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse};
use store::pictures::state;
use views::Message;
use web::{ApiError, Core, Params, preview};

pub(super) async fn show(
    request: &HttpRequest,
    token: &str,
    core: &Core,
    state: &State,
) -> Result<HttpResponse, ApiError> {
    let query = Params::parse(request.query_string().as_bytes()).unwrap_or_default();
    let side = match query.filled("size").map(str::parse) {
        None => 0,
        Some(Ok(side)) => side,
        Some(Err(_)) => {
            let message = Message::InvalidField { field: "size" };
            return Err(ApiError::bad_request("invalid_field", message));
        }
    };
    let id = preview::open(core, token).ok_or_else(ApiError::not_found)?;
    let row = core.store.picture(id).await?.ok_or_else(ApiError::not_found)?;
    // Of a disabled person nothing is shown any more.
    if let Some(owner) = &row.user_id
        && !core.store.user(owner).await?.is_some_and(|owner| owner.is_active)
    {
        return Err(ApiError::not_found());
    }
    // Whoever confirmed it a moment ago still has the page with its preview.
    if ![state::STAGED, state::CURRENT, state::KEPT].contains(&row.state.as_str()) {
        return Err(ApiError::not_found());
    }
    let key = row.key(side).and_then(|key| key.parse::<ObjectKey>().ok()).ok_or_else(ApiError::not_found)?;
    let Some(body) = media::read(state, &row.store, &key).await else {
        return Err(ApiError::unavailable(Message::Unavailable));
    };
    let response = HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).body(body);
    Ok(media::with_picture_headers(response))
}
