//! `/api/admin/photos…`: administrators look at uploads, take one away, and keep somebody from sending more. With the
//! session of their browser; what changes something needs `X-CSRFToken` as well, and leaves an audit row.

use crate::State;
use crate::admin::{self, Block};
use crate::key::ObjectKey;
use crate::objects::LARGEST;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{Bytes, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Map, Value, json};
use store::audit::AuditRow;
use store::photo_admin::{Filter, Removal, Removed};
use store::photo_blocks::PhotoBlock;
use store::pictures::{object_keys, state};
use store::users::User;
use views::Message;
use web::{Administrator, ApiError, Core, Endpoint, Params, Query, Refused, json as answer, paths};

const PAGE: i64 = 50;
const MOST: i64 = 200;
const DAYS: u32 = 30;

pub(super) fn routes(cfg: &mut ServiceConfig) {
    Endpoint::at(paths::ADMIN_PHOTOS).get(list).mount(cfg);
    Endpoint::at(paths::ADMIN_PHOTO_STATISTICS).get(statistics).mount(cfg);
    Endpoint::at(paths::ADMIN_PHOTO_BLOCKS).get(blocks).mount(cfg);
    Endpoint::at(paths::ADMIN_PHOTO_BLOCK).get(blocked).put(block).delete(unblock).mount(cfg);
    Endpoint::at(paths::ADMIN_PHOTO).get(show).mount(cfg);
    Endpoint::at(paths::ADMIN_PHOTO_IMAGE).get(image).mount(cfg);
    Endpoint::at(paths::ADMIN_PHOTO_REMOVE).post(remove).mount(cfg);
}

#[derive(Serialize)]
struct Done {
    success: bool,
}

async fn list(
    administrator: Administrator,
    Query(query): Query,
    core: Data<Core>,
) -> Result<HttpResponse, ApiError> {
    administrator.reads();
    let filter = Filter {
        state: one_of(&query, "state", &[&state::STORED[..], &[state::GONE]].concat())?,
        purpose: one_of(&query, "purpose", &["profile", "gallery"])?,
        user_id: match query.filled("person") {
            Some(who) => Some(admin::person(&core.store, who).await?.ok_or_else(|| invalid("person"))?.id),
            None => None,
        },
    };
    let after = match query.filled("cursor") {
        Some(text) => Some(admin::parse_cursor(text).ok_or_else(|| invalid("cursor"))?),
        None => None,
    };
    let limit = limit(&query)?;
    Ok(answer(&admin::page(&core.store, &core.pictures, filter, after, limit).await?))
}

async fn show(
    administrator: Administrator,
    id: Path<String>,
    core: Data<Core>,
) -> Result<HttpResponse, ApiError> {
    administrator.reads();
    let upload = admin::upload(&core.store, &core.pictures, &id).await?.ok_or_else(ApiError::not_found)?;
    let block = match &upload.person {
        Some(person) => core.store.photo_block(&person.id).await?,
        None => None,
    };
    let block = block.map(|block| block.reason);
    Ok(answer(&json!({ "upload": upload, "person_is_blocked": block.is_some(), "block_reason": block })))
}

/// The largest size, whatever the state, as long as there are objects.
async fn image(
    administrator: Administrator,
    id: Path<String>,
    core: Data<Core>,
    state: Data<State>,
) -> Result<HttpResponse, ApiError> {
    administrator.reads();
    let picture = core.store.picture(&id).await?.ok_or_else(ApiError::not_found)?;
    let key = object_keys(&picture.key_base, &picture.sizes).into_iter().next();
    let key: Option<ObjectKey> = key.and_then(|key| key.parse().ok());
    let (Some(key), Some(objects)) = (key, state.stores.get(&picture.store)) else {
        return Err(ApiError::not_found());
    };
    let found = objects.get(&key, LARGEST).await.map_err(|error| {
        tracing::warn!(%key, %error, "cannot read an object for an administrator");
        ApiError::unavailable(Message::Unavailable)
    })?;
    let body = found.ok_or_else(ApiError::not_found)?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, crate::key::CONTENT_TYPE))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(body))
}

async fn remove(
    request: HttpRequest,
    administrator: Administrator,
    id: Path<String>,
    body: Bytes,
    core: Data<Core>,
    state: Data<State>,
) -> Result<HttpResponse, Refused> {
    let actor = administrator.changes(&request)?;
    let removal = Removal {
        picture_id: id.into_inner(),
        reason: reason(&request, &body)?,
        actor: actor.id,
        entry_id: core.random.id(),
    };
    match core.store.remove_picture(removal, core.now()).await.map_err(ApiError::from)? {
        Removed::Done(_) => {
            state.superseded.notify_one();
            Ok(answer(&Done { success: true }))
        }
        Removed::NotFound => Err(ApiError::not_found().into()),
        Removed::Nothing => {
            Err(ApiError::new(StatusCode::CONFLICT, "nothing_to_remove", Message::NothingToRemove).into())
        }
    }
}

