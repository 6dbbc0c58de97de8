//! Uploads that wait, earlier photos that are kept: how many, for how long, and who comes first.

use store::Store;
use store::pictures::{Applied, From, Picture, Retention, state};

use crate::pictures::{change, confirm, picture};
use crate::{NOW, SECOND, furnish, on_both};

async fn uploading(store: &Store, id: &str, user_id: &str, at: i64) {
    let row = picture(id);
    let row =
        Picture { state: state::UPLOADING.into(), user_id: Some(user_id.into()), uploaded_at: at, ..row };
    store.stage_picture(row).await.unwrap();
}

async fn hold(store: &Store, id: &str) -> bool {
    store.hold_picture(id, Some(5), NOW).await.unwrap()
}

async fn state_of(store: &Store, id: &str) -> String {
    store.picture(id).await.unwrap().unwrap().state
}

async fn in_state(store: &Store, wanted: &str) -> Vec<String> {
    let rows = store.pictures("", 1000).await.unwrap();
    rows.into_iter().filter(|row| row.state == wanted).map(|row| row.id).collect()
}

// CONTRACT §5: at most five of a person wait, the oldest gives way; what is not whole is no upload yet.
on_both!(five_of_a_person_wait, fresh => {
    let store = &fresh.store;
    furnish(store).await;
    for number in 0..7 {
        let id = format!("p{number}");
        uploading(store, &id, "ada", NOW + number).await;
        assert!(confirm(store, &id, change("ada", 0, 0)).await.is_none(), "its objects are not all there");
        assert!(hold(store, &id).await);
        assert!(!hold(store, &id).await, "once");
    }
    assert_eq!(in_state(store, state::STAGED).await, ["p2", "p3", "p4", "p5", "p6"]);
    assert_eq!(store.deletions_waiting().await.unwrap(), 4, "the oldest two");
    // One that took long is not the one that gives way.
    uploading(store, "late", "ada", NOW - SECOND).await;
    assert!(hold(store, "late").await);
    assert_eq!(in_state(store, state::STAGED).await, ["late", "p3", "p4", "p5", "p6"]);
    uploading(store, "nobodys", "nobody", NOW).await;
    assert!(!hold(store, "nobodys").await && !hold(store, "unknown").await);
    // Galleries count by themselves.
    for number in 0..6 {
        let row = picture(&format!("g{number}"));
        let row = Picture { state: state::UPLOADING.into(), purpose: "gallery".into(), ..row };
        let id = row.id.clone();
        store.stage_picture(row).await.unwrap();
        assert!(store.hold_picture(&id, None, NOW).await.unwrap());
        assert!(confirm(store, &id, change("ada", 0, 0)).await.is_none(), "no profile photo");
        assert!(!store.discard_upload(&id, "ada", NOW).await.unwrap());
    }
    assert_eq!(in_state(store, state::STAGED).await.len(), 11);
});

on_both!(twelve_uploads_at_once_leave_five, fresh => {
    let store = &fresh.store;
    furnish(store).await;
    for number in 0..12 {
        uploading(store, &format!("p{number:02}"), "ada", NOW).await;
    }
    let all = (0..12).map(|number| {
        let store = store.clone();
        tokio::spawn(async move { hold(&store, &format!("p{number:02}")).await })
    });
    for one in all.collect::<Vec<_>>() {
        assert!(one.await.unwrap());
    }
    assert_eq!(in_state(store, state::STAGED).await.len(), 5);
    assert_eq!(store.deletions_waiting().await.unwrap(), 14);
});

