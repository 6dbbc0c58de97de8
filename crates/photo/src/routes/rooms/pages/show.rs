//! The pages themselves.

use super::{cards, page_error, said};
use crate::{State, gallery};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use store::galleries::{MOST_PICTURES, Sender};
use views::{GalleriesPage, GalleryLimits, GalleryPage, Message, NewGalleryPage, OrganizationCard};
use web::{Browser, Core, Language, PageError, Query, SignedIn, html, paths};

pub(super) async fn list(
    SignedIn { user, .. }: SignedIn,
    browser: Browser,
    Query(query): Query,
    core: Data<Core>,
    state: Data<State>,
    Language(locale): Language,
) -> Result<HttpResponse, PageError> {
    let asked = core.store.invitations_of(&user.email).await?;
    let invitations = asked.into_iter().map(|one| (one.id, one.name)).collect();
    let rooms = core.store.galleries_of(&user.id).await?;
    let organizations = core.store.organizations_of(&user.id).await?;
    let organizations = organizations.into_iter().map(|organization| {
        let own = rooms.iter().filter(|room| room.organization.id == organization.id);
        let galleries = own.map(|room| cards::gallery(&core, room)).collect();
        OrganizationCard { id: organization.id, name: organization.name, galleries }
    });
    let organizations = organizations.collect();
    let (notice, problem) = said(&query, &state);
    let sign_out = paths::LOGOUT.to_owned();
    Ok(html(
        GalleriesPage { csrf: browser.csrf(), invitations, organizations, notice, problem, sign_out }
            .render(locale),
    ))
}

pub(super) async fn new(
    SignedIn { user, session }: SignedIn,
    browser: Browser,
    Query(query): Query,
    core: Data<Core>,
    state: Data<State>,
    Language(locale): Language,
) -> Result<HttpResponse, PageError> {
    let (notice, problem) = said(&query, &state);
    // The organization whose page led here.
    let organization_id = query.get("organization").unwrap_or_default().to_owned();
    let page = NewGalleryPage { organization_id, notice, problem, ..NewGalleryPage::default() };
    let sender = Sender { user_id: user.id, client_id: None, sid: Some(session.sid) };
    Ok(html(filled(page, &core, &state, &browser, &sender).await?.render(locale)))
}

/// The page again, with what was typed and why it was refused.
pub(super) async fn new_refused(
    page: NewGalleryPage,
    (core, state): (&Core, &State),
    browser: &Browser,
    sender: &Sender,
    Language(locale): Language,
) -> Result<HttpResponse, PageError> {
    let page = filled(page, core, state, browser, sender).await?;
    Ok(web::page(StatusCode::BAD_REQUEST, page.render(locale), None))
}

async fn filled(
    page: NewGalleryPage,
    core: &Core,
    state: &State,
    browser: &Browser,
    sender: &Sender,
) -> Result<NewGalleryPage, PageError> {
    let waiting = core.store.waiting_pictures(sender).await?;
    let organizations = core.store.organizations_of(&sender.user_id).await?;
    Ok(NewGalleryPage {
        csrf: browser.csrf(),
        blocked: core.store.photo_block(&sender.user_id).await?.map(|block| block.reason),
        pictures: cards::waiting(core, &waiting),
        organizations: organizations.into_iter().map(|one| (one.id, one.name)).collect(),
        limits: limits(state),
        sign_out: paths::LOGOUT.to_owned(),
        ..page
    })
}

pub(super) async fn editor(
    SignedIn { user, .. }: SignedIn,
    browser: Browser,
    id: Path<String>,
    Query(query): Query,
    core: Data<Core>,
    state: Data<State>,
    Language(locale): Language,
) -> Result<HttpResponse, PageError> {
    let room = gallery::find(&core, &id, &user.id).await.map_err(page_error)?;
    let (notice, problem): (Option<Message>, Option<Message>) = said(&query, &state);
    let page = GalleryPage {
        csrf: browser.csrf(),
        blocked: core.store.photo_block(&user.id).await?.map(|block| block.reason),
        pictures: cards::shown(&core, &room.pictures),
        id: room.gallery.id,
        name: room.gallery.name,
        organization: (room.organization.id, room.organization.name),
        limits: limits(&state),
        notice,
        problem,
        sign_out: paths::LOGOUT.to_owned(),
    };
    Ok(html(page.render(locale)))
}

fn limits(state: &State) -> GalleryLimits {
    let most = usize::try_from(MOST_PICTURES).unwrap_or(usize::MAX);
    GalleryLimits { most, max_bytes: state.limits.bytes as u64 }
}
