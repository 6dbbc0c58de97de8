//! What administrators ask and do: lists by page, a picture that goes for good, blocks, counts.

use store::Store;
use store::audit::AuditRow;
use store::photo_admin::{Cursor, Filter, Removal, Removed};
use store::photo_blocks::PhotoBlock;
use store::pictures::{Applied, From, Picture, Retention};
use store::users::{ProfileChange, Updated};

use crate::pictures::{change, confirm, picture};
use crate::{NOW, SECOND, furnish, on_both};

const DAY: i64 = 86_400 * SECOND;

fn removal(id: &str) -> Removal {
    Removal {
        picture_id: id.into(),
        reason: "Not a face.".into(),
        actor: "root".into(),
        entry_id: format!("entry-{id}"),
    }
}

fn entry(id: &str) -> AuditRow {
    AuditRow {
        id: id.into(),
        at: NOW,
        actor: Some("root".into()),
        action: "photo.blocked".into(),
        subject: "ada".into(),
        detail: "{}".into(),
    }
}

async fn pages(store: &Store, filter: Filter, limit: i64) -> Vec<String> {
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let page = store.uploads(filter.clone(), after, limit).await.unwrap();
        let Some(last) = page.last() else { return ids };
        after = Some(Cursor { uploaded_at: last.picture.uploaded_at, id: last.picture.id.clone() });
        ids.extend(page.into_iter().map(|row| row.picture.id));
    }
}

on_both!(uploads_come_in_pages_newest_first, fresh => {
    let store = &fresh.store;
    furnish(store).await;
    for number in 0..7 {
        // Some at the same time: the id decides.
        let uploaded_at = NOW + i64::from(number / 2) * SECOND;
        let user_id = if number == 3 { None } else { Some("ada".to_owned()) };
        let one = Picture { uploaded_at, user_id, ..picture(&format!("p{number}")) };
        store.stage_picture(one).await.unwrap();
    }
    let all = ["p6", "p5", "p4", "p3", "p2", "p1", "p0"];
    for limit in [1, 2, 3, 50] {
        assert_eq!(pages(store, Filter::default(), limit).await, all);
    }
    let of = |state: &str, user_id: Option<&str>, purpose: &str| Filter {
        state: Some(state.into()),
        user_id: user_id.map(Into::into),
        purpose: Some(purpose.into()),
    };
    assert_eq!(pages(store, of("staged", Some("ada"), "profile"), 4).await.len(), 6);
    assert!(pages(store, of("staged", Some("bob"), "profile"), 4).await.is_empty());
    assert!(pages(store, of("staged", None, "gallery"), 4).await.is_empty());
    assert!(pages(store, of("current", None, "profile"), 4).await.is_empty());
    let first = store.uploads(Filter::default(), None, 1).await.unwrap();
    assert_eq!(first[0].email.as_deref(), Some("ada@example.test"));
});

// S136: an administrator can remove a picture, whatever its state, and an audit row says who did it.
on_both!(a_removed_picture_goes_for_good, fresh => {
    let store = &fresh.store;
    furnish(store).await;
    assert_eq!(store.remove_picture(removal("p1"), NOW).await.unwrap(), Removed::NotFound);
    store.stage_picture(picture("p1")).await.unwrap();
    confirm(store, "p1", change("ada", 10 * SECOND, 3)).await.unwrap();
    let Removed::Done(removed) = store.remove_picture(removal("p1"), NOW).await.unwrap() else { panic!("it was there") };
    assert_eq!(removed.removed_reason.as_deref(), Some("Not a face."));
    assert_eq!(removed.state, "superseded");
    assert!(store.user("ada").await.unwrap().unwrap().picture_id.is_none());
    assert_eq!(crate::claim_all(store, 10, SECOND, NOW).await.len(), 2, "at once");
    let rows = store.audit_of("ada", 10).await.unwrap();
    let by_root = |action: &str| rows.iter().any(|row| row.action == action && row.actor.as_deref() == Some("root"));
    assert!(by_root("photo.removed_by_administrator") && by_root("picture.removed"), "{rows:?}");

    // Nothing brings it back, and the first reason stands.
    assert_eq!(store.remove_picture(removal("p1"), NOW).await.unwrap(), Removed::Nothing);
    let back = store.make_current("p1", From::Kept, change("ada", 0, 3)).await.unwrap();
    assert!(matches!(back, Applied::NotFound));

    // One that waits, one that is kept, one whose deletion was planned for later.
    for id in ["p2", "p3", "p4"] {
        store.stage_picture(picture(id)).await.unwrap();
    }
    confirm(store, "p2", change("ada", 10 * SECOND, 1)).await.unwrap();
    confirm(store, "p3", change("ada", 10 * SECOND, 1)).await.unwrap();
    assert_eq!(store.picture("p2").await.unwrap().unwrap().state, "kept");
    for id in ["p2", "p4"] {
        assert!(matches!(store.remove_picture(removal(id), NOW).await.unwrap(), Removed::Done(_)), "{id}");
        assert_eq!(crate::claim_all(store, 10, SECOND, NOW).await.len(), 2, "{id}");
    }
    assert_eq!(store.user("ada").await.unwrap().unwrap().picture_id.as_deref(), Some("p3"), "the current one stays");
    store.remove_profile_picture(change("ada", 3600 * SECOND, 0)).await.unwrap();
    assert!(crate::claim_all(store, 10, SECOND, NOW).await.is_empty());
    assert!(matches!(store.remove_picture(removal("p3"), NOW).await.unwrap(), Removed::Done(_)));
    let due = crate::claim_all(store, 10, 60 * SECOND, NOW + SECOND).await;
    assert_eq!(due.len(), 8, "those of p3 too: {due:?}");
    for row in &due {
        store.finish_deletion(row).await.unwrap();
    }
    store.bury_pictures(10).await.unwrap();
    assert_eq!(store.remove_picture(removal("p3"), NOW).await.unwrap(), Removed::Nothing);
});

