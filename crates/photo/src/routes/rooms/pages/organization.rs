//! The page of an organization: its name, and who owns it.

use super::{answer, cards, place, said};
use crate::{State, gallery};
use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use views::{Message, OrganizationPage};
use web::{Browser, Core, Language, PageError, Posted, Query, Refused, SignedIn, html, paths};

pub(super) async fn show(
    SignedIn { user, .. }: SignedIn,
    browser: Browser,
    id: Path<String>,
    Query(query): Query,
    core: Data<Core>,
    state: Data<State>,
    Language(locale): Language,
) -> Result<HttpResponse, PageError> {
    let found = core.store.organization(&id, &user.id).await?;
    let (organization, owners) = found.ok_or_else(PageError::not_found)?;
    let (notice, problem) = said(&query, &state);
    let page = OrganizationPage {
        csrf: browser.csrf(),
        id: organization.id,
        name: organization.name,
        empty: core.store.galleries_of(&user.id).await?.iter().all(|room| room.organization.id != *id),
        invited: core.store.invited_owners(&id).await?,
        owners: owners.iter().map(|owner| cards::owner(&core, owner, &user.id)).collect(),
        notice,
        problem,
        sign_out: paths::LOGOUT.to_owned(),
    };
    Ok(html(page.render(locale)))
}

pub(super) async fn rename(
    SignedIn { user, .. }: SignedIn,
    id: Path<String>,
    form: Posted,
    core: Data<Core>,
    state: Data<State>,
) -> Result<HttpResponse, Refused> {
    let renamed = gallery::rename_organization(&core, &id, &user.id, form.get("name")).await;
    answer(renamed.map(|()| Message::OrganizationRenamed), &place(paths::ORGANIZATION, &id), &state)
}

pub(super) async fn delete(
    SignedIn { user, .. }: SignedIn,
    id: Path<String>,
    _form: Posted,
    core: Data<Core>,
    state: Data<State>,
) -> Result<HttpResponse, Refused> {
    let deleted = gallery::delete_organization(&core, &id, &user.id).await;
    let page = match deleted {
        Ok(()) => paths::GALLERIES.to_owned(),
        Err(_) => place(paths::ORGANIZATION, &id),
    };
    answer(deleted.map(|()| Message::OrganizationDeleted), &page, &state)
}

pub(super) async fn invite(
    SignedIn { user, .. }: SignedIn,
    id: Path<String>,
    form: Posted,
    core: Data<Core>,
    state: Data<State>,
) -> Result<HttpResponse, Refused> {
    let email = form.get("email").unwrap_or_default();
    let invited = gallery::invite_owner(&core, &id, &user.id, email).await;
    answer(invited.map(|()| Message::OwnerInvited), &place(paths::ORGANIZATION, &id), &state)
}

pub(super) async fn accept(
    SignedIn { user, .. }: SignedIn,
    id: Path<String>,
    _form: Posted,
    core: Data<Core>,
    state: Data<State>,
) -> Result<HttpResponse, Refused> {
    let accepted = gallery::accept_invitation(&core, &id, &user.id).await;
    answer(accepted.map(|()| Message::InvitationAccepted), paths::GALLERIES, &state)
}

pub(super) async fn decline(
    SignedIn { user, .. }: SignedIn,
    id: Path<String>,
    _form: Posted,
    core: Data<Core>,
    state: Data<State>,
) -> Result<HttpResponse, Refused> {
    let declined = gallery::decline_invitation(&core, &id, &user).await;
    answer(declined.map(|()| Message::InvitationDeclined), paths::GALLERIES, &state)
}

pub(super) async fn remove_owner(
    SignedIn { user, .. }: SignedIn,
    id: Path<String>,
    form: Posted,
    core: Data<Core>,
    state: Data<State>,
) -> Result<HttpResponse, Refused> {
    let email = form.get("email").unwrap_or_default();
    let removed = gallery::remove_owner(&core, &id, &user.id, email).await;
    // Whoever left has no page of it any more.
    let page = match email == user.email && removed.is_ok() {
        true => paths::GALLERIES.to_owned(),
        false => place(paths::ORGANIZATION, &id),
    };
    answer(removed.map(|()| Message::OwnerRemoved), &page, &state)
}