// Use-once is one conditional statement: of confirmation, discarding and clean-up one wins, and whoever wins, the photo
// that is current has its objects.
on_both!(one_of_all_wins, fresh => {
    let store = &fresh.store;
    furnish(store).await;
    for round in 0..10 {
        let id = format!("p{round}");
        uploading(store, &id, "ada", NOW).await;
        assert!(hold(store, &id).await);
        let confirmed = (0..4).map(|_| {
            let (store, id) = (store.clone(), id.clone());
            tokio::spawn(async move { confirm(&store, &id, change("ada", 0, 0)).await.is_some() })
        });
        let discarded = {
            let (store, id) = (store.clone(), id.clone());
            tokio::spawn(async move { store.discard_upload(&id, "ada", NOW).await.unwrap() })
        };
        let swept = {
            let store = store.clone();
            tokio::spawn(async move { store.discard_waiting(state::STAGED, NOW + 1, 10, NOW).await.unwrap() })
        };
        let mut wins = 0;
        for one in confirmed.collect::<Vec<_>>() {
            wins += usize::from(one.await.unwrap());
        }
        wins += usize::from(discarded.await.unwrap()) + swept.await.unwrap();
        assert_eq!(wins, 1, "round {round}");
        let current = store.user("ada").await.unwrap().unwrap().picture_id;
        assert_eq!(in_state(store, state::CURRENT).await, current.clone().into_iter().collect::<Vec<_>>());
        if let Some(id) = current {
            let base = store.picture(&id).await.unwrap().unwrap().key_base;
            let queued = crate::claim_all(store, 1000, 0, NOW + 1).await;
            assert!(queued.iter().all(|row| !row.key.starts_with(&base)), "nothing of the current photo is queued");
        }
    }
});

on_both!(the_last_few_are_kept, fresh => {
    let store = &fresh.store;
    furnish(store).await;
    let at = |second: i64, keep| { let mut change = change("ada", 0, keep); change.now = NOW + second * SECOND; change };
    for number in 0..5 {
        let id = format!("p{number}");
        store.stage_picture(picture(&id)).await.unwrap();
        confirm(store, &id, at(number, 2)).await.unwrap();
    }
    assert_eq!(in_state(store, state::KEPT).await, ["p2", "p3"]);
    assert_eq!(in_state(store, state::SUPERSEDED).await, ["p0", "p1"]);
    assert_eq!(store.deletions_waiting().await.unwrap(), 4);
    assert_eq!(store.bury_pictures(10).await.unwrap(), 0, "kept is not gone");

    let restore = async |id: &str, second, keep| store.make_current(id, From::Kept, at(second, keep)).await.unwrap();
    assert_eq!(restore("p1", 6, 2).await, Applied::NotFound, "its deletion is queued");
    let mut others = at(6, 2);
    others.user_id = "bob".into();
    assert_eq!(store.make_current("p2", From::Kept, others).await.unwrap(), Applied::NotFound);
    let Applied::Done(done) = restore("p2", 7, 2).await else { panic!("p2 is kept") };
    assert_eq!((done.0.picture_id.as_deref(), done.1.superseded_at), (Some("p2"), None));
    assert_eq!(done.1.confirmed_at, Some(NOW + 2 * SECOND), "when it was confirmed");
    assert_eq!(restore("p2", 8, 2).await, Applied::NotFound, "once");
    assert_eq!(in_state(store, state::KEPT).await, ["p3", "p4"]);

    // Fewer are to be kept from now on: the next change, or the sweep, sees to that.
    let retention = Retention { delete_after: 0, keep_versions: 1 };
    assert_eq!(store.trim_kept(retention, 10, NOW + 9 * SECOND).await.unwrap(), 1);
    assert_eq!(store.trim_kept(retention, 10, NOW + 9 * SECOND).await.unwrap(), 0);
    assert_eq!(in_state(store, state::KEPT).await, ["p4"], "the newest stays");
    store.remove_profile_picture(at(10, 1)).await.unwrap().unwrap();
    assert_eq!(state_of(store, "p2").await, state::SUPERSEDED, "what is removed is not kept");
    assert!(store.discard_upload("p4", "ada", NOW).await.unwrap());
    assert_eq!(in_state(store, state::KEPT).await, Vec::<String>::new());
    assert_eq!(store.deletions_waiting().await.unwrap(), 10);

    // S136
    store.stage_picture(picture("p8")).await.unwrap();
    store.stage_picture(picture("p9")).await.unwrap();
    confirm(store, "p8", at(11, 1)).await.unwrap();
    confirm(store, "p9", at(12, 1)).await.unwrap();
    assert_eq!(in_state(store, state::KEPT).await, ["p8"]);
    store.delete_user("ada", 0, NOW).await.unwrap();
    assert_eq!(store.deletions_waiting().await.unwrap(), 14);
});

