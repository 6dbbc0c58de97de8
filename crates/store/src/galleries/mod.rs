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
    organizations::{Denied, Organization},
    pictures::{Picture, state},
    schema::{galleries, organization_owners, organizations, pictures},
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

mod making;
mod shown;
mod waiting;

impl Store {
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
}
