//! Galleries ("rooms" of seed 002), the pictures in them, and those that wait for a gallery to be made.
//!
//! A gallery's pictures are the current ones of its album. A waiting picture is a staged one with a place in the row of
//! those who wait; one without is still on its way into the object store. Whoever counts holds a row first (the
//! gallery's; the person's for waiting ones), so that of many at once only as many get in as there is room for.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::{
    Store, StoreError,
    organizations::{Denied, MOST_ORGANIZATIONS, Organization, hold_organization},
    photo_blocks::is_blocked,
    pictures::{Picture, state},
    schema::{albums, galleries, organization_owners, organizations, pictures, sessions, users},
};

/// In a gallery, and waiting for one.
pub const MOST_PICTURES: i64 = 10;
/// Of one organization.
pub const MOST_GALLERIES: i64 = 100;

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = galleries)]
pub struct Gallery {
    pub id: String,
    pub organization_id: String,
    pub name: String,
    pub created_at: i64,
    pub updated_at: i64,
}

/// A gallery as its owners see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    pub gallery: Gallery,
    pub organization: Organization,
    /// In order.
    pub pictures: Vec<Picture>,
}

/// Whose waiting pictures: those of one person in one browser session, or by one client; never both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    pub user_id: String,
    pub client_id: Option<String>,
    pub sid: Option<String>,
}

/// A gallery to be made.
#[derive(Clone, Debug)]
pub struct NewGallery {
    pub id: String,
    pub name: String,
    pub place: Place,
}

#[derive(Clone, Debug)]
pub enum Place {
    /// Any organization that the person owns.
    Existing(String),
    /// The person's organization of that name, made with this id where there is none.
    Named { name: String, id: String },
}

/// The album in which a gallery's pictures are.
pub fn gallery_album(gallery_id: &str) -> String {
    format!("gallery:{gallery_id}")
}

/// Within a transaction: holds the gallery's row; yields it if the person may change it. Two statements, as in
/// `hold_organization!`.
macro_rules! hold_gallery {
    ($c:ident, $id:expr, $user_id:expr, $now:expr) => {{
        let held: Option<Gallery> = diesel::update(galleries::table.find($id))
            .set(galleries::updated_at.eq(galleries::updated_at))
            .returning(Gallery::as_returning())
            .get_result($c)
            .await
            .optional()?;
        let mut own = None;
        if let Some(gallery) = held {
            let owner: Option<String> = organization_owners::table
                .find((&gallery.organization_id, $user_id))
                .select(organization_owners::user_id)
                .first($c)
                .await
                .optional()?;
            if owner.is_some() {
                diesel::update(galleries::table.find($id))
                    .set(galleries::updated_at.eq($now))
                    .execute($c)
                    .await?;
                own = Some(gallery);
            }
        }
        own
    }};
}

/// Within a transaction: whatever of these pictures is in that state is superseded and its objects queued; yields how
/// many they were.
macro_rules! supersede {
    ($c:ident, $pictures:expr, $state:expr, $now:expr, $delete_after:expr) => {{
        let ids: Vec<String> = $pictures.select($crate::schema::pictures::id).load($c).await?;
        $crate::pictures::let_go!($c, ids, [$state], $now, $delete_after)
    }};
}
pub(crate) use supersede;

/// Within a transaction: holds the gallery's row, then it goes with its pictures.
macro_rules! end_gallery {
    ($c:ident, $id:expr, $now:expr, $delete_after:expr) => {{
        use $crate::schema::{albums, galleries, pictures};
        diesel::update(galleries::table.find($id)).set(galleries::updated_at.eq($now)).execute($c).await?;
        let album = $crate::galleries::gallery_album($id);
        let shown = pictures::table.filter(pictures::album_id.eq(&album));
        $crate::galleries::supersede!($c, shown, $crate::pictures::state::CURRENT, $now, $delete_after);
        diesel::delete(albums::table.find(&album)).execute($c).await?;
        diesel::delete(galleries::table.find($id)).execute($c).await?;
    }};
}
pub(crate) use end_gallery;

