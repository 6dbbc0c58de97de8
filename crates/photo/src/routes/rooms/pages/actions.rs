//! What the pages' forms do.

use super::{answer, back, failed, place, sentence, show};
use crate::State;
use crate::gallery::{self, Problem, Step};
use crate::image::Shape;
use crate::lifecycle::{Purpose, Upload};
use crate::routes::multipart;
use crate::routes::upload::{self, Failure};
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use views::{Message, NewGalleryPage};
use web::{Actor, Browser, Core, Language, Posted, Refused, SignedIn, paths};

fn actor(SignedIn { user, session }: SignedIn) -> Actor {
    Actor { user_id: user.id, client_id: None, sid: Some(session.sid) }
}

pub(super) async fn wait(
    request: HttpRequest,
    signed_in: Result<SignedIn, Refused>,
    payload: Payload,
    core: Data<Core>,
    state: Data<State>,
) -> Result<HttpResponse, Refused> {
    let (signed_in, payload) = multipart::known(signed_in, payload).await?;
    let actor = actor(signed_in);
    let sent = match receive(&request, payload, &core, &state, &actor).await? {
        Ok(sent) => sent,
        Err(failure) => return Ok(back(paths::GALLERY_NEW, "problem", failed(&failure, &state))),
    };
    let waits = gallery::wait(&core, &state, &actor, sent).await;
    answer(waits.map(|_| Message::GalleryImageAdded), paths::GALLERY_NEW, &state)
}

pub(super) async fn add(
    request: HttpRequest,
    signed_in: Result<SignedIn, Refused>,
    id: Path<String>,
    payload: Payload,
    core: Data<Core>,
    state: Data<State>,
) -> Result<HttpResponse, Refused> {
    let (signed_in, payload) = multipart::known(signed_in, payload).await?;
    let actor = actor(signed_in);
    let page = place(paths::GALLERY, &id);
    let sent = match receive(&request, payload, &core, &state, &actor).await? {
        Ok(sent) => sent,
        Err(failure) => return Ok(back(&page, "problem", failed(&failure, &state))),
    };
    let added = gallery::add(&core, &state, &id, sent).await;
    answer(added.map(|_| Message::GalleryImageAdded), &page, &state)
}

/// The picture of a form that one of our pages sent.
async fn receive(
    request: &HttpRequest,
    payload: Payload,
    core: &Core,
    state: &State,
    actor: &Actor,
) -> Result<Result<Upload, Failure>, Refused> {
    let mut form = match upload::receive(request, payload, state, core, ("image", &actor.user_id)).await {
        Ok(form) => form,
        Err(failure) => return Ok(Err(failure)),
    };
    web::form::posted(request, form.csrf())?;
    Ok(form.upload(core, actor, Purpose::Gallery, Shape::Whole).await)
}

pub(super) async fn discard_waiting(
    signed_in: SignedIn,
    image: Path<String>,
    _form: Posted,
    core: Data<Core>,
    state: Data<State>,
) -> Result<HttpResponse, Refused> {
    let discarded = gallery::discard_waiting(&core, &state, &actor(signed_in), &image).await;
    answer(discarded.map(|()| Message::GalleryImageRemoved), paths::GALLERY_NEW, &state)
}

