//! Uploads on their way: written before their objects, held until somebody confirms them, given up when nobody does.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{Picture, let_go, state};
use crate::{
    Store, StoreError,
    schema::{attempts, pictures, users},
};

impl Store {
    /// Written before the first object, so that no object can exist unrecorded.
    pub async fn stage_picture(&self, picture: Picture) -> Result<(), StoreError> {
        write!(self, |c| {
            diesel::insert_into(pictures::table).values(picture).execute(c).await?;
            Ok(())
        })
    }

    /// Every object is there: the picture waits for its confirmation. Of `most` pictures of this person and purpose that
    /// wait the oldest gives way. `false` where it was given up meanwhile, or its person is gone.
    pub async fn hold_picture(&self, id: &str, most: Option<i64>, now: i64) -> Result<bool, StoreError> {
        let id = id.to_owned();
        write!(self, |c| {
            let owner: Option<(Option<String>, String)> = pictures::table
                .find(&id)
                .select((pictures::user_id, pictures::purpose))
                .first(c)
                .await
                .optional()?;
            let Some((Some(owner), purpose)) = owner else { return Ok(false) };
            // The person's row first: two uploads of one person take turns on it, so that each counts the other.
            let person = users::table.find(&owner);
            let known =
                diesel::update(person).set(users::updated_at.eq(users::updated_at)).execute(c).await?;
            let uploading = pictures::table.find(&id).filter(pictures::state.eq(state::UPLOADING));
            if known == 0
                || diesel::update(uploading).set(pictures::state.eq(state::STAGED)).execute(c).await? == 0
            {
                return Ok(false);
            }
            if let Some(most) = most {
                let too_many: Vec<String> = pictures::table
                    .filter(pictures::user_id.eq(&owner))
                    .filter(pictures::purpose.eq(&purpose))
                    .filter(pictures::state.eq(state::STAGED))
                    .filter(pictures::id.ne(&id))
                    .order((pictures::uploaded_at.desc(), pictures::id.desc()))
                    .limit(1000)
                    .offset(most - 1)
                    .select(pictures::id)
                    .load(c)
                    .await?;
                let_go!(c, too_many, [state::STAGED], now, 0);
            }
            Ok(true)
        })
    }

    /// The upload did not come to its end: its objects are queued at once. `false` where it did, or was given up already.
    pub async fn discard_picture(&self, id: &str, now: i64) -> Result<bool, StoreError> {
        let id = id.to_owned();
        write!(self, |c| {
            let discarded = let_go!(c, [id], [state::UPLOADING, state::STAGED], now, 0);
            Ok(discarded > 0)
        })
    }

    /// A person gives up a photo that waits, or one that was kept. `false` where it is neither, or not theirs.
    pub async fn discard_upload(&self, id: &str, user_id: &str, now: i64) -> Result<bool, StoreError> {
        let (id, user_id) = (id.to_owned(), user_id.to_owned());
        write!(self, |c| {
            let own: Vec<String> = pictures::table
                .find(&id)
                .filter(pictures::user_id.eq(&user_id))
                .filter(pictures::purpose.eq("profile"))
                .select(pictures::id)
                .load(c)
                .await?;
            let discarded = let_go!(c, own, [state::STAGED, state::KEPT], now, 0);
            Ok(discarded > 0)
        })
    }

    /// Pictures of one state (`uploading` or `staged`) that came before `before` and that nobody confirmed: they are
    /// given up, their objects are queued. Returns how many.
    pub async fn discard_waiting(
        &self,
        state: &'static str,
        before: i64,
        limit: i64,
        now: i64,
    ) -> Result<usize, StoreError> {
        write!(self, |c| {
            let stale: Vec<String> = pictures::table
                .filter(pictures::state.eq(state))
                .filter(pictures::uploaded_at.lt(before))
                .order((pictures::uploaded_at, pictures::id))
                .limit(limit)
                .select(pictures::id)
                .load(c)
                .await?;
            Ok(let_go!(c, stale, [state], now, 0))
        })
    }

    /// How many [`Store::discard_waiting`] would give up.
    pub async fn count_waiting(&self, state: &'static str, before: i64) -> Result<usize, StoreError> {
        let count: i64 = read!(self, |c| Ok(pictures::table
            .filter(pictures::state.eq(state))
            .filter(pictures::uploaded_at.lt(before))
            .count()
            .get_result(c)
            .await?))?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    /// Counts a try to upload. The count begins anew `window` microseconds after its first try. `Some(until)`: there
    /// were `most` already.
    pub async fn charge_upload(
        &self,
        digest: Vec<u8>,
        most: i64,
        window: i64,
        now: i64,
    ) -> Result<Option<i64>, StoreError> {
        write!(self, |c| {
            diesel::delete(attempts::table.find(&digest).filter(attempts::expires_at.le(now)))
                .execute(c)
                .await?;
            let (tries, until): (i64, i64) = diesel::insert_into(attempts::table)
                .values((
                    attempts::digest.eq(&digest),
                    attempts::failures.eq(1i64),
                    attempts::blocked_until.eq(0i64),
                    attempts::expires_at.eq(now + window),
                ))
                .on_conflict(attempts::digest)
                .do_update()
                .set(attempts::failures.eq(attempts::failures + 1))
                .returning((attempts::failures, attempts::expires_at))
                .get_result(c)
                .await?;
            Ok((tries > most).then_some(until))
        })
    }
}