/// Within a transaction that ended these sessions: what waited in them is given up.
macro_rules! discard_of_sessions {
    ($c:ident, $sids:expr, $now:expr) => {{
        use $crate::schema::pictures;
        let left = pictures::table
            .filter(pictures::state.eq($crate::pictures::state::STAGED))
            .filter(pictures::purpose.eq("gallery"))
            .filter(pictures::sid.eq_any($sids));
        $crate::galleries::supersede!($c, left, $crate::pictures::state::STAGED, $now, 0);
    }};
}
pub(crate) use discard_of_sessions;

/// The staged pictures of a sender that wait, whatever their place.
macro_rules! waiting_of {
    ($sender:expr) => {
        pictures::table
            .filter(pictures::user_id.eq(&$sender.user_id))
            .filter(pictures::state.eq(state::STAGED))
            .filter(pictures::purpose.eq("gallery"))
            .filter(pictures::position.is_not_null())
            .filter(pictures::sid.eq(&$sender.sid).or(pictures::client_id.eq(&$sender.client_id)))
    };
}

/// A staged picture of this person that is meant for a gallery.
macro_rules! staged {
    ($id:expr, $user_id:expr) => {
        pictures::table
            .filter(pictures::id.eq($id))
            .filter(pictures::user_id.eq($user_id))
            .filter(pictures::purpose.eq("gallery"))
            .filter(pictures::state.eq(state::STAGED))
    };
}

impl Store {
    /// A picture whose objects are all there takes its place behind those that wait, or is given up: `Full`, or
    /// `NotFound` where its sender is gone.
    pub async fn place_waiting(
        &self,
        id: &str,
        sender: Sender,
        now: i64,
    ) -> Result<Result<Picture, Denied>, StoreError> {
        let id = id.to_owned();
        write!(self, |c| {
            // The person's row first: those who count take turns on it.
            let person = users::table.find(&sender.user_id);
            let mut known =
                diesel::update(person).set(users::updated_at.eq(users::updated_at)).execute(c).await? == 1;
            if let Some(sid) = &sender.sid {
                let living: Option<String> = sessions::table
                    .filter(sessions::sid.eq(sid))
                    .select(sessions::sid)
                    .first(c)
                    .await
                    .optional()?;
                known &= living.is_some();
            }
            let places: Vec<Option<i64>> = waiting_of!(sender).select(pictures::position).load(c).await?;
            let full = places.len() >= usize::try_from(MOST_PICTURES).unwrap_or(usize::MAX);
            let denied = match () {
                () if !known => Some(Denied::NotFound),
                () if is_blocked!(c, &sender.user_id) => Some(Denied::Blocked),
                () if full => Some(Denied::Full),
                () => None,
            };
            if let Some(denied) = denied {
                supersede!(c, staged!(&id, &sender.user_id), state::STAGED, now, 0);
                return Ok(Err(denied));
            }
            let last = places.into_iter().flatten().max().unwrap_or(0);
            let placed = diesel::update(staged!(&id, &sender.user_id))
                .set(pictures::position.eq(Some(last + 1)))
                .returning(Picture::as_returning())
                .get_result(c)
                .await
                .optional()?;
            Ok(placed.ok_or(Denied::NotFound))
        })
    }

    /// For the sweep: gives up pictures that wait in sessions that are no more. Returns how many.
    pub async fn discard_left_behind(&self, now: i64) -> Result<usize, StoreError> {
        write!(self, |c| {
            let living = sessions::table.select(sessions::sid.nullable());
            let left = pictures::table
                .filter(pictures::state.eq(state::STAGED))
                .filter(pictures::purpose.eq("gallery"))
                .filter(pictures::sid.is_not_null())
                .filter(pictures::sid.ne_all(living));
            Ok(supersede!(c, left, state::STAGED, now, 0))
        })
    }

    /// In the order in which they came.
    pub async fn waiting_pictures(&self, sender: &Sender) -> Result<Vec<Picture>, StoreError> {
        read!(self, |c| Ok(waiting_of!(sender)
            .order(pictures::position)
            .select(Picture::as_select())
            .load(c)
            .await?))
    }

    /// `false` where no such picture of this sender waits.
    pub async fn delete_waiting(&self, id: &str, sender: Sender, now: i64) -> Result<bool, StoreError> {
        let id = id.to_owned();
        write!(self, |c| {
            let waiting = waiting_of!(sender).filter(pictures::id.eq(&id));
            Ok(supersede!(c, waiting, state::STAGED, now, 0) == 1)
        })
    }

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

