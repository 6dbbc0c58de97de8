//! What administrators ask of pictures: which there are, how much, and that one goes for good.

use diesel::{
    dsl::{count, count_star, sql},
    prelude::*,
    sql_types::BigInt,
};
use diesel_async::RunQueryDsl;

use crate::{
    Store, StoreError, Subject,
    audit::AuditRow,
    events::picture_event,
    pictures::{Picture, object_keys, queue_objects, state},
    schema::{audit, deletions, photo_blocks, photo_refusals, pictures, users},
};

const DAY: i64 = 86_400_000_000;

/// Which uploads are meant; all of them where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub state: Option<String>,
    pub user_id: Option<String>,
    pub purpose: Option<String>,
}

/// Where a page of uploads ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub uploaded_at: i64,
    pub id: String,
}

/// An upload, and the address of whoever sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub picture: Picture,
    pub email: Option<String>,
}

/// Pictures of which objects may exist, of one store, state and purpose.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Holding {
    pub store: String,
    pub state: String,
    pub purpose: String,
    pub pictures: i64,
    pub bytes: i64,
}

/// The deletion queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    pub objects: i64,
    pub oldest: Option<i64>,
}

/// What became of the uploads since a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcomes {
    pub applied: i64,
    /// On their way, or not confirmed yet.
    pub staged: i64,
    /// Given up, by the person or by the clean-up.
    pub discarded: i64,
    /// Of all of these, those that an administrator took away.
    pub removed: i64,
    /// By cause, the most frequent first.
    pub refused: Vec<(String, i64)>,
}

/// A picture that an administrator takes away.
#[derive(Clone, Debug)]
pub struct Removal {
    pub picture_id: String,
    /// For the person.
    pub reason: String,
    pub actor: String,
    pub entry_id: String,
}

/// What [`Store::remove_picture`] met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removed {
    NotFound,
    /// There is nothing to remove: its objects are gone, or not there yet, or it was removed already.
    Nothing,
    Done(Box<Picture>),
}

impl Store {
    /// Uploads, the newest first, `limit` after `after`.
    pub async fn uploads(
        &self,
        filter: Filter,
        after: Option<Cursor>,
        limit: i64,
    ) -> Result<Vec<Listed>, StoreError> {
        let rows: Vec<(Picture, Option<String>)> = read!(self, |c| {
            let mut query = pictures::table
                .left_join(users::table.on(pictures::user_id.eq(users::id.nullable())))
                .select((Picture::as_select(), users::email.nullable()))
                .order((pictures::uploaded_at.desc(), pictures::id.desc()))
                .limit(limit)
                .into_boxed();
            if let Some(state) = filter.state {
                query = query.filter(pictures::state.eq(state));
            }
            if let Some(user_id) = filter.user_id {
                query = query.filter(pictures::user_id.eq(user_id));
            }
            if let Some(purpose) = filter.purpose {
                query = query.filter(pictures::purpose.eq(purpose));
            }
            if let Some(after) = after {
                query = query.filter(
                    pictures::uploaded_at
                        .lt(after.uploaded_at)
                        .or(pictures::uploaded_at.eq(after.uploaded_at).and(pictures::id.lt(after.id))),
                );
            }
            Ok(query.load(c).await?)
        })?;
        Ok(rows.into_iter().map(|(picture, email)| Listed { picture, email }).collect())
    }

