//! Empties the deletion queue: claim with a lease, delete, forget. A failure waits longer each time and is never given
//! up; "it was not there" is as good as deleted. Any number of workers, on any number of nodes, may run at once.

use crate::State;
use crate::key::ObjectKey;
use futures_util::{StreamExt, stream};
use protocol::Micros;
use std::sync::Arc;
use std::time::Duration;
use store::deletions::Deletion;
use store::{Store, StoreError};

const SECOND: Micros = 1_000_000;
/// Longer than the slowest delete with all its retries.
const LEASE: Micros = 60 * SECOND;
const LONGEST_WAIT: Micros = 3600 * SECOND;
const AT_ONCE: usize = 8;
const BATCH: i64 = 32;
/// Other processes queue too, so the queue is looked at this often even if nobody wakes us.
const LOOK_EVERY: Duration = Duration::from_secs(2);

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Round {
    pub deleted: usize,
    pub failed: usize,
}

/// Deletes what is due until nothing is. What failed is tried again later.
pub async fn delete_due(store: &Store, state: &State, now: Micros) -> Result<Round, StoreError> {
    let mut all = Round::default();
    loop {
        let claimed = store.claim_deletions(BATCH, LEASE, now).await?;
        if claimed.is_empty() {
            store.bury_pictures(100).await?;
            return Ok(all);
        }
        let attempts = claimed.into_iter().map(|row| async move {
            let outcome = delete(state, &row).await;
            (row, outcome)
        });
        let outcomes: Vec<_> = stream::iter(attempts).buffer_unordered(AT_ONCE).collect().await;
        let mut done = Vec::new();
        for (row, outcome) in outcomes {
            match outcome {
                Ok(()) => done.push(row.id),
                Err(error) => {
                    all.failed += 1;
                    postpone(store, row, error, now).await?;
                }
            }
        }
        all.deleted += done.len();
        metrics::counter!("visage_photo_objects_deleted_total").increment(done.len() as u64);
        store.finish_deletions(done).await?;
    }
}

/// Never ends; may be stopped anywhere, since the lease gives back what was claimed.
pub async fn run(store: Store, state: State, clock: Arc<dyn web::Clock>) {
    loop {
        let wait = match round(&store, &state, clock.now()).await {
            Ok(wait) => wait,
            Err(error) => {
                tracing::warn!(%error, "cannot work on the photo deletions; will try again");
                LOOK_EVERY
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = state.superseded.notified() => {}
        }
    }
}

/// One look at the queue; gives how long nothing will be due.
async fn round(store: &Store, state: &State, now: Micros) -> Result<Duration, StoreError> {
    let mut next = store.next_deletion(now).await?;
    if next.is_some_and(|due| due <= now) {
        delete_due(store, state, now).await?;
        next = store.next_deletion(now).await?;
    }
    let wait = next.map_or(LOOK_EVERY, |due| Duration::from_micros((due - now).max(10_000).unsigned_abs()));
    Ok(wait.min(LOOK_EVERY))
}

async fn delete(state: &State, row: &Deletion) -> Result<(), String> {
    let objects = state.stores.get(&row.store);
    let objects = objects.ok_or_else(|| format!("no photo store `{}` is configured", row.store))?;
    let key: ObjectKey = row.key.parse().map_err(|error| format!("{error}: {}", row.key))?;
    match objects.delete(&key).await {
        Ok(true) => Ok(()),
        Ok(false) => {
            tracing::debug!(%key, "was gone already");
            Ok(())
        }
        Err(error) => Err(error.to_string()),
    }
}

async fn postpone(store: &Store, row: Deletion, error: String, now: Micros) -> Result<(), StoreError> {
    metrics::counter!("visage_photo_deletion_failures_total", "store" => row.store.clone()).increment(1);
    let wait = SECOND.saturating_mul(1 << row.attempts.clamp(0, 12)).min(LONGEST_WAIT);
    tracing::warn!(key = %row.key, store = %row.store, attempts = row.attempts + 1, %error, "an object could not be deleted");
    store.postpone_deletion(&row.id, error, now + wait).await
}
