//! Galleries of organizations (seed 002, CONTRACT §7): what may be done in them, and what not. The rules that count are in
//! the transactions of [`store::galleries`]; uploads go through [`crate::lifecycle`] like every other.

mod organizations;
mod pictures;
pub(crate) mod text;

pub use organizations::{
    accept_invitation, decline_invitation, delete_organization, invite_owner, remove_owner,
    rename_organization,
};
pub use pictures::{Step, add, caption, discard_waiting, remove, reorder, step, wait};
pub use text::CAPTION_CHARS;

use crate::State;
use crate::lifecycle::UploadError;
use protocol::Micros;
use store::StoreError;
use store::galleries::{MOST_PICTURES, NewGallery, Place, Room, Sender};
use store::organizations::{Denied, MOST_OWNERS};
use views::Message;
use web::{Actor, Core};

/// Why something was not done.
#[derive(Debug)]
pub enum Problem {
    /// Not there, or not this person's: nobody learns which.
    NotFound,
    /// What was asked for cannot be: a machine code and a sentence.
    Refused(&'static str, Message),
    Upload(UploadError),
}

impl<E: Into<UploadError>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self::Upload(error.into())
    }
}

impl Problem {
    fn of(denied: Denied, full: Full) -> Self {
        match denied {
            Denied::NotFound => Self::NotFound,
            Denied::NoOrganization => Self::Refused("establishment_not_found", Message::OrganizationMissing),
            Denied::NotEmpty => Self::Refused("not_empty", Message::OrganizationNotEmpty),
            Denied::NameTaken => Self::Refused("name_taken", Message::OrganizationNameTaken),
            Denied::LastOwner => Self::Refused("last_owner", Message::OwnerLast),
            Denied::Full => Self::Refused(full.0, full.1),
            Denied::Order => Self::Refused("invalid_order", Message::GalleryOrderInvalid),
            Denied::Blocked => Self::Refused("uploads_blocked", Message::UploadsBlocked),
        }
    }
}

/// What there are too many of: a machine code and a sentence.
type Full = (&'static str, Message);

const HOUR: Micros = 3_600_000_000;
/// Of one person, in an hour.
const NEW_GALLERIES: i64 = 60;
const MOST: u64 = MOST_PICTURES.unsigned_abs();
const GALLERY_FULL: Full = ("gallery_full", Message::GalleryFull { most: MOST });
const WAITING_FULL: Full = ("waiting_full", Message::WaitingFull { most: MOST });
const GALLERIES_FULL: Full = ("galleries_full", Message::GalleriesFull);
const OWNERS_FULL: Full = ("owners_full", Message::OwnersFull { most: MOST_OWNERS.unsigned_abs() });

/// Whose waiting pictures a request speaks of: those of this browser session, or of this client.
pub fn sender(actor: &Actor) -> Sender {
    Sender { user_id: actor.user_id.clone(), client_id: actor.client_id.clone(), sid: actor.sid.clone() }
}

/// Makes a gallery of the waiting pictures. `organization_id` is any that the person owns; `organization` names one of
/// theirs, made when it is new.
pub async fn create(
    core: &Core,
    actor: &Actor,
    name: Option<&str>,
    organization: Option<&str>,
    organization_id: Option<&str>,
) -> Result<Room, Problem> {
    let name = text::name(name, Message::GalleryNameInvalid)?;
    let place = match (organization_id, organization) {
        (Some(id), _) => Place::Existing(id.to_owned()),
        (None, Some(name)) => Place::Named {
            name: text::name(Some(name), Message::OrganizationNameInvalid)?,
            id: core.random.id(),
        },
        (None, None) => {
            return Err(Problem::Refused("establishment_missing", Message::OrganizationMissing));
        }
    };
    charge(core, "gallery", &actor.user_id, NEW_GALLERIES).await?;
    let new = NewGallery { id: core.random.id(), name, place };
    let made = core.store.create_gallery(sender(actor), new, core.now()).await?;
    made.map_err(|denied| Problem::of(denied, GALLERIES_FULL))
}

/// A gallery of one of the person's organizations.
pub async fn find(core: &Core, id: &str, user_id: &str) -> Result<Room, Problem> {
    core.store.gallery(id, user_id).await?.ok_or(Problem::NotFound)
}

pub async fn rename(core: &Core, id: &str, user_id: &str, name: Option<&str>) -> Result<(), Problem> {
    let name = text::name(name, Message::GalleryNameInvalid)?;
    done(core.store.rename_gallery(id, user_id, name, core.now()).await)
}

/// With its pictures.
pub async fn delete(core: &Core, state: &State, id: &str, user_id: &str) -> Result<(), Problem> {
    done(core.store.delete_gallery(id, user_id, state.retention.delete_after, core.now()).await)?;
    state.superseded.notify_one();
    Ok(())
}

/// 429 beyond `most` in an hour.
async fn charge(core: &Core, what: &str, user_id: &str, most: i64) -> Result<(), Problem> {
    let now = core.now();
    let digest = keyring::digest(format!("{what}\0{user_id}").as_bytes()).to_vec();
    match core.store.charge_upload(digest, most, HOUR, now).await? {
        None => Ok(()),
        Some(until) => {
            let seconds = ((until - now).max(1_000_000) / 1_000_000).unsigned_abs();
            Err(Problem::Upload(UploadError::TooOften { seconds }))
        }
    }
}

fn done<T>(outcome: Result<Result<T, Denied>, StoreError>) -> Result<T, Problem> {
    outcome?.map_err(|denied| Problem::of(denied, GALLERY_FULL))
}