on_both!(a_blocked_person_applies_nothing, fresh => {
    let store = &fresh.store;
    furnish(store).await;
    store.stage_picture(picture("p1")).await.unwrap();
    let block = |reason: &str, user: &str| PhotoBlock {
        user_id: user.into(),
        reason: reason.into(),
        blocked_by: "root".into(),
        created_at: NOW,
    };
    assert!(!store.block_photos(block("x", "nobody"), entry("e0")).await.unwrap());
    assert!(store.block_photos(block("first", "ada"), entry("e1")).await.unwrap());
    assert!(store.block_photos(block("second", "ada"), entry("e2")).await.unwrap());
    assert_eq!(store.photo_block("ada").await.unwrap().unwrap().reason, "second");
    assert_eq!(store.photo_blocks("", 10).await.unwrap()[0].1, "ada@example.test");
    assert_eq!(store.blocked_people().await.unwrap(), 1);
    // What was uploaded before is not confirmed afterwards.
    let applied = store.make_current("p1", From::Staged, change("ada", 0, 0)).await.unwrap();
    assert!(matches!(applied, Applied::Blocked));
    assert!(store.user("ada").await.unwrap().unwrap().picture_id.is_none());
    assert_eq!(store.picture("p1").await.unwrap().unwrap().state, "staged");

    // An address elsewhere is a picture too; a name is none.
    let change_of = |picture_url: Option<&str>| ProfileChange {
        name: Some(Some("Ada".into())),
        picture_url: picture_url.map(|url| Some(url.to_owned())),
        ..ProfileChange::default()
    };
    let update = async |url| store.update_profile("ada", change_of(url), "ada", Retention::default(), NOW).await.unwrap();
    assert_eq!(update(Some("https://evil.example/x.jpg")).await, Updated::Blocked);
    assert_eq!(store.user("ada").await.unwrap().unwrap().name.as_deref(), Some("ada"));
    assert!(matches!(update(None).await, Updated::Done(_)));

    assert!(store.unblock_photos("ada", entry("e3")).await.unwrap());
    assert!(!store.unblock_photos("ada", entry("e4")).await.unwrap());
    assert!(confirm(store, "p1", change("ada", 0, 0)).await.is_some());
    let rows = store.audit_of("ada", 10).await.unwrap();
    assert!(rows.iter().any(|row| row.id == "e3") && !rows.iter().any(|row| row.id == "e4" || row.id == "e0"));
});

on_both!(what_there_is_is_counted, fresh => {
    let store = &fresh.store;
    furnish(store).await;
    for id in ["p1", "p2", "p3"] {
        store.stage_picture(picture(id)).await.unwrap();
    }
    confirm(store, "p1", change("ada", 0, 0)).await.unwrap();
    confirm(store, "p2", change("ada", 0, 0)).await.unwrap();
    store.remove_picture(removal("p2"), NOW).await.unwrap();
    let gallery = Picture { purpose: "gallery".into(), store: "cloud".into(), bytes: 7, ..picture("p4") };
    store.stage_picture(gallery).await.unwrap();
    let counted: Vec<_> = (store.holdings().await.unwrap().into_iter())
        .map(|h| (h.store, h.state, h.purpose, h.pictures, h.bytes))
        .collect();
    let row = |store: &str, state: &str, purpose: &str, pictures, bytes| {
        (store.to_owned(), state.to_owned(), purpose.to_owned(), pictures, bytes)
    };
    assert_eq!(counted, [
        row("cloud", "staged", "gallery", 1, 7),
        row("default", "staged", "profile", 1, 10),
        row("default", "superseded", "profile", 2, 20),
    ]);
    let waiting = store.waiting_deletions().await.unwrap();
    assert_eq!((waiting.objects, waiting.oldest), (4, Some(NOW)));

    store.count_refusals(vec![("photo_broken".into(), 2), ("busy".into(), 1)], NOW).await.unwrap();
    store.count_refusals(vec![("photo_broken".into(), 3)], NOW + 1).await.unwrap();
    store.count_refusals(vec![("busy".into(), 9)], NOW - 40 * DAY).await.unwrap();
    let outcomes = store.upload_outcomes(NOW - 30 * DAY).await.unwrap();
    assert_eq!((outcomes.applied, outcomes.staged, outcomes.discarded, outcomes.removed), (2, 2, 0, 1));
    assert_eq!(outcomes.refused, [("photo_broken".to_owned(), 5), ("busy".to_owned(), 1)]);
    store.discard_picture("p3", NOW).await.unwrap();
    assert_eq!(store.upload_outcomes(NOW).await.unwrap().discarded, 1);
    assert_eq!(store.upload_outcomes(NOW + 1).await.unwrap().applied, 0);
});