    /// Those of the person's organizations, with their pictures; by organization, then the oldest first.
    pub async fn galleries_of(&self, user_id: &str) -> Result<Vec<Room>, StoreError> {
        read!(self, |c| {
            let rows: Vec<(Gallery, Organization)> = galleries::table
                .inner_join(organizations::table.on(organizations::id.eq(galleries::organization_id)))
                .inner_join(
                    organization_owners::table
                        .on(organization_owners::organization_id.eq(galleries::organization_id)),
                )
                .filter(organization_owners::user_id.eq(user_id))
                .order((organizations::name, organizations::id, galleries::created_at, galleries::id))
                .select((Gallery::as_select(), Organization::as_select()))
                .load(c)
                .await?;
            let albums: Vec<String> = rows.iter().map(|(gallery, _)| gallery_album(&gallery.id)).collect();
            let shown: Vec<Picture> = pictures::table
                .filter(pictures::album_id.eq_any(albums))
                .filter(pictures::state.eq(state::CURRENT))
                .order((pictures::position, pictures::id))
                .select(Picture::as_select())
                .load(c)
                .await?;
            let mut by_album: HashMap<String, Vec<Picture>> = HashMap::new();
            for picture in shown {
                let album = picture.album_id.clone().unwrap_or_default();
                by_album.entry(album).or_default().push(picture);
            }
            let rooms = rows.into_iter().map(|(gallery, organization)| {
                let pictures = by_album.remove(&gallery_album(&gallery.id)).unwrap_or_default();
                Room { gallery, organization, pictures }
            });
            Ok(rooms.collect())
        })
    }

    /// `None` where there is none, or it is none of this person's.
    pub async fn gallery(&self, id: &str, user_id: &str) -> Result<Option<Room>, StoreError> {
        read!(self, |c| {
            let row: Option<(Gallery, Organization)> = galleries::table
                .inner_join(organizations::table.on(organizations::id.eq(galleries::organization_id)))
                .inner_join(
                    organization_owners::table
                        .on(organization_owners::organization_id.eq(galleries::organization_id)),
                )
                .filter(galleries::id.eq(id))
                .filter(organization_owners::user_id.eq(user_id))
                .select((Gallery::as_select(), Organization::as_select()))
                .first(c)
                .await
                .optional()?;
            let Some((gallery, organization)) = row else { return Ok(None) };
            let pictures = pictures::table
                .filter(pictures::album_id.eq(gallery_album(id)))
                .filter(pictures::state.eq(state::CURRENT))
                .order((pictures::position, pictures::id))
                .select(Picture::as_select())
                .load(c)
                .await?;
            Ok(Some(Room { gallery, organization, pictures }))
        })
    }

    pub async fn rename_gallery(
        &self,
        id: &str,
        user_id: &str,
        name: String,
        now: i64,
    ) -> Result<Result<(), Denied>, StoreError> {
        let (id, user_id) = (id.to_owned(), user_id.to_owned());
        write!(self, |c| {
            if hold_gallery!(c, &id, &user_id, now).is_none() {
                return Ok(Err(Denied::NotFound));
            }
            diesel::update(galleries::table.find(&id)).set(galleries::name.eq(name)).execute(c).await?;
            Ok(Ok(()))
        })
    }

    /// With its pictures.
    pub async fn delete_gallery(
        &self,
        id: &str,
        user_id: &str,
        delete_after: i64,
        now: i64,
    ) -> Result<Result<(), Denied>, StoreError> {
        let (id, user_id) = (id.to_owned(), user_id.to_owned());
        write!(self, |c| {
            if hold_gallery!(c, &id, &user_id, now).is_none() {
                return Ok(Err(Denied::NotFound));
            }
            end_gallery!(c, &id, now, delete_after);
            Ok(Ok(()))
        })
    }

