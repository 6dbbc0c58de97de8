//! The lifecycle of a profile photo: pointer, history, queue, in one transaction.

use store::Store;
use store::pictures::{Applied, Change, From, Picture, Retention, object_keys, state};
use store::users::User;

use crate::{NOW, SECOND, furnish, on_both};

pub fn change(user_id: &str, delete_after: i64, keep_versions: i64) -> Change {
    let retention = Retention { delete_after, keep_versions };
    Change { user_id: user_id.into(), actor: user_id.into(), alt_text: None, retention, now: NOW }
}

pub async fn confirm(store: &Store, id: &str, change: Change) -> Option<User> {
    match store.make_current(id, From::Staged, change).await.unwrap() {
        Applied::Done(done) => Some(done.0),
        Applied::NotFound => None,
        Applied::Blocked => panic!("nobody is blocked"),
    }
}

pub fn picture(id: &str) -> Picture {
    Picture {
        id: id.into(),
        user_id: Some("ada".into()),
        client_id: None,
        sid: None,
        album_id: None,
        purpose: "profile".into(),
        state: "staged".into(),
        store: "default".into(),
        key_base: format!("profile-photos/o/1-{id}"),
        sizes: "512,96".into(),
        bytes: 10,
        thumbhash: "x".into(),
        original_filename: "me.jpg".into(),
        uploaded_at: NOW,
        confirmed_at: None,
        superseded_at: None,
        position: None,
        caption: None,
        width: None,
        height: None,
        removed_reason: None,
    }
}

#[test]
fn the_largest_has_the_plain_key() {
    assert_eq!(object_keys("a/b", "512,96"), ["a/b.jpg", "a/b_96.jpg"]);
}

on_both!(a_replacement_queues_the_old_objects, fresh => {
    let store = &fresh.store;
    furnish(store).await;
    store.stage_picture(picture("p1")).await.unwrap();
    assert!(store.profile("ada").await.unwrap().unwrap().portrait.is_none(), "staged is not shown");
    assert!(confirm(store, "p1", change("bob", 0, 0)).await.is_none(), "not bob's");
    let user = confirm(store, "p1", change("ada", 10 * SECOND, 0)).await.unwrap();
    assert_eq!(user.picture_id.as_deref(), Some("p1"));
    assert!(confirm(store, "p1", change("ada", 0, 0)).await.is_none(), "once only");

    store.stage_picture(picture("p2")).await.unwrap();
    confirm(store, "p2", change("ada", 10 * SECOND, 0)).await.unwrap();
    let portrait = store.profile("ada").await.unwrap().unwrap().portrait.unwrap();
    assert_eq!(portrait.key_base, "profile-photos/o/1-p2");
    assert_eq!(crate::claim_all(store, 10, SECOND, NOW).await.len(), 0, "not before delete_after");
    let due = crate::claim_all(store, 10, SECOND, NOW + 10 * SECOND).await;
    assert_eq!(due.len(), 2);
    assert_eq!(crate::claim_all(store, 10, SECOND, NOW + 10 * SECOND).await.len(), 0, "leased to one worker");
    assert_eq!(store.bury_pictures(10).await.unwrap(), 0);
    for row in &due {
        store.finish_deletion(row).await.unwrap();
    }
    assert_eq!(store.bury_pictures(10).await.unwrap(), 1);
    assert_eq!(store.picture("p1").await.unwrap().unwrap().state, "gone");

    assert!(store.remove_profile_picture(change("ada", 0, 0)).await.unwrap().unwrap().picture_id.is_none());
    assert_eq!(crate::claim_all(store, 10, SECOND, NOW).await.len(), 2);
});

// Two confirmations at once: whichever is last is current, the other is superseded, nothing is left over.
on_both!(confirmations_take_turns, fresh => {
    let store = &fresh.store;
    furnish(store).await;
    for number in 0..8 {
        store.stage_picture(picture(&format!("p{number}"))).await.unwrap();
    }
    let all = (0..8).map(|number| {
        let store = store.clone();
        tokio::spawn(async move { confirm(&store, &format!("p{number}"), change("ada", 0, 0)).await })
    });
    for one in all.collect::<Vec<_>>() {
        assert!(one.await.unwrap().is_some());
    }
    let current = store.user("ada").await.unwrap().unwrap().picture_id.unwrap();
    for number in 0..8 {
        let id = format!("p{number}");
        let state = store.picture(&id).await.unwrap().unwrap().state;
        assert_eq!(state, if id == current { "current" } else { "superseded" });
    }
    assert_eq!(store.deletions_waiting().await.unwrap(), 14);
});

// S136: a person who is deleted leaves no object without a row that removes it.
on_both!(a_deleted_person_leaves_only_the_queue, fresh => {
    let store = &fresh.store;
    furnish(store).await;
    store.stage_picture(picture("p1")).await.unwrap();
    confirm(store, "p1", change("ada", 0, 0)).await;
    store.stage_picture(picture("p2")).await.unwrap();
    assert!(store.delete_user("ada", 0, NOW).await.unwrap());
    assert!(store.user("ada").await.unwrap().is_none() && store.picture("p1").await.unwrap().is_none());
    assert_eq!(store.deletions_waiting().await.unwrap(), 4);
    assert!(!store.delete_user("ada", 0, NOW).await.unwrap());
    store.insert_user(crate::person("ada")).await.unwrap();
});

// F8: what was staged and never confirmed goes.
on_both!(forgotten_uploads_go, fresh => {
    let store = &fresh.store;
    furnish(store).await;
    store.stage_picture(picture("p1")).await.unwrap();
    assert_eq!(store.discard_waiting(state::STAGED, NOW, 10, NOW + 1).await.unwrap(), 0);
    assert_eq!(store.discard_waiting(state::STAGED, NOW + 1, 10, NOW + 1).await.unwrap(), 1);
    assert!(confirm(store, "p1", change("ada", 0, 0)).await.is_none());
    assert_eq!(store.deletions_waiting().await.unwrap(), 2);
});
