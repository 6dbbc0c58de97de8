//! Failed tries at secrets, counted for all nodes together. What was tried is known only by a digest.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::{Store, StoreError, schema::attempts};

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = attempts)]
pub struct Attempt {
    pub digest: Vec<u8>,
    pub failures: i64,
    pub blocked_until: i64,
    /// When the count is forgotten.
    pub expires_at: i64,
}

impl Store {
    /// The latest time until which any of these is blocked; 0 where none is.
    pub async fn blocked_until(&self, digests: &[Vec<u8>], now: i64) -> Result<i64, StoreError> {
        let until: Option<i64> = read!(self, |c| Ok(attempts::table
            .filter(attempts::digest.eq_any(digests))
            .filter(attempts::expires_at.gt(now))
            .select(diesel::dsl::max(attempts::blocked_until))
            .first(c)
            .await?))?;
        Ok(until.unwrap_or(0))
    }

    /// Counts one more failure of each; `delay` says for how long so many failures block, in microseconds.
    pub async fn count_failures(
        &self,
        digests: Vec<Vec<u8>>,
        delay: fn(i64) -> i64,
        forget_after: i64,
        now: i64,
    ) -> Result<(), StoreError> {
        write!(self, |c| {
            for digest in digests {
                diesel::delete(attempts::table.find(&digest).filter(attempts::expires_at.le(now)))
                    .execute(c)
                    .await?;
                let failures: i64 = diesel::insert_into(attempts::table)
                    .values(Attempt {
                        digest: digest.clone(),
                        failures: 1,
                        blocked_until: 0,
                        expires_at: now + forget_after,
                    })
                    .on_conflict(attempts::digest)
                    .do_update()
                    .set((
                        attempts::failures.eq(attempts::failures + 1),
                        attempts::expires_at.eq(now + forget_after),
                    ))
                    .returning(attempts::failures)
                    .get_result(c)
                    .await?;
                diesel::update(attempts::table.find(&digest))
                    .set(attempts::blocked_until.eq(now + delay(failures)))
                    .execute(c)
                    .await?;
            }
            Ok(())
        })
    }

    pub async fn clear_failures(&self, digests: Vec<Vec<u8>>) -> Result<(), StoreError> {
        write!(self, |c| {
            diesel::delete(attempts::table.filter(attempts::digest.eq_any(&digests))).execute(c).await?;
            Ok(())
        })
    }
}