    /// A staged picture whose objects are all there comes last in the gallery, or is given up.
    pub async fn add_to_gallery(
        &self,
        gallery_id: &str,
        user_id: &str,
        picture_id: &str,
        now: i64,
    ) -> Result<Result<Picture, Denied>, StoreError> {
        let (id, user_id, picture_id) = (gallery_id.to_owned(), user_id.to_owned(), picture_id.to_owned());
        write!(self, |c| {
            let own = hold_gallery!(c, &id, &user_id, now).is_some();
            let album = gallery_album(&id);
            let places: Vec<Option<i64>> = pictures::table
                .filter(pictures::album_id.eq(&album))
                .filter(pictures::state.eq(state::CURRENT))
                .select(pictures::position)
                .load(c)
                .await?;
            let full = places.len() >= usize::try_from(MOST_PICTURES).unwrap_or(usize::MAX);
            let denied = match () {
                () if !own => Some(Denied::NotFound),
                () if is_blocked!(c, &user_id) => Some(Denied::Blocked),
                () if full => Some(Denied::Full),
                () => None,
            };
            if let Some(denied) = denied {
                supersede!(c, staged!(&picture_id, &user_id), state::STAGED, now, 0);
                return Ok(Err(denied));
            }
            let last = places.into_iter().flatten().max().unwrap_or(0);
            let added = diesel::update(staged!(&picture_id, &user_id))
                .set((
                    pictures::state.eq(state::CURRENT),
                    pictures::album_id.eq(Some(album)),
                    pictures::confirmed_at.eq(Some(now)),
                    pictures::position.eq(Some(last + 1)),
                ))
                .returning(Picture::as_returning())
                .get_result(c)
                .await
                .optional()?;
            Ok(added.ok_or(Denied::NotFound))
        })
    }

    /// The picture leaves the gallery for good.
    pub async fn remove_from_gallery(
        &self,
        gallery_id: &str,
        user_id: &str,
        picture_id: &str,
        delete_after: i64,
        now: i64,
    ) -> Result<Result<(), Denied>, StoreError> {
        let (id, user_id, picture_id) = (gallery_id.to_owned(), user_id.to_owned(), picture_id.to_owned());
        write!(self, |c| {
            if hold_gallery!(c, &id, &user_id, now).is_none() {
                return Ok(Err(Denied::NotFound));
            }
            let shown = pictures::table
                .filter(pictures::id.eq(&picture_id))
                .filter(pictures::album_id.eq(gallery_album(&id)));
            let removed = supersede!(c, shown, state::CURRENT, now, delete_after);
            Ok(if removed == 1 { Ok(()) } else { Err(Denied::NotFound) })
        })
    }

    /// `order`: the ids of all pictures of the gallery, each exactly once.
    pub async fn reorder_gallery(
        &self,
        gallery_id: &str,
        user_id: &str,
        order: Vec<String>,
        now: i64,
    ) -> Result<Result<(), Denied>, StoreError> {
        let (id, user_id) = (gallery_id.to_owned(), user_id.to_owned());
        write!(self, |c| {
            if hold_gallery!(c, &id, &user_id, now).is_none() {
                return Ok(Err(Denied::NotFound));
            }
            let mut there: Vec<String> = pictures::table
                .filter(pictures::album_id.eq(gallery_album(&id)))
                .filter(pictures::state.eq(state::CURRENT))
                .select(pictures::id)
                .load(c)
                .await?;
            let mut named = order.clone();
            there.sort();
            named.sort();
            if there != named {
                return Ok(Err(Denied::Order));
            }
            for (place, picture) in (1i64..).zip(order) {
                diesel::update(pictures::table.find(picture))
                    .set(pictures::position.eq(Some(place)))
                    .execute(c)
                    .await?;
            }
            Ok(Ok(()))
        })
    }

    pub async fn caption_picture(
        &self,
        gallery_id: &str,
        user_id: &str,
        picture_id: &str,
        caption: Option<String>,
        now: i64,
    ) -> Result<Result<(), Denied>, StoreError> {
        let (id, user_id, picture_id) = (gallery_id.to_owned(), user_id.to_owned(), picture_id.to_owned());
        write!(self, |c| {
            if hold_gallery!(c, &id, &user_id, now).is_none() {
                return Ok(Err(Denied::NotFound));
            }
            let changed = diesel::update(
                pictures::table
                    .filter(pictures::id.eq(picture_id))
                    .filter(pictures::album_id.eq(gallery_album(&id)))
                    .filter(pictures::state.eq(state::CURRENT)),
            )
            .set(pictures::caption.eq(caption))
            .execute(c)
            .await?;
            Ok(if changed == 1 { Ok(()) } else { Err(Denied::NotFound) })
        })
    }
}
