//! Organizations ("establishments"): a client may list and rename them; who owns them only people decide, in their own
//! browser.

use super::Asking;
use super::answer::{Establishment, Establishments};
use crate::routes::fields::Fields;
use crate::{State, gallery};
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use store::users::User;
use views::Message;
use web::{ApiError, Core, Language, Refused, SignedIn, json};

pub(super) async fn list(caller: Asking, core: Data<Core>) -> Result<HttpResponse, ApiError> {
    let own = core.store.organizations_of(&caller.reads().user_id).await?;
    Ok(json(&Establishments { establishments: own.into_iter().map(Establishment::from).collect() }))
}

pub(super) async fn rename(
    request: HttpRequest,
    caller: Asking,
    id: Path<String>,
    payload: Payload,
    core: Data<Core>,
    state: Data<State>,
    Language(locale): Language,
) -> Result<HttpResponse, Refused> {
    let fields = Fields::read(&request, payload).await?;
    let actor = caller.changes(&request, fields.csrf())?;
    let renamed = gallery::rename_organization(&core, &id, &actor.user_id, fields.text("name")).await;
    renamed.map_err(|problem| problem.into_api(&state))?;
    Ok(super::done(Message::OrganizationRenamed, locale))
}

#[derive(Serialize)]
struct Owners {
    owners: Vec<Owner>,
}

#[derive(Serialize)]
struct Owner {
    id: String,
    name: Option<String>,
    email: String,
}

impl From<User> for Owner {
    fn from(user: User) -> Self {
        Self { id: user.id, name: user.name, email: user.email }
    }
}

pub(super) async fn owners(
    SignedIn { user, .. }: SignedIn,
    id: Path<String>,
    core: Data<Core>,
) -> Result<HttpResponse, ApiError> {
    let found = core.store.organization(&id, &user.id).await?;
    let (_, owners) = found.ok_or_else(ApiError::not_found)?;
    Ok(json(&Owners { owners: owners.into_iter().map(Owner::from).collect() }))
}

pub(super) async fn add_owner(
    request: HttpRequest,
    SignedIn { user, .. }: SignedIn,
    id: Path<String>,
    payload: Payload,
    core: Data<Core>,
    state: Data<State>,
    Language(locale): Language,
) -> Result<HttpResponse, Refused> {
    let fields = Fields::read(&request, payload).await?;
    web::caller::posted(&request, fields.csrf())?;
    let added = gallery::add_owner(&core, &id, &user.id, fields.text("email").unwrap_or_default()).await;
    added.map_err(|problem| problem.into_api(&state))?;
    Ok(super::done(Message::OwnerAdded, locale))
}

pub(super) async fn remove_owner(
    request: HttpRequest,
    SignedIn { user, .. }: SignedIn,
    place: Path<(String, String)>,
    payload: Payload,
    core: Data<Core>,
    state: Data<State>,
    Language(locale): Language,
) -> Result<HttpResponse, Refused> {
    let fields = Fields::read(&request, payload).await?;
    web::caller::posted(&request, fields.csrf())?;
    let (id, owner) = place.into_inner();
    let removed = gallery::remove_owner(&core, &id, &user.id, &owner).await;
    removed.map_err(|problem| problem.into_api(&state))?;
    Ok(super::done(Message::OwnerRemoved, locale))
}
