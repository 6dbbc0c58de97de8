//! A gallery is made of what waits.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{Gallery, MOST_GALLERIES, MOST_PICTURES, NewGallery, Place, Room, Sender, gallery_album};
use crate::{
    Store, StoreError,
    organizations::{Denied, MOST_ORGANIZATIONS, Organization, hold_organization},
    photo_blocks::is_blocked,
    pictures::{Picture, state},
    schema::{albums, galleries, organization_owners, organizations, pictures, users},
};

impl Store {
    /// The gallery, and the organization where it is new, and the waiting pictures of the sender in their order: all in
    /// one transaction.
    pub async fn create_gallery(
        &self,
        sender: Sender,
        new: NewGallery,
        now: i64,
    ) -> Result<Result<Room, Denied>, StoreError> {
        write!(self, |c| {
            let user_id = &sender.user_id;
            // The person's row first: what they own is counted with it held.
            let person = users::table.find(user_id);
            if diesel::update(person).set(users::updated_at.eq(users::updated_at)).execute(c).await? == 0 {
                return Ok(Err(Denied::NotFound));
            }
            let organization_id = match new.place {
                Place::Existing(id) => id,
                Place::Named { name, id } => {
                    let named = |name: String| {
                        organization_owners::table
                            .filter(organization_owners::user_id.eq(user_id))
                            .filter(organization_owners::name.eq(name))
                            .select(organization_owners::organization_id)
                    };
                    let known: Option<String> = named(name.clone()).first(c).await.optional()?;
                    match known {
                        Some(known) => known,
                        None => {
                            let owned: i64 = organization_owners::table
                                .filter(organization_owners::user_id.eq(user_id))
                                .count()
                                .get_result(c)
                                .await?;
                            if owned >= MOST_ORGANIZATIONS {
                                return Ok(Err(Denied::Full));
                            }
                            let made = Organization { id: id.clone(), name: name.clone(), created_at: now };
                            diesel::insert_into(organizations::table).values(made).execute(c).await?;
                            let first = diesel::insert_into(organization_owners::table)
                                .values((
                                    organization_owners::organization_id.eq(&id),
                                    organization_owners::user_id.eq(user_id),
                                    organization_owners::name.eq(&name),
                                    organization_owners::created_at.eq(now),
                                ))
                                .on_conflict_do_nothing()
                                .execute(c)
                                .await?;
                            if first == 1 {
                                id
                            } else {
                                // Another request of theirs was quicker.
                                diesel::delete(organizations::table.find(&id)).execute(c).await?;
                                let known: Option<String> = named(name).first(c).await.optional()?;
                                known.unwrap_or_default()
                            }
                        }
                    }
                }
            };
            // Held, so that it cannot end while a gallery is made in it.
            let Some(organization) = hold_organization!(c, &organization_id, user_id) else {
                return Ok(Err(Denied::NoOrganization));
            };
            let there: i64 = galleries::table
                .filter(galleries::organization_id.eq(&organization.id))
                .count()
                .get_result(c)
                .await?;
            if there >= MOST_GALLERIES {
                return Ok(Err(Denied::Full));
            }
            let gallery = Gallery {
                id: new.id,
                organization_id: organization.id.clone(),
                name: new.name,
                created_at: now,
                updated_at: now,
            };
            let album = gallery_album(&gallery.id);
            diesel::insert_into(galleries::table).values(gallery.clone()).execute(c).await?;
            diesel::insert_into(albums::table)
                .values((
                    albums::id.eq(&album),
                    albums::owner_kind.eq("gallery"),
                    albums::owner_id.eq(&gallery.id),
                    albums::kind.eq("gallery"),
                    albums::capacity.eq(MOST_PICTURES),
                    albums::created_at.eq(now),
                ))
                .execute(c)
                .await?;
            let waiting: Vec<String> = waiting_of!(sender)
                .order(pictures::position)
                .limit(MOST_PICTURES)
                .select(pictures::id)
                .load(c)
                .await?;
            // What was sent before is not shown afterwards; it goes when it was left behind.
            let waiting = if is_blocked!(c, user_id) { Vec::new() } else { waiting };
            let mut shown = Vec::new();
            for id in waiting {
                let place = i64::try_from(shown.len()).unwrap_or(i64::MAX) + 1;
                let taken: Option<Picture> = diesel::update(staged!(&id, user_id))
                    .set((
                        pictures::state.eq(state::CURRENT),
                        pictures::album_id.eq(Some(&album)),
                        pictures::confirmed_at.eq(Some(now)),
                        pictures::position.eq(Some(place)),
                    ))
                    .returning(Picture::as_returning())
                    .get_result(c)
                    .await
                    .optional()?;
                shown.extend(taken);
            }
            Ok(Ok(Room { gallery, organization, pictures: shown }))
        })
    }
}
