//! Organizations ("establishments"): a client may list and rename them; who owns them only people decide, in their own
//! browser: an owner asks, whoever is asked says yes or no.

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

pub(super) async fn delete(
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
    let deleted = gallery::delete_organization(&core, &id, &actor.user_id).await;
    deleted.map_err(|problem| problem.into_api(&state))?;
    Ok(super::done(Message::OrganizationDeleted, locale))
}

#[derive(Serialize)]
struct Owners {
    owners: Vec<Owner>,
    /// Addresses that were asked and have not answered.
    invited: Vec<String>,
}

/// Never the subject: they are owners together, not a client of each other's.
#[derive(Serialize)]
struct Owner {
    name: Option<String>,
    email: String,
}

pub(super) async fn owners(
    SignedIn { user, .. }: SignedIn,
    id: Path<String>,
    core: Data<Core>,
) -> Result<HttpResponse, ApiError> {
    let found = core.store.organization(&id, &user.id).await?;
    let (_, owners) = found.ok_or_else(ApiError::not_found)?;
    let owners = owners.into_iter().map(|User { name, email, .. }| Owner { name, email }).collect();
    Ok(json(&Owners { owners, invited: core.store.invited_owners(&id).await? }))
}

#[derive(Serialize)]
struct Invitations {
    invitations: Vec<Establishment>,
}

pub(super) async fn invitations(
    SignedIn { user, .. }: SignedIn,
    core: Data<Core>,
) -> Result<HttpResponse, ApiError> {
    let asked = core.store.invitations_of(&user.email).await?;
    Ok(json(&Invitations { invitations: asked.into_iter().map(Establishment::from).collect() }))
}

pub(super) async fn accept(
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
    let accepted = gallery::accept_invitation(&core, &id, &user.id).await;
    accepted.map_err(|problem| problem.into_api(&state))?;
    Ok(super::done(Message::InvitationAccepted, locale))
}

pub(super) async fn decline(
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
    let declined = gallery::decline_invitation(&core, &id, &user).await;
    declined.map_err(|problem| problem.into_api(&state))?;
    Ok(super::done(Message::InvitationDeclined, locale))
}

pub(super) async fn invite(
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
    let invited = gallery::invite_owner(&core, &id, &user.id, fields.text("email").unwrap_or_default()).await;
    invited.map_err(|problem| problem.into_api(&state))?;
    Ok(super::done(Message::OwnerInvited, locale))
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
