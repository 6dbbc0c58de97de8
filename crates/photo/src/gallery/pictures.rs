//! Pictures in galleries and on their way there. Each is staged like a profile photo; what differs is what it is taken
//! into.

use super::{Full, GALLERY_FULL, Problem, WAITING_FULL, done, find, sender, text};
use crate::State;
use crate::lifecycle::{self, Upload};
use store::StoreError;
use store::galleries::MOST_PICTURES;
use store::organizations::Denied;
use store::pictures::Picture;
use web::{Actor, Core};

/// The picture waits for a gallery to be made.
pub async fn wait(core: &Core, state: &State, actor: &Actor, upload: Upload) -> Result<Picture, Problem> {
    let sender = sender(actor);
    // Asked again when it counts: this only spares the work on what has no place anyway.
    let waiting = core.store.waiting_pictures(&sender).await?.len();
    room_for_one_more(waiting, WAITING_FULL)?;
    let picture = lifecycle::stage(core, state, upload).await?;
    let placed = core.store.place_waiting(&picture.id, sender, core.now()).await;
    taken(core, state, &picture.id, placed, WAITING_FULL).await
}

/// The picture comes last in the gallery.
pub async fn add(core: &Core, state: &State, gallery_id: &str, upload: Upload) -> Result<Picture, Problem> {
    let user_id = upload.user_id.clone();
    room_for_one_more(find(core, gallery_id, &user_id).await?.pictures.len(), GALLERY_FULL)?;
    let picture = lifecycle::stage(core, state, upload).await?;
    let added = core.store.add_to_gallery(gallery_id, &user_id, &picture.id, core.now()).await;
    taken(core, state, &picture.id, added, GALLERY_FULL).await
}

fn room_for_one_more(there: usize, full: Full) -> Result<(), Problem> {
    let most = usize::try_from(MOST_PICTURES).unwrap_or(usize::MAX);
    if there < most { Ok(()) } else { Err(Problem::of(Denied::Full, full)) }
}

/// What was not taken was given up in the same transaction; where the database failed, here.
async fn taken(
    core: &Core,
    state: &State,
    id: &str,
    outcome: Result<Result<Picture, Denied>, StoreError>,
    full: Full,
) -> Result<Picture, Problem> {
    if let Err(error) = &outcome {
        tracing::warn!(%error, picture = id, "a picture could not be taken into its gallery");
        if let Err(error) = core.store.discard_picture(id, core.now()).await {
            tracing::warn!(%error, picture = id, "it is left to the sweep");
        }
    }
    if !matches!(outcome, Ok(Ok(_))) {
        state.superseded.notify_one();
    }
    outcome?.map_err(|denied| Problem::of(denied, full))
}

pub async fn discard_waiting(core: &Core, state: &State, actor: &Actor, id: &str) -> Result<(), Problem> {
    let deleted = core.store.delete_waiting(id, sender(actor), core.now()).await?;
    state.superseded.notify_one();
    if deleted { Ok(()) } else { Err(Problem::NotFound) }
}

pub async fn remove(
    core: &Core,
    state: &State,
    gallery_id: &str,
    user_id: &str,
    picture_id: &str,
) -> Result<(), Problem> {
    let (after, now) = (state.retention.delete_after, core.now());
    done(core.store.remove_from_gallery(gallery_id, user_id, picture_id, after, now).await)?;
    state.superseded.notify_one();
    Ok(())
}

/// `order` must name every picture exactly once.
pub async fn reorder(
    core: &Core,
    gallery_id: &str,
    user_id: &str,
    order: Vec<String>,
) -> Result<(), Problem> {
    done(core.store.reorder_gallery(gallery_id, user_id, order, core.now()).await)
}

/// One place up or down, for pages without JavaScript.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Up,
    Down,
}

/// Nothing happens at the ends. Where somebody else changed the gallery meanwhile the order is refused.
pub async fn step(
    core: &Core,
    gallery_id: &str,
    user_id: &str,
    picture_id: &str,
    step: Step,
) -> Result<(), Problem> {
    let room = find(core, gallery_id, user_id).await?;
    let mut order: Vec<String> = room.pictures.into_iter().map(|picture| picture.id).collect();
    let place = order.iter().position(|id| id == picture_id).ok_or(Problem::NotFound)?;
    let other = match step {
        Step::Up => place.checked_sub(1),
        Step::Down => Some(place + 1).filter(|other| *other < order.len()),
    };
    let Some(other) = other else { return Ok(()) };
    order.swap(place, other);
    reorder(core, gallery_id, user_id, order).await
}

/// An empty caption is none.
pub async fn caption(
    core: &Core,
    gallery_id: &str,
    user_id: &str,
    picture_id: &str,
    caption: &str,
) -> Result<Option<String>, Problem> {
    let caption = text::caption(caption)?;
    let kept = caption.clone();
    done(core.store.caption_picture(gallery_id, user_id, picture_id, caption, core.now()).await)?;
    Ok(kept)
}
