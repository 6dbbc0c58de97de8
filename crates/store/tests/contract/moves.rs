//! A picture moves into another object store: switched once, by one of those who try, and no copy is forgotten.

use store::moves::{Move, Moved};
use store::{Store, StoreError};

use crate::pictures::{change, confirm, picture};
use crate::{NOW, SECOND, furnish, on_both};

const UNTIL: i64 = NOW + 900 * SECOND;

fn step(from: &str, to: &str) -> Move {
    let keys = store::pictures::object_keys("profile-photos/o/1-p1", "512,96");
    Move { picture: "p1".into(), from: from.into(), to: to.into(), keys }
}

async fn with_a_photo(store: &Store) {
    furnish(store).await;
    store.stage_picture(picture("p1")).await.unwrap();
    confirm(store, "p1", change("ada", 0, 0)).await.unwrap();
}

async fn place(store: &Store) -> String {
    store.picture("p1").await.unwrap().unwrap().store
}

/// What the deletion worker would be given, by store.
async fn due(store: &Store, now: i64) -> Vec<String> {
    let mut due: Vec<String> =
        crate::claim_all(store, 10, SECOND, now).await.into_iter().map(|row| row.store).collect();
    due.sort();
    due
}

on_both!(a_copy_is_recorded_before_it_is_made_and_kept_by_the_switch, fresh => {
    let store = &fresh.store;
    with_a_photo(store).await;
    assert_eq!(store.begin_move(step("default", "cloud"), UNTIL, NOW).await.unwrap(), Moved::Yes);
    assert_eq!(place(store).await, "default");
    assert!(due(store, NOW + 60 * SECOND).await.is_empty(), "the copies have time");
    // Killed here, and started again.
    assert_eq!(store.begin_move(step("default", "cloud"), UNTIL, NOW).await.unwrap(), Moved::Yes);
    let stamp = store.freshness().stamp(&[store::Subject::User("ada".into())]);
    assert_eq!(store.finish_move(step("default", "cloud"), Some(10 * SECOND), NOW).await.unwrap(), Moved::Yes);
    assert!(!store.freshness().holds(&stamp), "whoever remembers the old address forgets it");
    assert_eq!(place(store).await, "cloud");
    assert!(due(store, NOW + 9 * SECOND).await.is_empty());
    assert_eq!(due(store, NOW + 1000 * SECOND).await, ["default", "default"], "the source goes, the copies stay");
    assert_eq!(store.finish_move(step("default", "cloud"), None, NOW).await.unwrap(), Moved::Gone, "once");
    assert_eq!(store.begin_move(step("default", "cloud"), UNTIL, NOW).await.unwrap(), Moved::Gone);
    assert_eq!(store.deletions_waiting().await.unwrap(), 2, "who comes too late queues nothing");
});

on_both!(killed_between_copy_and_switch_the_queue_has_the_copies, fresh => {
    let store = &fresh.store;
    with_a_photo(store).await;
    store.begin_move(step("default", "cloud"), UNTIL, NOW).await.unwrap();
    assert_eq!(due(store, UNTIL).await, ["cloud", "cloud"]);
    // A deletion has begun: no switch to what may be gone in a moment.
    let again = store.begin_move(step("default", "cloud"), UNTIL, UNTIL).await.unwrap();
    assert_eq!(again, Moved::Busy);
    let finished = store.finish_move(step("default", "cloud"), None, UNTIL).await;
    assert!(matches!(finished, Err(StoreError::Conflict(_))), "{finished:?}");
    assert_eq!(place(store).await, "default");
    // Its lease ends; then all is as before.
    let soon = UNTIL + 60 * SECOND;
    assert_eq!(store.begin_move(step("default", "cloud"), soon, soon).await.unwrap(), Moved::Busy, "it may be deleting still");
    let later = UNTIL + 200 * SECOND;
    assert_eq!(store.begin_move(step("default", "cloud"), later + SECOND, later).await.unwrap(), Moved::Yes);
    assert_eq!(store.finish_move(step("default", "cloud"), None, later).await.unwrap(), Moved::Yes);
    assert_eq!(store.deletions_waiting().await.unwrap(), 0);
});

on_both!(a_photo_that_is_replaced_or_removed_meanwhile_leaves_no_copy, fresh => {
    let store = &fresh.store;
    with_a_photo(store).await;
    store.begin_move(step("default", "cloud"), UNTIL, NOW).await.unwrap();
    store.remove_profile_picture(change("ada", 10 * SECOND, 0)).await.unwrap();
    assert_eq!(store.finish_move(step("default", "cloud"), None, NOW).await.unwrap(), Moved::Gone);
    assert_eq!(place(store).await, "default");
    assert_eq!(due(store, NOW).await, ["cloud", "cloud"], "the copies go at once");
    assert_eq!(store.begin_move(step("default", "cloud"), UNTIL, NOW).await.unwrap(), Moved::Gone);

    // The person is deleted: no row is left at all.
    let store = &fresh.store;
    store.stage_picture(picture("p2")).await.unwrap();
    let keys = store::pictures::object_keys("profile-photos/o/1-p2", "512,96");
    let step = Move { picture: "p2".into(), from: "default".into(), to: "cloud".into(), keys };
    assert_eq!(store.begin_move(step.clone(), UNTIL, NOW).await.unwrap(), Moved::Yes);
    store.delete_user("ada", 10 * SECOND, NOW).await.unwrap();
    assert_eq!(store.finish_move(step, None, NOW).await.unwrap(), Moved::Gone);
    assert_eq!(due(store, NOW).await, ["cloud", "cloud"]);
});

on_both!(of_two_migrations_at_once_one_switches, fresh => {
    let store = &fresh.store;
    with_a_photo(store).await;
    let move_it = || async {
        store.begin_move(step("default", "cloud"), UNTIL, NOW).await.unwrap();
        store.finish_move(step("default", "cloud"), Some(0), NOW).await.unwrap()
    };
    let mut outcomes = tokio::join!(move_it(), move_it());
    if outcomes.0 == Moved::Gone {
        outcomes = (outcomes.1, outcomes.0);
    }
    assert_eq!(outcomes, (Moved::Yes, Moved::Gone));
    assert_eq!(place(store).await, "cloud");
    assert_eq!(due(store, UNTIL).await, ["default", "default"], "no copy in use is queued");
});

on_both!(back_again_takes_the_source_off_the_queue, fresh => {
    let store = &fresh.store;
    with_a_photo(store).await;
    store.begin_move(step("default", "cloud"), UNTIL, NOW).await.unwrap();
    store.finish_move(step("default", "cloud"), Some(10 * SECOND), NOW).await.unwrap();
    assert_eq!(store.begin_move(step("cloud", "default"), UNTIL, NOW).await.unwrap(), Moved::Yes);
    assert!(due(store, NOW + 20 * SECOND).await.is_empty(), "what is copied now must not be deleted");
    assert_eq!(store.finish_move(step("cloud", "default"), None, NOW).await.unwrap(), Moved::Yes);
    assert_eq!(store.deletions_waiting().await.unwrap(), 0);
    // What the move left in the cloud goes when somebody asks for it, and nothing else.
    let objects = |base: &str| (format!("profile-photos/o/1-{base}"), format!("profile-photos/o/1-{base}.jpg"));
    let left = vec![objects("p1"), objects("unknown")];
    assert_eq!(store.queue_left_behind("cloud", "default", left.clone(), 0, NOW).await.unwrap(), 1);
    assert_eq!(store.queue_left_behind("default", "cloud", left, 0, NOW).await.unwrap(), 0);
    assert_eq!(due(store, NOW).await, ["cloud"]);
});