    /// Takes a picture away for good, whatever its state: its objects may go at once, and the reason stays with its row.
    pub async fn remove_picture(&self, removal: Removal, now: i64) -> Result<Removed, StoreError> {
        let Removal { picture_id: id, reason, actor, entry_id } = removal;
        change!(self, |c| {
            let owner: Option<Option<String>> =
                pictures::table.find(&id).select(pictures::user_id).first(c).await.optional()?;
            let Some(owner) = owner else { return Ok((Removed::NotFound, Vec::new())) };
            // The person's row first, as in a confirmation.
            if let Some(owner) = &owner {
                let held =
                    diesel::update(users::table.find(owner)).set(users::updated_at.eq(users::updated_at));
                held.execute(c).await?;
            }
            let goes = (
                pictures::state.eq(state::SUPERSEDED),
                pictures::removed_reason.eq(Some(&reason)),
                pictures::superseded_at.eq(Some(now)),
            );
            let current: Option<Picture> =
                diesel::update(pictures::table.find(&id).filter(pictures::state.eq(state::CURRENT)))
                    .set(goes)
                    .returning(Picture::as_returning())
                    .get_result(c)
                    .await
                    .optional()?;
            let was_current = current.is_some();
            let picture: Option<Picture> = match current {
                Some(picture) => Some(picture),
                None => {
                    let stored = [state::STAGED, state::KEPT, state::SUPERSEDED];
                    let left = pictures::table
                        .find(&id)
                        .filter(pictures::state.eq_any(stored))
                        .filter(pictures::removed_reason.is_null());
                    diesel::update(left)
                        .set(goes)
                        .returning(Picture::as_returning())
                        .get_result(c)
                        .await
                        .optional()?
                }
            };
            let Some(picture) = picture else { return Ok((Removed::Nothing, Vec::new())) };
            queue_objects!(c, &picture.store, &picture.key_base, &picture.sizes, now, 0);
            // What was queued for later goes now as well.
            let ids = object_keys(&picture.key_base, &picture.sizes)
                .into_iter()
                .map(|key| format!("{}:{key}", picture.store));
            diesel::update(
                deletions::table
                    .filter(deletions::id.eq_any(ids.collect::<Vec<_>>()))
                    .filter(deletions::not_before.gt(now)),
            )
            .set(deletions::not_before.eq(now))
            .execute(c)
            .await?;
            let owners: Vec<String> = diesel::update(users::table.filter(users::picture_id.eq(&id)))
                .set((users::picture_id.eq(None::<String>), users::updated_at.eq(now)))
                .returning(users::id)
                .get_results(c)
                .await?;
            if was_current {
                for owner in &owners {
                    picture_event!(c, "picture.removed", Some(actor.clone()), owner, &id, now);
                }
            }
            diesel::insert_into(audit::table)
                .values(AuditRow {
                    id: entry_id,
                    at: now,
                    actor: Some(actor),
                    action: "photo.removed_by_administrator".to_owned(),
                    subject: owner.unwrap_or_else(|| id.clone()),
                    detail: serde_json::json!({ "picture": id, "reason": reason }).to_string(),
                })
                .execute(c)
                .await?;
            Ok((Removed::Done(Box::new(picture)), owners.into_iter().map(Subject::User).collect()))
        })
    }

    /// What the stores hold, from an index alone.
    pub async fn holdings(&self) -> Result<Vec<Holding>, StoreError> {
        read!(self, |c| Ok(pictures::table
            .filter(pictures::state.eq_any(state::STORED))
            .group_by((pictures::store, pictures::state, pictures::purpose))
            .select((
                pictures::store,
                pictures::state,
                pictures::purpose,
                count_star(),
                sql::<BigInt>("CAST(SUM(bytes) AS BIGINT)"),
            ))
            .order((pictures::store, pictures::state, pictures::purpose))
            .load(c)
            .await?))
    }

    pub async fn waiting_deletions(&self) -> Result<Waiting, StoreError> {
        let (objects, oldest) = read!(self, |c| Ok(deletions::table
            .select((count_star(), diesel::dsl::min(deletions::created_at)))
            .first(c)
            .await?))?;
        Ok(Waiting { objects, oldest })
    }

    pub async fn upload_outcomes(&self, since: i64) -> Result<Outcomes, StoreError> {
        type Row = (String, i64, i64, i64);
        let (rows, refused): (Vec<Row>, Vec<(String, i64)>) = read!(self, |c| {
            let rows = pictures::table
                .filter(pictures::uploaded_at.ge(since))
                .group_by(pictures::state)
                .select((
                    pictures::state,
                    count_star(),
                    count(pictures::confirmed_at),
                    count(pictures::removed_reason),
                ))
                .load(c)
                .await?;
            let refused = photo_refusals::table
                .filter(photo_refusals::day.ge(since / DAY))
                .group_by(photo_refusals::cause)
                .select((photo_refusals::cause, sql::<BigInt>("CAST(SUM(refused) AS BIGINT)")))
                .load(c)
                .await?;
            Ok((rows, refused))
        })?;
        let mut outcomes = Outcomes { refused, ..Outcomes::default() };
        outcomes.refused.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        for (state, all, confirmed, removed) in rows {
            let unconfirmed = match state.as_str() {
                state::UPLOADING | state::STAGED => &mut outcomes.staged,
                _ => &mut outcomes.discarded,
            };
            *unconfirmed += all - confirmed;
            outcomes.applied += confirmed;
            outcomes.removed += removed;
        }
        Ok(outcomes)
    }

    pub async fn blocked_people(&self) -> Result<i64, StoreError> {
        read!(self, |c| Ok(photo_blocks::table.count().get_result(c).await?))
    }

    /// Counts uploads that were refused, or failed, by machine code: one row a day and cause.
    pub async fn count_refusals(&self, refused: Vec<(String, i64)>, now: i64) -> Result<(), StoreError> {
        write!(self, |c| {
            for (cause, count) in refused {
                diesel::insert_into(photo_refusals::table)
                    .values((
                        photo_refusals::day.eq(now / DAY),
                        photo_refusals::cause.eq(cause),
                        photo_refusals::refused.eq(count),
                    ))
                    .on_conflict((photo_refusals::day, photo_refusals::cause))
                    .do_update()
                    .set(photo_refusals::refused.eq(photo_refusals::refused + count))
                    .execute(c)
                    .await?;
            }
            Ok(())
        })
    }
}
