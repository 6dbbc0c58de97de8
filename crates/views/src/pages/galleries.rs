//! Galleries and the organizations that they belong to. All of it is plain forms; `gallery.js` makes them answer at once.

use askama::Template;

use crate::{Locale, Message, PersonCard, assets, words, words::Words};

/// `GET /account/galleries`: the person's organizations, each with its galleries. An invitation has a form.accept and a
/// form.decline.
#[derive(Debug, Clone, Default)]
pub struct GalleriesPage {
    pub csrf: String,
    /// Organizations that ask the person to become an owner: id and name.
    pub invitations: Vec<(String, String)>,
    pub organizations: Vec<OrganizationCard>,
    pub notice: Option<Message>,
    pub problem: Option<Message>,
    pub sign_out: String,
}
page!(GalleriesPage, GalleriesTemplate, "galleries.html");

#[derive(Debug, Clone, Default)]
pub struct OrganizationCard {
    pub id: String,
    pub name: String,
    pub galleries: Vec<GalleryCard>,
}

#[derive(Debug, Clone, Default)]
pub struct GalleryCard {
    pub id: String,
    pub name: String,
    /// The first picture.
    pub cover: Option<String>,
    pub pictures: usize,
}

/// `GET /account/galleries/new`: form#gallery (multipart: `name`, `establishment_id` or `establishment`, `image`)
/// makes the gallery of the pictures that wait and the one that is chosen; its button#upload only sends that one; a
/// form.remove takes one away.
#[derive(Debug, Clone, Default)]
pub struct NewGalleryPage {
    pub csrf: String,
    /// Those that wait, in order.
    pub pictures: Vec<PictureCard>,
    /// Why the person may not add pictures.
    pub blocked: Option<String>,
    /// The person's organizations: id and name.
    pub organizations: Vec<(String, String)>,
    /// What was typed, where it was refused.
    pub name: String,
    pub organization_id: String,
    pub organization: String,
    pub limits: GalleryLimits,
    pub notice: Option<Message>,
    pub problem: Option<Message>,
    pub sign_out: String,
}
page!(NewGalleryPage, NewGalleryTemplate, "gallery-new.html");

/// `GET /account/galleries/{gallery}`: form#add-form sends a picture; each has a form.caption (`caption`), a form.move
/// (`direction` = `up` | `down`) and a form.remove; form#gallery (`name`), form#delete.
#[derive(Debug, Clone, Default)]
pub struct GalleryPage {
    pub csrf: String,
    pub id: String,
    pub name: String,
    /// Id and name.
    pub organization: (String, String),
    pub pictures: Vec<PictureCard>,
    /// Why the person may not add pictures.
    pub blocked: Option<String>,
    pub limits: GalleryLimits,
    pub notice: Option<Message>,
    pub problem: Option<Message>,
    pub sign_out: String,
}
page!(GalleryPage, GalleryTemplate, "gallery.html");

/// `GET /account/galleries/organizations/{organization}`: form#organization (`name`), form#owner (`email`), a form.remove
/// (`email`) each owner but the last, and each who was asked; form#delete where it has no galleries.
#[derive(Debug, Clone, Default)]
pub struct OrganizationPage {
    pub csrf: String,
    pub id: String,
    pub name: String,
    pub owners: Vec<OwnerCard>,
    /// Addresses that were asked.
    pub invited: Vec<String>,
    /// It has no galleries and can go.
    pub empty: bool,
    pub notice: Option<Message>,
    pub problem: Option<Message>,
    pub sign_out: String,
}
page!(OrganizationPage, OrganizationTemplate, "organization.html");

#[derive(Debug, Clone, Default)]
pub struct OwnerCard {
    pub person: PersonCard,
    /// The person who looks at the page.
    pub own: bool,
}

#[derive(Debug, Clone, Default)]
pub struct PictureCard {
    pub id: String,
    /// Among the others, from 1.
    pub place: String,
    pub url: String,
    /// In pixels, for the page's layout before the picture is there.
    pub width: i64,
    pub height: i64,
    pub caption: String,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct GalleryLimits {
    /// Pictures in a gallery.
    pub most: usize,
    /// Of one file.
    pub max_bytes: u64,
}

impl GalleryLimits {
    fn hint(self, t: &Words) -> String {
        t.with("gallery-add-hint", "size", words::size(t.locale, self.max_bytes))
    }

    fn too_large(self, t: &Words) -> String {
        Message::PhotoTooLarge { max_bytes: self.max_bytes }.text(t.locale)
    }

    fn wrong_type(self, t: &Words) -> String {
        Message::PhotoWrongType.text(t.locale)
    }

    fn too_many(self, t: &Words) -> String {
        Message::GalleryFull { most: self.most as u64 }.text(t.locale)
    }
}

impl OrganizationPage {
    fn not_empty(&self) -> &'static Message {
        &Message::OrganizationNotEmpty
    }
}

impl GalleryPage {
    fn add_action(&self) -> String {
        format!("/account/galleries/{}/images", self.id)
    }

    fn add_api(&self) -> String {
        format!("/rooms/{}/upload-image/", self.id)
    }
}

impl PictureCard {
    /// For the `<template>` from which the module makes the next picture: it fills in what stands in braces.
    fn blank() -> PictureCard {
        PictureCard { id: "{id}".into(), place: "{n}".into(), width: 4, height: 3, ..PictureCard::default() }
    }

    /// What a reader without eyes hears of it.
    fn alt(&self, t: &Words) -> String {
        if self.caption.is_empty() {
            t.with("gallery-picture", "n", &self.place)
        } else {
            self.caption.clone()
        }
    }
}
