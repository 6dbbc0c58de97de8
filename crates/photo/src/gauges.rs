//! What the stores hold and what waits to be deleted, for those who watch: looked at once a minute, from indexes alone.
//! And the counts of [`crate::tally`], written down.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use protocol::{Micros, seconds};
use store::pictures::state::STORED;
use store::{Store, StoreError};

use crate::State;

const WRITE_EVERY: Duration = Duration::from_secs(10);
/// Times the one above.
const LOOK_EVERY: u32 = 6;

/// Never ends; may be stopped anywhere: at worst the refusals of the last seconds are not in the statistics.
pub async fn run(store: Store, state: State, clock: Arc<dyn web::Clock>) {
    let mut round: u32 = 0;
    loop {
        let now = clock.now();
        if let Err(error) = state.tally.write_down(&store, now).await {
            tracing::warn!(%error, "cannot write down the refused uploads; will try again");
        }
        if round.is_multiple_of(LOOK_EVERY)
            && let Err(error) = look(&store, &state, now).await
        {
            tracing::warn!(%error, "cannot count the stored pictures; will try again");
        }
        round = round.wrapping_add(1);
        tokio::time::sleep(WRITE_EVERY).await;
    }
}

async fn look(store: &Store, state: &State, now: Micros) -> Result<(), StoreError> {
    let mut bytes: BTreeMap<String, i64> = BTreeMap::new();
    let mut pictures: BTreeMap<(String, String), i64> = BTreeMap::new();
    // What is not there any more is zero, not what it was.
    for (name, _) in state.stores.iter() {
        bytes.insert(name.to_owned(), 0);
        pictures.extend(STORED.map(|state| ((name.to_owned(), state.to_owned()), 0)));
    }
    for holding in store.holdings().await? {
        *bytes.entry(holding.store.clone()).or_default() += holding.bytes;
        *pictures.entry((holding.store, holding.state)).or_default() += holding.pictures;
    }
    for (store, bytes) in bytes {
        metrics::gauge!("visage_photo_bytes", "store" => store).set(bytes as f64);
    }
    for ((store, state), count) in pictures {
        metrics::gauge!("visage_photo_pictures", "store" => store, "state" => state).set(count as f64);
    }
    let waiting = store.waiting_deletions().await?;
    metrics::gauge!("visage_photo_deletions_waiting").set(waiting.objects as f64);
    let oldest = waiting.oldest.map_or(0, |at| seconds(now - at).max(0));
    metrics::gauge!("visage_photo_deletions_oldest_seconds").set(oldest as f64);
    Ok(())
}