/// The gallery, of the pictures that wait and the one that is chosen in the form.
pub(super) async fn create(
    request: HttpRequest,
    signed_in: Result<SignedIn, Refused>,
    browser: Browser,
    payload: Payload,
    core: Data<Core>,
    state: Data<State>,
    language: Language,
) -> Result<HttpResponse, Refused> {
    let (signed_in, payload) = multipart::known(signed_in, payload).await?;
    let actor = actor(signed_in);
    let received = upload::receive(&request, payload, &state, &core, ("image", &actor.user_id)).await;
    let mut form = match received {
        Ok(form) => form,
        Err(failure) => return Ok(back(paths::GALLERY_NEW, "problem", failed(&failure, &state))),
    };
    web::form::posted(&request, form.csrf())?;
    let text = |name| form.text(name).map(str::to_owned);
    let (name, organization, id) = (text("name"), text("establishment"), text("establishment_id"));
    let sent = match form.upload(&core, &actor, Purpose::Gallery, Shape::Whole).await {
        Ok(sent) => gallery::wait(&core, &state, &actor, sent).await.map(drop),
        Err(Failure::Missing(_)) => Ok(()),
        Err(failure) => Err(Problem::Refused("image", failed(&failure, &state))),
    };
    let made = match sent {
        Ok(()) => {
            let (name, organization) = (name.as_deref(), organization.as_deref());
            gallery::create(&core, &actor, name, organization, id.as_deref()).await
        }
        Err(problem) => Err(problem),
    };
    let problem = match made {
        Ok(room) => {
            return answer(Ok(Message::GalleryCreated), &place(paths::GALLERY, &room.gallery.id), &state);
        }
        Err(problem) => Some(sentence(problem, &state)?),
    };
    let page = NewGalleryPage {
        name: name.unwrap_or_default(),
        organization: organization.unwrap_or_default(),
        organization_id: id.unwrap_or_default(),
        problem,
        ..NewGalleryPage::default()
    };
    let sender = gallery::sender(&actor);
    Ok(show::new_refused(page, (&core, &state), &browser, &sender, language).await?)
}

pub(super) async fn rename(
    SignedIn { user, .. }: SignedIn,
    id: Path<String>,
    form: Posted,
    core: Data<Core>,
    state: Data<State>,
) -> Result<HttpResponse, Refused> {
    let renamed = gallery::rename(&core, &id, &user.id, form.get("name")).await;
    answer(renamed.map(|()| Message::GalleryRenamed), &place(paths::GALLERY, &id), &state)
}

pub(super) async fn delete(
    SignedIn { user, .. }: SignedIn,
    id: Path<String>,
    _form: Posted,
    core: Data<Core>,
    state: Data<State>,
) -> Result<HttpResponse, Refused> {
    let deleted = gallery::delete(&core, &state, &id, &user.id).await;
    answer(deleted.map(|()| Message::GalleryDeleted), paths::GALLERIES, &state)
}

pub(super) async fn caption(
    SignedIn { user, .. }: SignedIn,
    path: Path<(String, String)>,
    form: Posted,
    core: Data<Core>,
    state: Data<State>,
) -> Result<HttpResponse, Refused> {
    let (id, image) = path.into_inner();
    let caption = form.get("caption").unwrap_or_default();
    let kept = gallery::caption(&core, &id, &user.id, &image, caption).await;
    answer(kept.map(|_| Message::CaptionSaved), &place(paths::GALLERY, &id), &state)
}

pub(super) async fn step(
    SignedIn { user, .. }: SignedIn,
    path: Path<(String, String)>,
    form: Posted,
    core: Data<Core>,
    state: Data<State>,
) -> Result<HttpResponse, Refused> {
    let (id, image) = path.into_inner();
    let moved = match form.get("direction") {
        Some("up") => gallery::step(&core, &id, &user.id, &image, Step::Up).await,
        Some("down") => gallery::step(&core, &id, &user.id, &image, Step::Down).await,
        _ => Err(Problem::Refused("invalid_order", Message::GalleryOrderInvalid)),
    };
    answer(moved.map(|()| Message::GalleryOrderSaved), &place(paths::GALLERY, &id), &state)
}

pub(super) async fn remove(
    SignedIn { user, .. }: SignedIn,
    path: Path<(String, String)>,
    _form: Posted,
    core: Data<Core>,
    state: Data<State>,
) -> Result<HttpResponse, Refused> {
    let (id, image) = path.into_inner();
    let removed = gallery::remove(&core, &state, &id, &user.id, &image).await;
    answer(removed.map(|()| Message::GalleryImageRemoved), &place(paths::GALLERY, &id), &state)
}
