//! What clients are told: who is, once, by whom, until when.

use protocol::Scopes;
use store::{
    Store,
    codes::Ground,
    consents::Consent,
    events::{Event, Receiver, Took},
    users::{ProfileChange, Updated},
};

use crate::{NOW, SECOND, client, codes_and_tokens, furnish, on_both};

async fn agree(store: &Store, user_id: &str, client_id: &str, scopes: &str) {
    let consent = Consent {
        user_id: user_id.into(),
        client_id: client_id.into(),
        scopes: Scopes::parse(scopes).unwrap(),
        granted_at: NOW,
        updated_at: NOW,
    };
    store.record_consent(consent, &[0; 32], false).await.unwrap();
}

async fn receiver(store: &Store, id: &str) {
    if id != "rp" {
        store.insert_client(client(id)).await.unwrap();
    }
    store.set_event_receiver(id, Some(format!("https://{id}.example/events")), NOW).await.unwrap();
}

async fn set_picture(store: &Store, url: Option<&str>, now: i64) {
    let change = ProfileChange { picture_url: Some(url.map(str::to_owned)), ..ProfileChange::default() };
    let updated = store.update_profile("ada", change, "rp", store::pictures::Retention::default(), now).await;
    assert!(matches!(updated.unwrap(), Updated::Done(_)));
}

async fn due(store: &Store, client_id: &str, now: i64) -> Vec<(String, String)> {
    let events = store.due_events(client_id, 10, now).await.unwrap();
    events.into_iter().map(|event| (event.user_id, event.kind)).collect()
}

on_both!(whoever_may_know_is_told, fresh => {
    let store = &fresh.store;
    furnish(store).await;
    for id in ["rp", "by-grant", "no-profile", "nobody", "disabled"] {
        receiver(store, id).await;
    }
    store.insert_client(client("without-receiver")).await.unwrap();
    for (id, scopes) in [
        ("rp", "openid profile"),
        ("no-profile", "openid email"),
        ("disabled", "openid profile"),
        ("without-receiver", "openid profile"),
    ] {
        agree(store, "ada", id, scopes).await;
    }
    let disabled = protocol::Client { is_active: false, ..client("disabled") };
    assert!(store.update_client(disabled).await.unwrap());
    store.issue_code(codes_and_tokens::code(1), Ground::default()).await.unwrap();
    let grant = store::grants::Grant { client_id: "by-grant".into(), ..codes_and_tokens::grant("g1") };
    store.spend_code(&[1; 32], grant, None, NOW).await.unwrap();

    set_picture(store, Some("https://elsewhere.example/a.jpg"), NOW + 1).await;
    let told = ("ada".to_owned(), "picture.updated".to_owned());
    for id in ["rp", "by-grant"] {
        assert_eq!(due(store, id, NOW + 1).await, std::slice::from_ref(&told), "{id}");
        assert!(store.sees_profile("ada", id, NOW).await.unwrap(), "{id}");
    }
    for id in ["no-profile", "nobody", "disabled", "without-receiver"] {
        assert_eq!(store.events_waiting(id).await.unwrap(), 0, "{id}");
        let sees = store.sees_profile("ada", id, NOW).await.unwrap();
        assert_eq!(sees, id == "without-receiver", "{id}");
    }
    let audit = store.audit_of("ada", 10).await.unwrap();
    assert_eq!(audit.len(), 1);
    assert_eq!((audit[0].action.as_str(), audit[0].actor.as_deref()), ("picture.updated", Some("rp")));

    // The same address again is no change; no address any more is one, and takes the place of what waits.
    set_picture(store, Some("https://elsewhere.example/a.jpg"), NOW + 2).await;
    assert_eq!(store.audit_of("ada", 10).await.unwrap().len(), 1);
    set_picture(store, None, NOW + 3).await;
    assert_eq!(due(store, "rp", NOW + 3).await, [("ada".to_owned(), "picture.removed".to_owned())]);

    // A grant that has ended is none.
    store.revoke_grant("g1", NOW + 4).await.unwrap();
    set_picture(store, Some("https://elsewhere.example/b.jpg"), NOW + 5).await;
    assert_eq!(store.due_events("by-grant", 1, NOW + 5).await.unwrap()[0].created_at, NOW + 3);
    // What the person took back is not told any more.
    store.withdraw_consent("ada", "rp", NOW + 6).await.unwrap();
    assert_eq!(store.events_waiting("rp").await.unwrap(), 0);
});

