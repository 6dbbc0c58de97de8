//! The staged API of seed 001 (CONTRACT §5): upload, look, confirm or discard; one's history, and the way back.

use super::fields::Fields;
use super::multipart;
use super::upload::{self, Failure};
use crate::State;
use crate::lifecycle::{self, Applied, Purpose};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, LOCATION};
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use protocol::{day, seconds};
use serde::Serialize;
use std::collections::BTreeMap;
use store::photo_admin::{Cursor, Filter};
use store::pictures::{Picture, state};
use views::{Locale, Message};
use web::{Actor, ApiError, Caller, Core, Language, Query, Refused, json, paths, preview, scope};

type Who = Result<Caller<scope::Profile>, Refused>;

/// Of a history, at once.
const PAGE: i64 = 50;
const ALT_TEXT_CHARS: usize = 500;

/// An upload as seed 001 has it.
#[derive(Debug, Serialize)]
struct Upload {
    id: String,
    /// While there is something to see.
    preview_url: Option<String>,
    uploaded_at: String,
    original_filename: String,
    is_confirmed: bool,
    confirmed_at: Option<String>,
}

/// What its person also wants to know.
#[derive(Debug, Serialize)]
struct Entry {
    #[serde(flatten)]
    upload: Upload,
    /// `pending`, `current`, `kept`, `replaced`, or `discarded` without ever having been the photo.
    state: &'static str,
    alt_text: Option<String>,
    /// Of the current photo.
    picture: Option<String>,
    picture_variants: Option<BTreeMap<String, String>>,
    /// When another took its place, or it was removed.
    superseded_at: Option<String>,
    /// Why an administrator took it away.
    removed_reason: Option<String>,
}

#[derive(Serialize)]
struct History {
    uploads: Vec<Entry>,
    /// For `?before=`, where there is more.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// The photo has changed.
#[derive(Serialize)]
struct Changed {
    success: bool,
    message: String,
    picture: String,
    /// Unix seconds, as with every change of a profile.
    updated_at: i64,
    #[serde(flatten)]
    upload: Upload,
}

#[derive(Serialize)]
struct Done {
    success: bool,
    message: String,
}

pub(super) async fn stage(
    request: HttpRequest,
    caller: Who,
    payload: Payload,
    core: Data<Core>,
    state: Data<State>,
) -> Result<HttpResponse, Refused> {
    let (caller, payload) = multipart::known(caller, payload).await?;
    let form = upload::receive(&request, payload, &state, &core, ("image", caller.counts_for())).await;
    let mut form = form.map_err(|failure| failure.into_api(&state))?;
    let actor = caller.changes(&request, form.csrf())?;
    let staged = async {
        let upload = form.upload(&core, &actor, Purpose::Profile, form.square()?).await?;
        Ok(lifecycle::stage(&core, &state, upload).await?)
    };
    let picture = staged.await.map_err(|failure: Failure| failure.into_api(&state))?;
    let mut response = json(&Upload::of(&core, &picture));
    *response.status_mut() = StatusCode::CREATED;
    let place = paths::PICTURE_UPLOAD.replace("{upload}", &picture.id);
    if let Ok(place) = HeaderValue::from_str(&core.site.url(&place)) {
        response.headers_mut().insert(LOCATION, place);
    }
    Ok(response)
}

pub(super) async fn confirm(
    request: HttpRequest,
    caller: Who,
    payload: Payload,
    core: Data<Core>,
    state: Data<State>,
    Language(locale): Language,
) -> Result<HttpResponse, Refused> {
    let (caller, payload) = multipart::known(caller, payload).await?;
    let fields = Fields::read(&request, payload).await?;
    let actor = caller.changes(&request, fields.csrf())?;
    let id = fields.text("upload_id").ok_or_else(|| invalid("upload_id"))?;
    let alt_text = fields.sent("alt_text").map(alt_text).transpose()?;
    let applied = lifecycle::confirm(&core, &state, id, alt_text, &actor).await;
    changed(&core, &state, applied, Message::PhotoUpdated, locale)
}

pub(super) async fn restore(
    request: HttpRequest,
    id: Path<String>,
    caller: Who,
    payload: Payload,
    core: Data<Core>,
    state: Data<State>,
    Language(locale): Language,
) -> Result<HttpResponse, Refused> {
    let (caller, payload) = multipart::known(caller, payload).await?;
    let fields = Fields::read(&request, payload).await?;
    let actor = caller.changes(&request, fields.csrf())?;
    let applied = lifecycle::restore(&core, &state, &id, &actor).await;
    changed(&core, &state, applied, Message::PhotoRestored, locale)
}

/// Gives up an upload that waits, or an earlier photo that is kept.
pub(super) async fn discard(
    request: HttpRequest,
    id: Path<String>,
    caller: Who,
    payload: Payload,
    core: Data<Core>,
    state: Data<State>,
    Language(locale): Language,
) -> Result<HttpResponse, Refused> {
    let (caller, payload) = multipart::known(caller, payload).await?;
    let fields = Fields::read(&request, payload).await?;
    let actor = caller.changes(&request, fields.csrf())?;
    let discarded = lifecycle::discard(&core, &state, &id, &actor).await;
    if !discarded.map_err(|error| Failure::from(error).into_api(&state))? {
        return Err(not_found().into());
    }
    Ok(json(&Done { success: true, message: Message::PhotoDiscarded.text(locale) }))
}

/// Changes the alternative text.
pub(super) async fn describe(
    request: HttpRequest,
    id: Path<String>,
    caller: Who,
    payload: Payload,
    core: Data<Core>,
) -> Result<HttpResponse, Refused> {
    let (caller, payload) = multipart::known(caller, payload).await?;
    let fields = Fields::read(&request, payload).await?;
    let actor = caller.changes(&request, fields.csrf())?;
    let text = alt_text(fields.sent("alt_text").ok_or_else(|| invalid("alt_text"))?)?;
    own(&core, &id, &actor).await?;
    if !core.store.set_alt_text(&id, &actor.user_id, text).await.map_err(ApiError::from)? {
        return Err(not_found().into());
    }
    let picture = own(&core, &id, &actor).await?;
    Ok(json(&Entry::of(&core, &picture)))
}

pub(super) async fn show(
    id: Path<String>,
    caller: Caller<scope::Profile>,
    core: Data<Core>,
) -> Result<HttpResponse, ApiError> {
    let picture = own(&core, &id, &caller.reads()).await?;
    Ok(json(&Entry::of(&core, &picture)))
}

/// Newest first.
pub(super) async fn history(
    Query(query): Query,
    caller: Caller<scope::Profile>,
    core: Data<Core>,
) -> Result<HttpResponse, ApiError> {
    let actor = caller.reads();
    let after = match query.filled("before") {
        None => None,
        Some(id) => {
            // Where a page ended may have been somebody else's upload.
            let last = core.store.picture(id).await?;
            let last = last.filter(|last| last.user_id.as_ref() == Some(&actor.user_id));
            let Picture { uploaded_at, id, .. } = last.ok_or_else(not_found)?;
            Some(Cursor { uploaded_at, id })
        }
    };
    let filter = Filter {
        user_id: Some(actor.user_id.clone()),
        purpose: Some(Purpose::Profile.as_str().to_owned()),
        state: None,
    };
    let rows = core.store.uploads(filter, after, PAGE + 1).await?;
    let is_more = i64::try_from(rows.len()).is_ok_and(|rows| rows > PAGE);
    let mut pictures: Vec<Picture> = rows.into_iter().map(|row| row.picture).collect();
    pictures.truncate(usize::try_from(PAGE).unwrap_or(0));
    let next = pictures.last().filter(|_| is_more).map(|last| last.id.clone());
    let seen = pictures.iter().filter(|picture| shows(&actor, picture));
    Ok(json(&History { uploads: seen.map(|picture| Entry::of(&core, picture)).collect(), next }))
}

/// Another person's is as unknown as one that never was (S127).
async fn own(core: &Core, id: &str, actor: &Actor) -> Result<Picture, ApiError> {
    let picture = core.store.picture(id).await?;
    picture.filter(|picture| shows(actor, picture)).ok_or_else(not_found)
}

/// What a caller may see: what is theirs ([`lifecycle::is_theirs`]), and the photo that everybody sees.
fn shows(actor: &Actor, picture: &Picture) -> bool {
    let current = picture.state == state::CURRENT
        && picture.user_id.as_deref() == Some(&actor.user_id)
        && picture.purpose == Purpose::Profile.as_str();
    current || lifecycle::is_theirs(actor, picture)
}

fn changed(
    core: &Core,
    state: &State,
    applied: Result<Option<Applied>, lifecycle::UploadError>,
    message: Message,
    locale: Locale,
) -> Result<HttpResponse, Refused> {
    let applied = applied.map_err(|error| Failure::from(error).into_api(state))?;
    let Applied { user, picture } = applied.ok_or_else(not_found)?;
    Ok(json(&Changed {
        success: true,
        message: message.text(locale),
        picture: upload::url(core, &picture),
        updated_at: seconds(user.updated_at),
        upload: Upload::of(core, &picture),
    }))
}

/// The one sentence of seed 001, whichever of its reasons it is.
fn not_found() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "upload_not_found", Message::PictureUploadNotFound)
}

