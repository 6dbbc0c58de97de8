//! For the sweep: rows whose objects may exist, and those whose objects are gone.

use std::collections::HashSet;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{Picture, object_keys, queue_objects, state};
use crate::{
    Store, StoreError, Subject,
    events::picture_event,
    schema::{deletions, pictures, users},
};

/// Which objects a picture has, and where.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = pictures)]
pub struct Named {
    pub store: String,
    pub key_base: String,
    pub sizes: String,
}

impl Store {
    /// A current picture whose objects are lost: its owner has none any more, what is left of it is queued. `false`
    /// where it is not current (any more).
    pub async fn withdraw_picture(&self, id: &str, now: i64) -> Result<bool, StoreError> {
        let id = id.to_owned();
        change!(self, |c| {
            // The person's row first, as everywhere.
            let owner: Option<Option<String>> =
                pictures::table.find(&id).select(pictures::user_id).first(c).await.optional()?;
            if let Some(Some(owner)) = owner {
                diesel::update(users::table.find(owner))
                    .set(users::updated_at.eq(users::updated_at))
                    .execute(c)
                    .await?;
            }
            let withdrawn: Option<(String, String, String)> =
                diesel::update(pictures::table.find(&id).filter(pictures::state.eq(state::CURRENT)))
                    .set((pictures::state.eq(state::SUPERSEDED), pictures::superseded_at.eq(Some(now))))
                    .returning((pictures::store, pictures::key_base, pictures::sizes))
                    .get_result(c)
                    .await
                    .optional()?;
            let Some((store, base, sizes)) = withdrawn else { return Ok((false, Vec::new())) };
            queue_objects!(c, &store, &base, &sizes, now, 0);
            let owners: Vec<String> = diesel::update(users::table.filter(users::picture_id.eq(&id)))
                .set((users::picture_id.eq(None::<String>), users::updated_at.eq(now)))
                .returning(users::id)
                .get_results(c)
                .await?;
            for owner in &owners {
                picture_event!(c, "picture.removed", None, owner, &id, now);
            }
            Ok((true, owners.into_iter().map(Subject::User).collect()))
        })
    }

    /// Everything whose objects may exist (not `gone`), by id, `limit` after `after`: for the sweep.
    pub async fn pictures(&self, after: &str, limit: i64) -> Result<Vec<Picture>, StoreError> {
        read!(self, |c| Ok(pictures::table
            .filter(pictures::id.gt(after))
            .filter(pictures::state.ne("gone"))
            .order(pictures::id)
            .limit(limit)
            .select(Picture::as_select())
            .load(c)
            .await?))
    }

    /// Those of these key bases that have a row whose objects may exist.
    pub async fn named_key_bases(&self, bases: &[String]) -> Result<Vec<Named>, StoreError> {
        read!(self, |c| Ok(pictures::table
            .filter(pictures::key_base.eq_any(bases))
            .filter(pictures::state.ne(state::GONE))
            .select(Named::as_select())
            .load(c)
            .await?))
    }

    /// An object that was made again: queued, unless its picture still names it.
    pub async fn queue_unless_named(
        &self,
        picture: &str,
        name: &str,
        key: &str,
        now: i64,
    ) -> Result<(), StoreError> {
        let (picture, name, key) = (picture.to_owned(), name.to_owned(), key.to_owned());
        write!(self, |c| {
            let named = diesel::update(
                pictures::table
                    .find(&picture)
                    .filter(pictures::store.eq(&name))
                    .filter(pictures::state.eq_any([state::STAGED, state::CURRENT, state::KEPT])),
            )
            .set(pictures::store.eq(&name))
            .execute(c)
            .await?;
            if named == 0 {
                diesel::insert_into(deletions::table)
                    .values((
                        deletions::id.eq(format!("{name}:{key}")),
                        deletions::store.eq(&name),
                        deletions::key.eq(&key),
                        deletions::not_before.eq(now),
                        deletions::leased_until.eq(0i64),
                        deletions::attempts.eq(0i64),
                        deletions::created_at.eq(now),
                    ))
                    .on_conflict_do_nothing()
                    .execute(c)
                    .await?;
            }
            Ok(())
        })
    }

    /// Superseded pictures of which no object waits to be deleted any more become `gone`. All are looked at, `page` at a
    /// time: those of a store that is away must not hide the others. Returns how many were buried.
    pub async fn bury_pictures(&self, page: i64) -> Result<usize, StoreError> {
        let (mut all, mut after) = (0, (i64::MIN, String::new()));
        loop {
            let rows = self.superseded(&after, page).await?;
            let Some(last) = rows.last() else { return Ok(all) };
            after = (last.uploaded_at, last.id.clone());
            let waiting = self.queued(rows.iter().flat_map(deletion_ids).collect()).await?;
            let done = rows.iter().filter(|row| !deletion_ids(row).iter().any(|id| waiting.contains(id)));
            let done: Vec<String> = done.map(|row| row.id.clone()).collect();
            if !done.is_empty() {
                all += self.bury(done).await?;
            }
        }
    }

    async fn superseded(&self, after: &(i64, String), limit: i64) -> Result<Vec<Picture>, StoreError> {
        read!(self, |c| Ok(pictures::table
            .filter(pictures::state.eq(state::SUPERSEDED))
            .filter(
                pictures::uploaded_at
                    .gt(after.0)
                    .or(pictures::uploaded_at.eq(after.0).and(pictures::id.gt(&after.1))),
            )
            .order((pictures::uploaded_at, pictures::id))
            .limit(limit)
            .select(Picture::as_select())
            .load(c)
            .await?))
    }

    /// Which of these rows are in the deletion queue.
    async fn queued(&self, ids: Vec<String>) -> Result<HashSet<String>, StoreError> {
        let found: Vec<String> = read!(self, |c| Ok(deletions::table
            .filter(deletions::id.eq_any(&ids))
            .select(deletions::id)
            .load(c)
            .await?))?;
        Ok(found.into_iter().collect())
    }

    async fn bury(&self, ids: Vec<String>) -> Result<usize, StoreError> {
        write!(self, |c| {
            let done = pictures::table
                .filter(pictures::id.eq_any(ids))
                .filter(pictures::state.eq(state::SUPERSEDED));
            Ok(diesel::update(done).set(pictures::state.eq(state::GONE)).execute(c).await?)
        })
    }
}

/// As [`queue_objects!`] names them.
fn deletion_ids(row: &Picture) -> Vec<String> {
    let keys = object_keys(&row.key_base, &row.sizes).into_iter();
    keys.map(|key| format!("{}:{key}", row.store)).collect()
}