async fn statistics(
    administrator: Administrator,
    Query(query): Query,
    core: Data<Core>,
    state: Data<State>,
) -> Result<HttpResponse, ApiError> {
    administrator.reads();
    let days = match query.filled("days") {
        None => DAYS,
        Some(text) => text
            .parse()
            .ok()
            .filter(|days| (1..=admin::MOST_DAYS).contains(days))
            .ok_or_else(|| invalid("days"))?,
    };
    // What this node has counted belongs to it.
    state.tally.write_down(&core.store, core.now()).await?;
    Ok(answer(&admin::statistics(&core.store, days, core.now()).await?))
}

async fn blocks(
    administrator: Administrator,
    Query(query): Query,
    core: Data<Core>,
) -> Result<HttpResponse, ApiError> {
    administrator.reads();
    let (after, limit) = (query.filled("cursor").unwrap_or_default(), limit(&query)?);
    let mut rows = core.store.photo_blocks(after, limit + 1).await?;
    let more = rows.len() as i64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = rows.last().filter(|_| more).map(|(block, _)| block.user_id.clone());
    let blocks: Vec<_> = rows.into_iter().map(|(block, email)| Block::of(block, email)).collect();
    Ok(answer(&json!({ "blocks": blocks, "next": next })))
}

async fn blocked(
    administrator: Administrator,
    who: Path<String>,
    core: Data<Core>,
) -> Result<HttpResponse, ApiError> {
    administrator.reads();
    let person = person(&core, &who).await?;
    let block = core.store.photo_block(&person.id).await?.ok_or_else(ApiError::not_found)?;
    Ok(answer(&Block::of(block, person.email)))
}

/// Again with another reason: that one stands.
async fn block(
    request: HttpRequest,
    administrator: Administrator,
    who: Path<String>,
    body: Bytes,
    core: Data<Core>,
) -> Result<HttpResponse, Refused> {
    let actor = administrator.changes(&request)?;
    let reason = reason(&request, &body)?;
    let person = person(&core, &who).await?;
    let entry = entry(&core, &actor, "photo.blocked", &person, json!({ "reason": reason }));
    let block = PhotoBlock { user_id: person.id, reason, blocked_by: actor.id, created_at: core.now() };
    match core.store.block_photos(block.clone(), entry).await.map_err(ApiError::from)? {
        true => Ok(answer(&Block::of(block, person.email))),
        false => Err(ApiError::not_found().into()),
    }
}

async fn unblock(
    request: HttpRequest,
    administrator: Administrator,
    who: Path<String>,
    core: Data<Core>,
) -> Result<HttpResponse, Refused> {
    let actor = administrator.changes(&request)?;
    let person = person(&core, &who).await?;
    let entry = entry(&core, &actor, "photo.unblocked", &person, json!({}));
    match core.store.unblock_photos(&person.id, entry).await.map_err(ApiError::from)? {
        true => Ok(answer(&Done { success: true })),
        false => Err(ApiError::not_found().into()),
    }
}

async fn person(core: &Core, who: &str) -> Result<User, ApiError> {
    admin::person(&core.store, who).await?.ok_or_else(ApiError::not_found)
}

fn entry(core: &Core, actor: &User, action: &str, person: &User, detail: serde_json::Value) -> AuditRow {
    AuditRow {
        id: core.random.id(),
        at: core.now(),
        actor: Some(actor.id.clone()),
        action: action.to_owned(),
        subject: person.id.clone(),
        detail: detail.to_string(),
    }
}

/// A body of JSON, which no form of another site can send.
fn reason(request: &HttpRequest, body: &[u8]) -> Result<String, ApiError> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    let sent: Option<Map<String, Value>> = serde_json::from_slice(body).ok();
    let sent = sent.filter(|_| essence.eq_ignore_ascii_case("application/json"));
    let sent = sent.ok_or_else(|| ApiError::bad_request("invalid_request", Message::InvalidBody))?;
    sent.get("reason").and_then(Value::as_str).and_then(admin::reason).ok_or_else(|| invalid("reason"))
}

fn limit(query: &Params) -> Result<i64, ApiError> {
    match query.filled("limit") {
        None => Ok(PAGE),
        Some(text) => {
            text.parse().ok().filter(|limit| (1..=MOST).contains(limit)).ok_or_else(|| invalid("limit"))
        }
    }
}

fn one_of(query: &Params, field: &'static str, known: &[&str]) -> Result<Option<String>, ApiError> {
    match query.filled(field) {
        None => Ok(None),
        Some(word) if known.contains(&word) => Ok(Some(word.to_owned())),
        Some(_) => Err(invalid(field)),
    }
}

fn invalid(field: &'static str) -> ApiError {
    ApiError::bad_request("invalid_field", Message::InvalidField { field })
}
