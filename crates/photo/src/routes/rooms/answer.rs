//! Galleries and pictures as the API shows them.

use serde::Serialize;
use std::collections::BTreeMap;
use store::galleries::Room;
use store::organizations::Organization;
use store::pictures::{Picture, object_keys};
use web::Core;

/// A picture in a gallery, or one that waits for it.
#[derive(Serialize)]
pub(super) struct Image {
    pub id: String,
    /// The largest variant.
    pub url: String,
    /// By the length of the longest side; only those that exist.
    pub variants: BTreeMap<u32, String>,
    /// Of the largest variant, in pixels.
    pub width: i64,
    pub height: i64,
    pub thumbhash: String,
    pub caption: String,
    /// From 0, without gaps.
    pub order: usize,
    pub original_filename: String,
    pub uploaded_at: String,
}

impl Image {
    pub fn shown(core: &Core, picture: &Picture, order: usize) -> Self {
        let keys = object_keys(&picture.key_base, &picture.sizes);
        Self::with(picture, order, keys.iter().map(|key| core.pictures.object(&picture.store, key)))
    }

    /// Nobody else's to see yet: its addresses are capabilities that end.
    pub fn waiting(core: &Core, picture: &Picture, order: usize) -> Self {
        let sides = picture.sizes.split(',').map(|side| side.parse().unwrap_or(0));
        Self::with(picture, order, sides.map(|side| web::preview::url(core, picture, side)))
    }

    fn with(picture: &Picture, order: usize, urls: impl Iterator<Item = String>) -> Self {
        let sides = picture.sizes.split(',').map(|side| side.parse().unwrap_or(0));
        let variants: Vec<(u32, String)> = sides.zip(urls).collect();
        Self {
            id: picture.id.clone(),
            url: variants.first().map(|(_, url)| url.clone()).unwrap_or_default(),
            variants: variants.into_iter().collect(),
            width: picture.width.unwrap_or(0),
            height: picture.height.unwrap_or(0),
            thumbhash: picture.thumbhash.clone(),
            caption: picture.caption.clone().unwrap_or_default(),
            order,
            original_filename: picture.original_filename.clone(),
            uploaded_at: protocol::day::iso(picture.uploaded_at),
        }
    }

    pub fn all_shown(core: &Core, pictures: &[Picture]) -> Vec<Self> {
        pictures.iter().enumerate().map(|(order, picture)| Self::shown(core, picture, order)).collect()
    }

    pub fn all_waiting(core: &Core, pictures: &[Picture]) -> Vec<Self> {
        pictures.iter().enumerate().map(|(order, picture)| Self::waiting(core, picture, order)).collect()
    }
}

/// An upload that was taken: the picture, and the seed's `success`.
#[derive(Serialize)]
pub(super) struct Uploaded {
    pub success: bool,
    pub message: String,
    #[serde(flatten)]
    pub image: Image,
}

#[derive(Serialize)]
pub(super) struct Images {
    pub images: Vec<Image>,
}

#[derive(Serialize)]
pub(super) struct Gallery {
    pub id: String,
    pub name: String,
    pub establishment: String,
    pub establishment_id: String,
    pub images: Vec<Image>,
    pub created_at: String,
    pub updated_at: String,
}

impl Gallery {
    pub fn of(core: &Core, room: &Room) -> Self {
        Self {
            id: room.gallery.id.clone(),
            name: room.gallery.name.clone(),
            establishment: room.organization.name.clone(),
            establishment_id: room.organization.id.clone(),
            images: Image::all_shown(core, &room.pictures),
            created_at: protocol::day::iso(room.gallery.created_at),
            updated_at: protocol::day::iso(room.gallery.updated_at),
        }
    }
}

#[derive(Serialize)]
pub(super) struct Galleries {
    pub rooms: Vec<Gallery>,
}

#[derive(Serialize)]
pub(super) struct Establishment {
    pub id: String,
    pub name: String,
    pub created_at: String,
}

impl From<Organization> for Establishment {
    fn from(organization: Organization) -> Self {
        let created_at = protocol::day::iso(organization.created_at);
        Self { id: organization.id, name: organization.name, created_at }
    }
}

#[derive(Serialize)]
pub(super) struct Establishments {
    pub establishments: Vec<Establishment>,
}
