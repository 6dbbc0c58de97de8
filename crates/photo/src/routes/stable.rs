//! `GET /picture/{handle}?size=N`: the address that a client may keep for good (`picture_stable`). It leads to the photo
//! as it is now, or to the default picture; 404 once the person has withdrawn from the client.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::web::{Data, Path};
use views::Message;
use web::{ApiError, Core, Query};

pub(super) async fn show(
    handle: Path<String>,
    Query(query): Query,
    core: Data<Core>,
) -> Result<HttpResponse, ApiError> {
    let side = side(query.filled("size"))?;
    if !is_handle(&handle) {
        return Err(ApiError::not_found());
    }
    let profile = core.store.linked_profile(&handle).await?.ok_or_else(ApiError::not_found)?;
    // Never an address elsewhere, which the person or any client chose: nobody is sent on to it from here.
    let place = match (&profile.portrait, side) {
        (Some(portrait), Some(side)) => Some(core.pictures.sized(portrait, side)),
        _ => core.pictures.own(&profile),
    };
    let place = place.ok_or_else(ApiError::not_found)?;
    // Not kept even for a moment: the object that it leads to may go `photos.delete_after` from now.
    Ok(HttpResponse::TemporaryRedirect()
        .insert_header((LOCATION, place))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish())
}

/// `None`: the largest.
fn side(size: Option<&str>) -> Result<Option<u32>, ApiError> {
    let Some(size) = size else { return Ok(None) };
    match size.parse() {
        Ok(side) if side > 0 => Ok(Some(side)),
        _ => Err(ApiError::bad_request("invalid_field", Message::InvalidField { field: "size" })),
    }
}

/// What [`keyring::Random::id`] makes; nothing else is looked for.
fn is_handle(text: &str) -> bool {
    text.len() == 26 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}
