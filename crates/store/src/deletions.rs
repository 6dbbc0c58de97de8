//! Objects that must go. A row stays until the object store says that the object is gone.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::{Store, StoreError, schema::deletions};

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = deletions)]
pub struct Deletion {
    pub id: String,
    /// The name of the object store.
    pub store: String,
    pub key: String,
    pub not_before: i64,
    pub leased_until: i64,
    pub attempts: i64,
    pub last_error: Option<String>,
    pub created_at: i64,
}

impl Store {
    /// Takes up to `limit` due rows for `lease` microseconds; a worker that dies gives them back by doing nothing.
    pub async fn claim_deletions(
        &self,
        limit: i64,
        lease: i64,
        now: i64,
    ) -> Result<Vec<Deletion>, StoreError> {
        write!(self, |c| {
            let due: Vec<String> = deletions::table
                .filter(deletions::not_before.le(now))
                .filter(deletions::leased_until.le(now))
                .order(deletions::not_before)
                .limit(limit)
                .select(deletions::id)
                .load(c)
                .await?;
            Ok(diesel::update(
                deletions::table.filter(deletions::id.eq_any(due)).filter(deletions::leased_until.le(now)),
            )
            .set(deletions::leased_until.eq(now + lease))
            .returning(Deletion::as_returning())
            .get_results(c)
            .await?)
        })
    }

    /// When the next row that nobody has taken is due: `None` where no such row waits.
    pub async fn next_deletion(&self, now: i64) -> Result<Option<i64>, StoreError> {
        read!(self, |c| Ok(deletions::table
            .filter(deletions::leased_until.le(now))
            .order(deletions::not_before)
            .select(deletions::not_before)
            .first(c)
            .await
            .optional()?))
    }

    pub async fn finish_deletions(&self, ids: Vec<String>) -> Result<(), StoreError> {
        write!(self, |c| {
            diesel::delete(deletions::table.filter(deletions::id.eq_any(&ids))).execute(c).await?;
            Ok(())
        })
    }

    /// Lets a row wait until `retry_at`.
    pub async fn postpone_deletion(&self, id: &str, error: String, retry_at: i64) -> Result<(), StoreError> {
        let id = id.to_owned();
        write!(self, |c| {
            diesel::update(deletions::table.find(&id))
                .set((
                    deletions::not_before.eq(retry_at),
                    deletions::leased_until.eq(0),
                    deletions::attempts.eq(deletions::attempts + 1),
                    deletions::last_error.eq(Some(error)),
                ))
                .execute(c)
                .await?;
            Ok(())
        })
    }

    /// How many objects wait to be deleted; 0 once everything superseded is gone.
    pub async fn deletions_waiting(&self) -> Result<i64, StoreError> {
        read!(self, |c| Ok(deletions::table.count().get_result(c).await?))
    }
}
