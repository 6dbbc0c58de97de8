//! `GET /media/{key}`: objects of the disk store, and of remote stores without a public address; and initials.
//!
//! A key that a current row names but no store can give is answered with the default picture, so that `picture` never
//! breaks; any other key that is not there is 404. Neither may be kept (CONTRACT §8).

use crate::State;
use crate::initials::Initials;
use crate::key::{CONTENT_TYPE, KeyBase, ObjectKey};
use crate::objects::LARGEST;
use crate::pool::Busy;
use actix_web::http::header::{
    self, ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, ETAG, HeaderValue, IF_NONE_MATCH,
};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use std::time::Duration;
use store::pictures::{Picture, state};
use views::Message;
use web::{ApiError, Core};

/// For a turn to read.
const PATIENCE: Duration = Duration::from_secs(3);

pub(super) async fn show(
    request: HttpRequest,
    path: Path<String>,
    core: Data<Core>,
    state: Data<State>,
) -> Result<HttpResponse, ApiError> {
    let path = path.into_inner();
    if let Some(name) = path.strip_prefix("initials/") {
        let initials: Initials = name.parse().map_err(|()| ApiError::not_found())?;
        let picture = state.initials.picture(&initials).await.map_err(busy)?;
        return Ok(immutable(&request, &state, name, picture));
    }
    if let Some(token) = path.strip_prefix("preview/") {
        return super::preview::show(&request, token, &core, &state).await;
    }
    let Ok(key) = path.parse::<ObjectKey>() else { return Err(ApiError::not_found()) };
    // The row first: strangers' guesses cost no question to a store.
    let Some(row) = row_of(&core, &state, &key).await? else { return Err(ApiError::not_found()) };
    if let Some(body) = read(&state, &row.store, &key).await {
        return Ok(immutable(&request, &state, key.as_str(), body));
    }
    // It may have moved into another store while we asked the one where it was.
    let moved = row_of(&core, &state, &key).await?.filter(|now| now.store != row.store);
    if let Some(moved) = moved
        && let Some(body) = read(&state, &moved.store, &key).await
    {
        return Ok(immutable(&request, &state, key.as_str(), body));
    }
    if row.state == state::CURRENT {
        tracing::error!(%key, "an object of a current photo cannot be given; the default picture stands in");
        metrics::counter!("visage_photo_fallbacks_total").increment(1);
        return stand_in(&state).await;
    }
    Err(ApiError::not_found())
}

/// The picture that the object belongs to, current or superseded a moment ago. What is kept for longer is for its owner
/// alone, by previews; what was never confirmed, or was taken away by an administrator, is for nobody.
async fn row_of(core: &Core, state: &State, key: &ObjectKey) -> Result<Option<Picture>, ApiError> {
    let Some(base) = KeyBase::of(key) else { return Ok(None) };
    let row = core.store.picture_by_key_base(base.as_str()).await?;
    Ok(row.filter(|row| {
        let moment = state.retention.delete_after;
        let lingers = row.superseded_at.is_some_and(|at| core.now() < at + moment)
            && row.confirmed_at.is_some()
            && row.removed_reason.is_none();
        let shown = match row.state.as_str() {
            state::CURRENT => true,
            state::SUPERSEDED | state::KEPT => lingers,
            _ => false,
        };
        shown
            && store::pictures::object_keys(&row.key_base, &row.sizes).iter().any(|name| name == key.as_str())
    }))
}

/// A store that fails, or has too much to do, counts as not having it.
pub(super) async fn read(state: &State, store: &str, key: &ObjectKey) -> Option<Bytes> {
    let Some(objects) = state.stores.get(store) else {
        tracing::warn!(store, %key, "no such photo store is configured");
        return None;
    };
    let Ok(Ok(_permit)) = tokio::time::timeout(PATIENCE, state.reads.acquire()).await else {
        tracing::warn!(store, %key, "too many objects are being read");
        return None;
    };
    match objects.get(key, LARGEST).await {
        Ok(body) => body,
        Err(error) => {
            tracing::warn!(store, %key, %error, "cannot read an object");
            None
        }
    }
}

fn busy(_: Busy) -> ApiError {
    ApiError::unavailable(Message::PhotoBusy)
}

/// The body of a name never changes, so the name is the tag.
fn immutable(request: &HttpRequest, state: &State, name: &str, body: Bytes) -> HttpResponse {
    let tag: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{}\"", &tag[tag.len().saturating_sub(64)..]);
    let known = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let known = known.is_some_and(|known| {
        known.split(',').map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
    });
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((ETAG, tag))
        .insert_header((CACHE_CONTROL, format!("public, max-age={}, immutable", state.max_age)));
    if known {
        return response.finish();
    }
    with_picture_headers(response.body(body))
}

async fn stand_in(state: &State) -> Result<HttpResponse, ApiError> {
    let body = state.initials.picture(&Initials::SILHOUETTE).await.map_err(busy)?;
    let response = HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).body(body);
    Ok(with_picture_headers(response))
}

/// The type that we wrote, whatever anybody calls it (S133). `nosniff`, the sandbox and the cross-origin policy come from
/// [`web::Hygiene`]; ranges are not served, since no object is large enough to need them.
pub(super) fn with_picture_headers(mut response: HttpResponse) -> HttpResponse {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("inline; filename=\"photo.jpg\""));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("none"));
    response
}
