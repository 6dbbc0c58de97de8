//! The pictures of a gallery that is there.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{Gallery, MOST_PICTURES, gallery_album};
use crate::{
    Store, StoreError,
    organizations::Denied,
    photo_blocks::is_blocked,
    pictures::{Picture, state},
    schema::{galleries, organization_owners, pictures},
};

impl Store {
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
