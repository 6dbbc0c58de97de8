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
    /// Takes up to `limit` due rows of an object store for `lease` microseconds; a worker that dies gives them back by
    /// doing nothing.
    pub async fn claim_deletions(
        &self,
        name: &str,
        limit: i64,
        lease: i64,
        now: i64,
    ) -> Result<Vec<Deletion>, StoreError> {
        let name = name.to_owned();
        write!(self, |c| {
            let due: Vec<String> = deletions::table
                .filter(deletions::not_before.le(now))
                .filter(deletions::leased_until.le(now))
                .filter(deletions::store.eq(&name))
                .order(deletions::not_before)
                .limit(limit)
                .select(deletions::id)
                .load(c)
                .await?;
            // Both conditions again: between the two a move may have put a row off, or another worker taken it.
            Ok(diesel::update(
                deletions::table
                    .filter(deletions::id.eq_any(due))
                    .filter(deletions::not_before.le(now))
                    .filter(deletions::leased_until.le(now)),
            )
            .set(deletions::leased_until.eq(now + lease))
            .returning(Deletion::as_returning())
            .get_results(c)
            .await?)
        })
    }

    /// Keeps a row that was claimed; `false`: somebody else has it by now, and it must be left alone.
    pub async fn renew_deletion(&self, row: &Deletion, until: i64) -> Result<bool, StoreError> {
        let (id, mine) = (row.id.clone(), row.leased_until);
        write!(self, |c| {
            let kept = diesel::update(deletions::table.find(&id).filter(deletions::leased_until.eq(mine)))
                .set(deletions::leased_until.eq(until))
                .execute(c)
                .await?;
            Ok(kept == 1)
        })
    }

    /// Object stores with rows that nobody has taken, and when the first of each is due.
    pub async fn deletions_by_store(&self, now: i64) -> Result<Vec<(String, i64)>, StoreError> {
        let rows: Vec<(String, Option<i64>)> = read!(self, |c| Ok(deletions::table
            .filter(deletions::leased_until.le(now))
            .group_by(deletions::store)
            .select((deletions::store, diesel::dsl::min(deletions::not_before)))
            .load(c)
            .await?))?;
        Ok(rows.into_iter().filter_map(|(name, due)| Some((name, due?))).collect())
    }

    /// A store that does not answer is left in peace: what is due there, and what was claimed until `lease` and not begun,
    /// waits until `retry_at` as if it had been tried as often as the row that was.
    pub async fn postpone_store(
        &self,
        tried: &Deletion,
        lease: i64,
        retry_at: i64,
        now: i64,
    ) -> Result<(), StoreError> {
        let (name, attempts) = (tried.store.clone(), tried.attempts + 1);
        write!(self, |c| {
            diesel::update(
                deletions::table
                    .filter(deletions::store.eq(&name))
                    .filter(deletions::not_before.le(now))
                    .filter(deletions::leased_until.le(now).or(deletions::leased_until.eq(lease))),
            )
            .set((
                deletions::not_before.eq(retry_at),
                deletions::leased_until.eq(0),
                deletions::attempts.eq(attempts),
            ))
            .execute(c)
            .await?;
            Ok(())
        })
    }

    /// Forgets a row whose object is gone, if it is still ours.
    pub async fn finish_deletion(&self, row: &Deletion) -> Result<(), StoreError> {
        let (id, mine) = (row.id.clone(), row.leased_until);
        write!(self, |c| {
            diesel::delete(deletions::table.find(&id).filter(deletions::leased_until.eq(mine)))
                .execute(c)
                .await?;
            Ok(())
        })
    }

    /// Lets a row wait until `retry_at`, if it is still ours.
    pub async fn postpone_deletion(
        &self,
        row: &Deletion,
        error: String,
        retry_at: i64,
    ) -> Result<(), StoreError> {
        let (id, mine) = (row.id.clone(), row.leased_until);
        write!(self, |c| {
            diesel::update(deletions::table.find(&id).filter(deletions::leased_until.eq(mine)))
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
