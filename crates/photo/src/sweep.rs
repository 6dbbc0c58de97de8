//! What the process does by itself every ten minutes: uploads that nobody finished or confirmed are given up, and rows and
//! objects are compared ([`crate::verify`]): objects that no row names are deleted, lost ones reported.

use crate::State;
use crate::verify::{self, ORPHAN_AGE, Verified, VerifyError};
use protocol::Micros;
use std::sync::Arc;
use std::time::Duration;
use store::pictures::state;
use store::{Store, StoreError};

const MINUTE: Micros = 60_000_000;
/// Far longer than any upload with all its retries.
const UPLOADING_FOR: Micros = 15 * MINUTE;
const EVERY: Duration = Duration::from_secs(600);

/// `visage photos cleanup`: gives up uploads that came longer than `older_than` ago and that nobody confirmed, or that
/// never came to their end; their objects are queued for deletion. Returns how many; `dry_run` only counts.
pub async fn cleanup(
    store: &Store,
    older_than: Micros,
    now: Micros,
    dry_run: bool,
) -> Result<usize, StoreError> {
    let before = now - older_than;
    // One that is under way is left alone, however few days were asked for.
    let unfinished = before.min(now - UPLOADING_FOR);
    if dry_run {
        let staged = store.count_waiting(state::STAGED, before).await?;
        return Ok(staged + store.count_waiting(state::UPLOADING, unfinished).await?);
    }
    let staged = give_up(store, state::STAGED, before, now).await?;
    Ok(staged + give_up(store, state::UPLOADING, unfinished, now).await?)
}

/// A hundred at a time, so that no transaction is long.
async fn give_up(
    store: &Store,
    state: &'static str,
    before: Micros,
    now: Micros,
) -> Result<usize, StoreError> {
    let mut all = 0;
    loop {
        let discarded = store.discard_waiting(state, before, 100, now).await?;
        all += discarded;
        if discarded == 0 {
            return Ok(all);
        }
    }
}

/// One round of the background sweep. A store that fails does not keep the others from being swept.
pub async fn sweep(store: &Store, room: &State, now: Micros) -> Result<Verified, VerifyError> {
    let unfinished = give_up(store, state::UPLOADING, now - UPLOADING_FOR, now).await?;
    let unconfirmed = give_up(store, state::STAGED, now - room.staged_for, now).await?;
    let left_behind = store.discard_left_behind(now).await?;
    if unfinished + unconfirmed + left_behind > 0 {
        tracing::info!(unfinished, unconfirmed, left_behind, "gave up uploads");
    }
    // `photos.keep_versions` may have been lowered.
    while store.trim_kept(room.retention, 100, now).await? > 0 {}
    for (name, objects) in room.stores.iter() {
        if let Err(error) = objects.tidy(now - ORPHAN_AGE).await {
            tracing::warn!(store = name, %error, "cannot remove what interrupted writes left behind");
        }
    }
    let verified = verify::sweep(store, &room.stores, now).await?;
    metrics::gauge!("visage_photos_missing").set(verified.missing.len() as f64);
    for missing in &verified.missing {
        tracing::error!(picture = %missing.picture, store = %missing.store, keys = ?missing.keys, "objects of a picture are lost");
    }
    for (name, error) in &verified.failed {
        tracing::warn!(store = %name, %error, "the sweep could not look through a photo store; will try again");
    }
    for (name, _) in room.stores.iter() {
        let held = verified.held.iter().find(|(held, _)| held == name);
        metrics::gauge!("visage_photo_sweep_held", "store" => name.to_owned()).set(f64::from(held.is_some()));
        if let Some((_, why)) = held {
            tracing::error!(store = name, %why, "the sweep deletes nothing in a photo store: is this the right database? If it is, run `visage photos verify --repair`");
        }
    }
    Ok(verified)
}

/// Never ends; may be stopped anywhere.
pub async fn run(store: Store, state: State, clock: Arc<dyn web::Clock>) {
    loop {
        tokio::time::sleep(EVERY).await;
        if let Err(error) = sweep(&store, &state, clock.now()).await {
            tracing::warn!(%error, "the photo sweep stopped; will try again");
        }
    }
}
