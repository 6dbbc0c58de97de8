//! Tries at secrets, charged by many at once.

use store::attempts::Counter;

use crate::{NOW, SECOND, on_both};

fn counter(digest: u8) -> Counter {
    Counter { digest: vec![digest], delay: |_| 0, forget_after: 60 * SECOND, spares: 0 }
}

// Found by the OpenID suite on two nodes (oidcc-scope-phone and others): every sign-in of one person charges and forgives the same
// counters.
on_both!(tries_at_the_same_time_do_not_wait_for_each_other, fresh => {
    let many = (0..8_u8).map(|number| {
        let store = fresh.store.clone();
        tokio::spawn(async move {
            for round in 0..12_u8 {
                // Its own, and two that everybody shares; after a while all have run out, and are begun anew.
                let digests = [100 + number, 7, 3];
                let now = NOW + i64::from(round) * 25 * SECOND;
                store.begin_try(digests.map(counter).to_vec(), now).await.unwrap();
                store.forgive_try(vec![vec![digests[0]]], vec![vec![7], vec![3]]).await.unwrap();
            }
        })
    });
    for one in many.collect::<Vec<_>>() {
        one.await.unwrap();
    }
});