on_both!(the_last_event_is_that_they_are_gone, fresh => {
    let store = &fresh.store;
    furnish(store).await;
    receiver(store, "rp").await;
    agree(store, "ada", "rp", "profile").await;
    agree(store, "bob", "rp", "profile").await;
    set_picture(store, Some("https://elsewhere.example/a.jpg"), NOW).await;
    assert!(store.delete_user("ada", 0, NOW + 1).await.unwrap());
    assert!(store.delete_user("bob", 0, NOW + 1).await.unwrap(), "who had none takes none along");
    assert_eq!(due(store, "rp", NOW + 1).await, [("ada".to_owned(), "picture.removed".to_owned())]);
    // Nowhere to send them: they go.
    store.set_event_receiver("rp", None, NOW).await.unwrap();
    assert_eq!(store.events_waiting("rp").await.unwrap(), 0);
});

on_both!(one_sender_at_a_time, fresh => {
    let store = &fresh.store;
    furnish(store).await;
    receiver(store, "rp").await;
    agree(store, "ada", "rp", "profile").await;
    assert_eq!(store.claim_receivers(10, SECOND, NOW).await.unwrap(), [], "nothing is due");
    set_picture(store, Some("https://elsewhere.example/a.jpg"), NOW).await;
    let claims = (0..4).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { store.claim_receivers(10, SECOND, NOW).await.unwrap() })
    });
    let mut held: Vec<Receiver> = Vec::new();
    for one in claims.collect::<Vec<_>>() {
        held.extend(one.await.unwrap());
    }
    let [held] = &held[..] else { panic!("{held:?}") };
    // A sender that died gives it back by doing nothing; what it says later counts no more.
    let next = store.claim_receivers(10, SECOND, NOW + SECOND).await.unwrap();
    let fails = || Took::Fails { error: "503".into(), retry_at: NOW + 9 * SECOND };
    store.release_receiver(held, fails(), NOW + SECOND).await.unwrap();
    assert_eq!(store.event_receiver("rp").await.unwrap().unwrap().failures, 0);
    store.release_receiver(&next[0], fails(), NOW + SECOND).await.unwrap();
    let paused = store.event_receiver("rp").await.unwrap().unwrap();
    assert_eq!((paused.failures, paused.last_error.as_deref()), (1, Some("503")));
    assert_eq!(store.claim_receivers(10, SECOND, NOW + 8 * SECOND).await.unwrap(), []);
    let held = &store.claim_receivers(10, SECOND, NOW + 9 * SECOND).await.unwrap()[0];
    let event: &Event = &store.due_events("rp", 10, NOW + 9 * SECOND).await.unwrap()[0];
    store.postpone_event(event, NOW + 20 * SECOND).await.unwrap();
    assert_eq!(due(store, "rp", NOW + 19 * SECOND).await, []);
    assert_eq!(store.due_events("rp", 10, NOW + 20 * SECOND).await.unwrap()[0].attempts, 1);
    // A newer one that took its place while it was sent stays.
    set_picture(store, None, NOW + 10 * SECOND).await;
    store.finish_event(event).await.unwrap();
    let newer = &store.due_events("rp", 10, NOW + 10 * SECOND).await.unwrap()[0];
    assert_eq!((newer.kind.as_str(), newer.attempts), ("picture.removed", 0));
    store.finish_event(newer).await.unwrap();
    store.release_receiver(held, Took::Answers { last_error: None }, NOW + 11 * SECOND).await.unwrap();
    let well = store.event_receiver("rp").await.unwrap().unwrap();
    assert_eq!((well.failures, well.last_error, well.delivered_at), (0, None, Some(NOW + 11 * SECOND)));
    assert_eq!(store.events_waiting("rp").await.unwrap(), 0);
});

// Table sizes stay bounded: what nobody fetches ends.
on_both!(old_events_are_given_up, fresh => {
    let store = &fresh.store;
    furnish(store).await;
    receiver(store, "rp").await;
    agree(store, "ada", "rp", "profile").await;
    set_picture(store, Some("https://elsewhere.example/a.jpg"), NOW).await;
    assert_eq!(store.drop_events(NOW).await.unwrap(), 0);
    assert_eq!(store.drop_events(NOW + 1).await.unwrap(), 1);
});
