//! The deletion queue: claimed store by store, kept by renewal, and put off all at once where a store does not answer.

use crate::pictures::picture;
use crate::{NOW, SECOND, furnish, on_both};
use store::pictures::Picture;

on_both!(stores_do_not_wait_for_each_other, fresh => {
    let store = &fresh.store;
    furnish(store).await;
    for (id, name) in [("p1", "alive"), ("p2", "dead"), ("p3", "dead")] {
        store.stage_picture(Picture { store: name.into(), ..picture(id) }).await.unwrap();
        store.discard_picture(id, NOW).await.unwrap();
    }
    let waiting = |now| async move {
        let mut waiting = store.deletions_by_store(now).await.unwrap();
        waiting.sort();
        waiting
    };
    assert_eq!(waiting(NOW).await, [("alive".to_owned(), NOW), ("dead".to_owned(), NOW)]);
    assert_eq!(store.claim_deletions("nobody", 9, SECOND, NOW).await.unwrap(), []);
    let dead = store.claim_deletions("dead", 3, SECOND, NOW).await.unwrap();
    assert!(dead.len() == 3 && dead.iter().all(|row| row.store == "dead"));

    // The one that was tried and failed, then all that is due there or was claimed along with it.
    store.postpone_deletion(&dead[0], "no answer".into(), NOW + 2 * SECOND).await.unwrap();
    store.postpone_store(&dead[0], dead[0].leased_until, NOW + 2 * SECOND, NOW).await.unwrap();
    let later = NOW + 2 * SECOND;
    assert_eq!(waiting(NOW).await, [("alive".to_owned(), NOW), ("dead".to_owned(), later)]);
    assert_eq!(store.claim_deletions("dead", 9, SECOND, later - 1).await.unwrap(), []);
    assert_eq!(store.claim_deletions("alive", 9, SECOND, NOW).await.unwrap().len(), 2);
    let dead = store.claim_deletions("dead", 9, SECOND, later).await.unwrap();
    assert!(dead.len() == 4 && dead.iter().all(|row| row.attempts == 1), "{dead:?}");
});

// F28: a worker that was asleep for longer than its lease leaves alone what others have by now.
on_both!(a_lease_is_kept_or_lost, fresh => {
    let store = &fresh.store;
    furnish(store).await;
    store.stage_picture(picture("p1")).await.unwrap();
    store.discard_picture("p1", NOW).await.unwrap();
    let mut mine = crate::claim_all(store, 1, SECOND, NOW).await.remove(0);
    let until = NOW + 5 * SECOND;
    assert!(store.renew_deletion(&mine, until).await.unwrap());
    assert!(!store.renew_deletion(&mine, until).await.unwrap(), "the old lease counts no more");
    mine.leased_until = until;
    let others = crate::claim_all(store, 9, 60 * SECOND, NOW + 3 * SECOND).await;
    assert!(others.iter().all(|row| row.id != mine.id));
    let others = crate::claim_all(store, 9, 60 * SECOND, until).await;
    assert!(others.iter().any(|row| row.id == mine.id));
    assert!(!store.renew_deletion(&mine, until + SECOND).await.unwrap());
    store.finish_deletion(&mine).await.unwrap();
    store.postpone_deletion(&mine, "late".into(), 0).await.unwrap();
    assert_eq!(store.deletions_waiting().await.unwrap(), 2, "both are the others' now");
    for row in crate::claim_all(store, 9, SECOND, NOW + 100 * SECOND).await {
        assert_eq!((row.attempts, row.last_error.clone()), (0, None));
        store.finish_deletion(&row).await.unwrap();
    }
    assert_eq!(store.deletions_waiting().await.unwrap(), 0);
});
