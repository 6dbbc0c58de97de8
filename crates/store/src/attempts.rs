//! Tries at secrets, counted for all nodes together. What was tried is known only by a digest.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::{Store, StoreError, schema::attempts};

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = attempts)]
struct Attempt {
    digest: Vec<u8>,
    failures: i64,
    blocked_until: i64,
    /// When the count is forgotten: a while after its first failure, however many follow.
    expires_at: i64,
}

/// One count that a try is charged to.
#[derive(Clone, Debug)]
pub struct Counter {
    pub digest: Vec<u8>,
    /// For how long so many failures block, in microseconds; 0 is not at all.
    pub delay: fn(i64) -> i64,
    /// Microseconds.
    pub forget_after: i64,
}

impl Store {
    /// Charges a try to every counter, before anybody looks at the secret: tries in parallel cannot slip through. Where
    /// one of them is blocked nothing is charged, and the answer is until when. `None`: go ahead, then
    /// [`Store::forgive_try`] if the secret was right.
    pub async fn begin_try(&self, mut counters: Vec<Counter>, now: i64) -> Result<Option<i64>, StoreError> {
        // Always in the same order, so that two transactions cannot wait for each other.
        counters.sort_by(|a, b| a.digest.cmp(&b.digest));
        write!(self, |c| {
            let digests: Vec<Vec<u8>> = counters.iter().map(|counter| counter.digest.clone()).collect();
            diesel::delete(
                attempts::table
                    .filter(attempts::digest.eq_any(&digests))
                    .filter(attempts::expires_at.le(now)),
            )
            .execute(c)
            .await?;
            let mut charged = Vec::with_capacity(counters.len());
            let mut until = 0;
            for counter in counters {
                let fresh = Attempt {
                    digest: counter.digest.clone(),
                    failures: 1,
                    blocked_until: 0,
                    expires_at: now + counter.forget_after,
                };
                let (failures, blocked_until): (i64, i64) = diesel::insert_into(attempts::table)
                    .values(fresh)
                    .on_conflict(attempts::digest)
                    .do_update()
                    .set(attempts::failures.eq(attempts::failures + 1))
                    .returning((attempts::failures, attempts::blocked_until))
                    .get_result(c)
                    .await?;
                until = until.max(blocked_until);
                charged.push((counter.digest, (counter.delay)(failures)));
            }
            if until > now {
                diesel::update(attempts::table.filter(attempts::digest.eq_any(&digests)))
                    .set(attempts::failures.eq(attempts::failures - 1))
                    .execute(c)
                    .await?;
                Ok(Some(until))
            } else {
                for (digest, delay) in charged.into_iter().filter(|(_, delay)| *delay > 0) {
                    diesel::update(attempts::table.find(digest))
                        .set(attempts::blocked_until.eq(now + delay))
                        .execute(c)
                        .await?;
                }
                Ok(None)
            }
        })
    }

    /// The secret was right: `clear` begin anew, `uncharge` take back this one try.
    pub async fn forgive_try(
        &self,
        clear: Vec<Vec<u8>>,
        mut uncharge: Vec<Vec<u8>>,
    ) -> Result<(), StoreError> {
        uncharge.sort();
        write!(self, |c| {
            diesel::delete(attempts::table.filter(attempts::digest.eq_any(&clear))).execute(c).await?;
            diesel::update(attempts::table.filter(attempts::digest.eq_any(&uncharge)))
                .set((attempts::failures.eq(attempts::failures - 1), attempts::blocked_until.eq(0)))
                .execute(c)
                .await?;
            Ok(())
        })
    }
}
