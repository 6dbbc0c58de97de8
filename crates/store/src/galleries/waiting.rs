//! Pictures that wait for a gallery to be made.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{MOST_PICTURES, Sender};
use crate::{
    Store, StoreError,
    organizations::Denied,
    photo_blocks::is_blocked,
    pictures::{Picture, state},
    schema::{pictures, sessions, users},
};

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
}
