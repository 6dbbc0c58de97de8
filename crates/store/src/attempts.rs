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
    /// Whoever has tried at most so often, by the first counter of the list, is charged but not blocked by this one.
    pub spares: i64,
}

impl Store {
    /// Charges a try to every counter, of which the first is the trier's own, before anybody looks at the secret: tries in parallel cannot slip through. Where
    /// one of them is blocked nothing is charged, and the answer is until when. `None`: go ahead, then
    /// [`Store::forgive_try`] if the secret was right.
    pub async fn begin_try(&self, mut counters: Vec<Counter>, now: i64) -> Result<Option<i64>, StoreError> {
        let own = counters.as_slice().first().map(|counter| counter.digest.clone());
        // One row after the other and always in the same order, so that two transactions cannot wait for each other: one statement
        // about several rows locks them in an order of its own.
        counters.sort_by(|a, b| a.digest.cmp(&b.digest));
        write!(self, |c| {
            let digests: Vec<Vec<u8>> = counters.iter().map(|counter| counter.digest.clone()).collect();
            let mut charged = Vec::with_capacity(counters.len());
            let mut own_tries = 0;
            for counter in counters {
                let spent = attempts::expires_at.le(now);
                diesel::delete(attempts::table.find(&counter.digest).filter(spent)).execute(c).await?;
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
                if own.as_ref() == Some(&counter.digest) {
                    own_tries = failures;
                }
                charged.push((counter, failures, blocked_until));
            }
            let blocking = charged.iter().filter(|(counter, ..)| own_tries > counter.spares);
            let until = blocking.map(|(.., blocked_until)| *blocked_until).max().unwrap_or_default();
            if until > now {
                diesel::update(attempts::table.filter(attempts::digest.eq_any(&digests)))
                    .set(attempts::failures.eq(attempts::failures - 1))
                    .execute(c)
                    .await?;
                Ok(Some(until))
            } else {
                for (counter, failures, _) in charged {
                    let delay = (counter.delay)(failures);
                    if delay == 0 {
                        continue;
                    }
                    diesel::update(attempts::table.find(counter.digest))
                        .set(attempts::blocked_until.eq(now + delay))
                        .execute(c)
                        .await?;
                }
                Ok(None)
            }
        })
    }

    /// The secret was right: `clear` begin anew, `uncharge` take back this one try.
    pub async fn forgive_try(&self, clear: Vec<Vec<u8>>, uncharge: Vec<Vec<u8>>) -> Result<(), StoreError> {
        let cleared = clear.into_iter().map(|digest| (digest, true));
        let mut all: Vec<_> = cleared.chain(uncharge.into_iter().map(|digest| (digest, false))).collect();
        // As in `begin_try`, for the same reason.
        all.sort();
        write!(self, |c| {
            for (digest, clear) in all {
                if clear {
                    diesel::delete(attempts::table.find(digest)).execute(c).await?;
                } else {
                    diesel::update(attempts::table.find(digest))
                        .set((attempts::failures.eq(attempts::failures - 1), attempts::blocked_until.eq(0)))
                        .execute(c)
                        .await?;
                }
            }
            Ok(())
        })
    }
}