fn invalid(field: &'static str) -> ApiError {
    ApiError::bad_request("invalid_field", Message::InvalidField { field })
}

/// One line of plain text; `None` where it is empty.
pub(super) fn alt_text(text: &str) -> Result<Option<String>, ApiError> {
    let plain: String = text.split(|char: char| char.is_control()).collect::<Vec<_>>().join(" ");
    let plain = plain.trim();
    if plain.chars().count() > ALT_TEXT_CHARS {
        return Err(ApiError::bad_request("alt_text_too_long", Message::AltTextTooLong));
    }
    Ok((!plain.is_empty()).then(|| plain.to_owned()))
}

impl Upload {
    fn of(core: &Core, picture: &Picture) -> Self {
        let visible = [state::STAGED, state::CURRENT, state::KEPT].contains(&picture.state.as_str());
        Self {
            id: picture.id.clone(),
            preview_url: visible.then(|| preview::url(core, picture, 0)),
            uploaded_at: day::iso(picture.uploaded_at),
            original_filename: picture.original_filename.clone(),
            is_confirmed: picture.confirmed_at.is_some(),
            confirmed_at: picture.confirmed_at.map(day::iso),
        }
    }
}

impl Entry {
    fn of(core: &Core, picture: &Picture) -> Self {
        let current = (picture.state == state::CURRENT).then(|| picture.portrait());
        Self {
            upload: Upload::of(core, picture),
            state: match (picture.state.as_str(), picture.confirmed_at) {
                (state::STAGED, _) => "pending",
                (state::CURRENT, _) => "current",
                (state::KEPT, _) => "kept",
                (_, Some(_)) => "replaced",
                (_, None) => "discarded",
            },
            alt_text: picture.caption.clone(),
            picture: current.as_ref().map(|portrait| core.pictures.url(portrait)),
            picture_variants: current.as_ref().map(|portrait| core.pictures.variants(portrait)),
            superseded_at: picture.superseded_at.map(day::iso),
            removed_reason: picture.removed_reason.clone(),
        }
    }
}
