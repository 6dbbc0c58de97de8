//! Galleries, pictures and owners as the pages show them.

use store::galleries::Room;
use store::pictures::Picture;
use store::users::User;
use views::{GalleryCard, OwnerCard, PersonCard, PictureCard};
use web::Core;

/// CSS pixels that a picture takes on the page, sharp on dense screens.
const SIDE: u32 = 640;

pub(super) fn gallery(core: &Core, room: &Room) -> GalleryCard {
    GalleryCard {
        id: room.gallery.id.clone(),
        name: room.gallery.name.clone(),
        cover: room.pictures.first().map(|picture| url(core, picture)),
        pictures: room.pictures.len(),
    }
}

pub(super) fn shown(core: &Core, pictures: &[Picture]) -> Vec<PictureCard> {
    (1..).zip(pictures).map(|(place, picture)| card(picture, place, url(core, picture))).collect()
}

pub(super) fn waiting(core: &Core, pictures: &[Picture]) -> Vec<PictureCard> {
    let preview = |picture| web::preview::url(core, picture, SIDE);
    (1..).zip(pictures).map(|(place, picture)| card(picture, place, preview(picture))).collect()
}

fn card(picture: &Picture, place: usize, url: String) -> PictureCard {
    PictureCard {
        id: picture.id.clone(),
        place: place.to_string(),
        url,
        width: picture.width.unwrap_or(1),
        height: picture.height.unwrap_or(1),
        caption: picture.caption.clone().unwrap_or_default(),
    }
}

fn url(core: &Core, picture: &Picture) -> String {
    core.pictures.sized(&picture.portrait(), SIDE)
}

pub(super) fn owner(core: &Core, user: &User, own: &str) -> OwnerCard {
    OwnerCard {
        person: PersonCard {
            name: user.name.clone().unwrap_or_default(),
            email: user.email.clone(),
            photo: core.pictures.default_of(user),
        },
        own: user.id == own,
    }
}
