//! What may be kept in memory, and for how long.

use std::time::Duration;

use store::{Store, Subject};

use crate::{client, furnish, on_both};

/// Waits, up to two seconds, for something to become true.
async fn becomes(mut test: impl FnMut() -> bool) -> bool {
    for _ in 0..400 {
        if test() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    false
}

// S88, S89: what another process changes is forgotten here; what this one changes is forgotten at once.
on_both!(changes_are_heard, fresh => {
    furnish(&fresh.store).await;
    let other = Store::open(&fresh.settings).await.unwrap();
    fresh.store.follow_changes();
    let freshness = fresh.store.freshness().clone();
    assert!(becomes(|| freshness.is_leased()).await);

    let ada = freshness.stamp(&[Subject::User("ada".into())]);
    let bob = freshness.stamp(&[Subject::User("bob".into()), Subject::Client("rp".into())]);
    assert!(freshness.holds(&ada) && freshness.holds(&bob));

    fresh.store.set_active("ada", false, 5).await.unwrap();
    assert!(!freshness.holds(&ada), "our own change counts at once");
    assert!(becomes(|| freshness.holds(&freshness.stamp(&[]))).await);
    assert!(freshness.holds(&bob), "a neighbour is still fresh");

    assert_eq!(fresh.store.client("rp").await.unwrap().unwrap().name, "The client rp");
    other.update_client(protocol::Client { name: "Renamed".into(), ..client("rp") }).await.unwrap();
    assert!(becomes(|| !freshness.holds(&bob)).await, "another process's change is heard");
    assert_eq!(fresh.store.client("rp").await.unwrap().unwrap().name, "Renamed");
});

// S93: a rotation by a command is taken up without a restart.
on_both!(key_changes_are_heard, fresh => {
    let other = Store::open(&fresh.settings).await.unwrap();
    fresh.store.follow_changes();
    let freshness = fresh.store.freshness().clone();
    assert!(becomes(|| freshness.is_leased()).await);
    let mut changes = freshness.key_changes();
    changes.mark_unchanged();
    other.change_keys(vec![]).await.unwrap();
    tokio::time::timeout(Duration::from_secs(2), changes.changed()).await.unwrap().unwrap();
});

on_both!(no_lease_no_cache, fresh => {
    assert!(!fresh.store.freshness().is_leased(), "nothing is kept before changes are followed");
    let settings = store::Settings { cache: false, ..fresh.settings.clone() };
    let uncached = Store::open(&settings).await.unwrap();
    uncached.follow_changes();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!uncached.freshness().is_leased(), "cache.enabled = false means never");
});