// Restored, confirmed, removed and trimmed at once: one photo or none, never more kept than allowed, and nothing that is
// current or kept is queued.
on_both!(everything_at_once, fresh => {
    let store = &fresh.store;
    furnish(store).await;
    for number in 0..12 {
        store.stage_picture(picture(&format!("p{number:02}"))).await.unwrap();
    }
    for number in 0..4 {
        confirm(store, &format!("p{number:02}"), change("ada", 0, 3)).await.unwrap();
    }
    let mut all = Vec::new();
    for number in 0..12 {
        let store = store.clone();
        let id = format!("p{number:02}");
        all.push(tokio::spawn(async move {
            let retention = Retention { delete_after: 0, keep_versions: 3 };
            match number % 4 {
                _ if number >= 4 => drop(confirm(&store, &id, change("ada", 0, 3)).await),
                0 => drop(store.make_current(&id, From::Kept, change("ada", 0, 3)).await.unwrap()),
                1 => drop(store.make_current(&id, From::Kept, change("ada", 0, 3)).await.unwrap()),
                2 => drop(store.remove_profile_picture(change("ada", 0, 3)).await.unwrap()),
                _ => drop(store.trim_kept(retention, 10, NOW).await.unwrap()),
            }
        }));
    }
    for one in all {
        one.await.unwrap();
    }
    let current = store.user("ada").await.unwrap().unwrap().picture_id;
    assert_eq!(in_state(store, state::CURRENT).await, current.into_iter().collect::<Vec<_>>());
    assert!(in_state(store, state::KEPT).await.len() <= 3);
    let queued = crate::claim_all(store, 1000, 0, NOW + 1).await;
    for row in store.pictures("", 100).await.unwrap() {
        let waits = queued.iter().filter(|one| one.key.starts_with(&format!("{}.", row.key_base))).count();
        assert_eq!(waits, usize::from(row.state == state::SUPERSEDED), "{row:?}");
    }
});

on_both!(who_is_blocked_confirms_nothing, fresh => {
    let store = &fresh.store;
    furnish(store).await;
    store.stage_picture(picture("p1")).await.unwrap();
    let block = store::photo_blocks::PhotoBlock {
        user_id: "ada".into(), reason: "No".into(), blocked_by: "command".into(), created_at: NOW,
    };
    let entry = store::audit::AuditRow {
        id: "e".into(), at: NOW, actor: None, action: "photo.blocked".into(), subject: "ada".into(), detail: "{}".into(),
    };
    assert!(store.block_photos(block, entry).await.unwrap());
    let outcome = store.make_current("p1", From::Staged, change("ada", 0, 0)).await.unwrap();
    assert_eq!((outcome, state_of(store, "p1").await.as_str()), (Applied::Blocked, state::STAGED));
});

on_both!(alternative_texts, fresh => {
    let store = &fresh.store;
    furnish(store).await;
    store.stage_picture(picture("p1")).await.unwrap();
    let text = |text: &str| Some(text.to_owned());
    assert!(store.set_alt_text("p1", "ada", text("Ada")).await.unwrap());
    assert!(!store.set_alt_text("p1", "bob", text("Bob")).await.unwrap());
    let mut at_confirmation = change("ada", 0, 0);
    at_confirmation.alt_text = Some(text("Ada, smiling"));
    confirm(store, "p1", at_confirmation).await.unwrap();
    assert_eq!(store.picture("p1").await.unwrap().unwrap().caption, text("Ada, smiling"));
    assert!(store.set_alt_text("p1", "ada", None).await.unwrap());
    assert_eq!(store.picture("p1").await.unwrap().unwrap().caption, None);
    store.remove_profile_picture(change("ada", 0, 0)).await.unwrap();
    assert!(!store.set_alt_text("p1", "ada", text("x")).await.unwrap(), "it is no more");
});

// A store that is away holds its own pictures back, and nobody else's.
on_both!(what_hangs_hides_nothing, fresh => {
    let store = &fresh.store;
    furnish(store).await;
    for number in 0..7 {
        let away = number < 5;
        let row = Picture { store: if away { "away" } else { "default" }.into(), ..picture(&format!("p{number}")) };
        store.stage_picture(Picture { uploaded_at: NOW + number, ..row }).await.unwrap();
    }
    assert_eq!(store.discard_waiting(state::STAGED, NOW + 10, 10, NOW).await.unwrap(), 7);
    let queued = crate::claim_all(store, 100, SECOND, NOW).await;
    let done = queued.into_iter().filter(|row| row.store == "default");
    for row in done {
        store.finish_deletion(&row).await.unwrap();
    }
    store.bury_pictures(2).await.unwrap();
    assert_eq!(in_state(store, state::SUPERSEDED).await, ["p0", "p1", "p2", "p3", "p4"]);
});
