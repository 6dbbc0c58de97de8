//! Pictures that move into another object store.
//!
//! A copy is recorded before it is made, as an object that must go: whoever dies half-way leaves rows behind from which
//! the deletion queue cleans up. The switch takes these rows away in the transaction that points the picture to its new
//! store, so it happens only while nobody has begun to delete the copy.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::{
    Store, StoreError, Subject,
    pictures::{Picture, queue_objects, state},
    schema::{deletions, pictures},
};

/// One picture on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    pub picture: String,
    /// Names of object stores.
    pub from: String,
    pub to: String,
    pub keys: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    Yes,
    /// It is not in the source any more: deleted, on its way out, or moved by somebody else.
    Gone,
    /// Objects of these names are being deleted in the target right now; another try in a minute may do.
    Busy,
}

/// A lease that ended this long ago is nobody's any more: its worker has given up or is dead, and so is its last request.
const OVER: i64 = 120_000_000;

/// Those that move. Objects of others are being written or being deleted.
const MOVABLE: [&str; 3] = [state::STAGED, state::CURRENT, state::KEPT];

/// Within a transaction: the picture's row, held as long as it is in the source and stays there; gives its owner.
macro_rules! hold {
    ($c:ident, $step:expr) => {{
        let held: Option<Option<String>> = diesel::update(
            pictures::table
                .find(&$step.picture)
                .filter(pictures::store.eq(&$step.from))
                .filter(pictures::state.eq_any(MOVABLE)),
        )
        .set(pictures::store.eq(&$step.from))
        .returning(pictures::user_id)
        .get_result($c)
        .await
        .optional()?;
        held
    }};
}

impl Store {
    /// Before the first object is copied: every copy is queued for deletion at `until`, long after the switch.
    pub async fn begin_move(&self, step: Move, until: i64, now: i64) -> Result<Moved, StoreError> {
        write!(self, |c| {
            if hold!(c, step).is_none() {
                return Ok(Moved::Gone);
            }
            for key in &step.keys {
                let id = format!("{}:{key}", step.to);
                let planned = diesel::insert_into(deletions::table)
                    .values((
                        deletions::id.eq(&id),
                        deletions::store.eq(&step.to),
                        deletions::key.eq(key),
                        deletions::not_before.eq(until),
                        deletions::leased_until.eq(0i64),
                        deletions::attempts.eq(0i64),
                        deletions::created_at.eq(now),
                    ))
                    .on_conflict_do_nothing()
                    .execute(c)
                    .await?;
                if planned == 1 {
                    continue;
                }
                let again = diesel::update(
                    deletions::table
                        .filter(deletions::store.eq(&step.to))
                        .filter(deletions::key.eq(key))
                        .filter(deletions::leased_until.eq(0).or(deletions::leased_until.lt(now - OVER))),
                )
                .set((deletions::not_before.eq(until), deletions::leased_until.eq(0)))
                .execute(c)
                .await?;
                if again == 0 {
                    return Ok(Moved::Busy);
                }
            }
            Ok(Moved::Yes)
        })
    }

    /// After the copies were read back: the one transaction in which the picture is in its new store. With
    /// `delete_after` its objects in the source are queued.
    ///
    /// # Errors
    /// `Conflict` where the deletion of a copy has begun; nothing is changed then.
    pub async fn finish_move(
        &self,
        step: Move,
        delete_after: Option<i64>,
        now: i64,
    ) -> Result<Moved, StoreError> {
        change!(self, |c| {
            let Some(owner) = hold!(c, step) else {
                // The copies go at once, unless it is this store that the picture is in by now.
                let elsewhere: Option<String> = pictures::table
                    .find(&step.picture)
                    .filter(pictures::store.eq(&step.to))
                    .select(pictures::id)
                    .first(c)
                    .await
                    .optional()?;
                if elsewhere.is_none() {
                    diesel::update(
                        deletions::table
                            .filter(deletions::store.eq(&step.to))
                            .filter(deletions::key.eq_any(&step.keys))
                            .filter(deletions::not_before.gt(now)),
                    )
                    .set(deletions::not_before.eq(now))
                    .execute(c)
                    .await?;
                }
                return Ok((Moved::Gone, Vec::new()));
            };
            let kept = diesel::delete(
                deletions::table
                    .filter(deletions::store.eq(&step.to))
                    .filter(deletions::key.eq_any(&step.keys))
                    .filter(deletions::leased_until.eq(0)),
            )
            .execute(c)
            .await?;
            if kept != step.keys.len() {
                return Err(StoreError::Conflict("a copy is being deleted".to_owned()));
            }
            let (base, sizes): (String, String) = diesel::update(pictures::table.find(&step.picture))
                .set(pictures::store.eq(&step.to))
                .returning((pictures::key_base, pictures::sizes))
                .get_result(c)
                .await?;
            if let Some(delete_after) = delete_after {
                queue_objects!(c, &step.from, &base, &sizes, now, delete_after);
            }
            Ok((Moved::Yes, owner.into_iter().map(Subject::User).collect()))
        })
    }

    /// Objects in `from` of pictures that are in `to`, left behind by an earlier move: queued. Returns how many
    /// objects; those of other pictures stay.
    pub async fn queue_left_behind(
        &self,
        from: &str,
        to: &str,
        objects: Vec<(String, String)>,
        delete_after: i64,
        now: i64,
    ) -> Result<usize, StoreError> {
        let (from, to) = (from.to_owned(), to.to_owned());
        write!(self, |c| {
            let mut queued = 0;
            for (base, key) in objects {
                let held = diesel::update(
                    pictures::table
                        .filter(pictures::key_base.eq(&base))
                        .filter(pictures::store.eq(&to))
                        .filter(pictures::state.ne(state::GONE)),
                )
                .set(pictures::store.eq(&to))
                .execute(c)
                .await?;
                if held == 0 {
                    continue;
                }
                queued += diesel::insert_into(deletions::table)
                    .values((
                        deletions::id.eq(format!("{from}:{key}")),
                        deletions::store.eq(&from),
                        deletions::key.eq(&key),
                        deletions::not_before.eq(now + delete_after),
                        deletions::leased_until.eq(0i64),
                        deletions::attempts.eq(0i64),
                        deletions::created_at.eq(now),
                    ))
                    .on_conflict_do_nothing()
                    .execute(c)
                    .await?;
            }
            Ok(queued)
        })
    }

    /// How many pictures each store has, by state; those without objects are not counted.
    pub async fn pictures_by_store(&self) -> Result<Vec<(String, String, i64)>, StoreError> {
        read!(self, |c| Ok(pictures::table
            .filter(pictures::state.ne(state::GONE))
            .group_by((pictures::store, pictures::state))
            .select((pictures::store, pictures::state, diesel::dsl::count_star()))
            .order((pictures::store, pictures::state))
            .load(c)
            .await?))
    }

    /// Those of one store that can move, by id, `limit` after `after`.
    pub async fn pictures_in(&self, name: &str, after: &str, limit: i64) -> Result<Vec<Picture>, StoreError> {
        read!(self, |c| Ok(pictures::table
            .filter(pictures::store.eq(name))
            .filter(pictures::id.gt(after))
            .filter(pictures::state.eq_any(MOVABLE))
            .order(pictures::id)
            .limit(limit)
            .select(Picture::as_select())
            .load(c)
            .await?))
    }
}
