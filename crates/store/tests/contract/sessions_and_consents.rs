//! Who is signed in, and what they agreed to.

use protocol::Scopes;
use store::{
    audit::AuditRow,
    codes::{Code, Ground},
    grants::Grant,
    interactions::{Interaction, MOST},
};

use crate::{
    NOW, SECOND,
    codes_and_tokens::{agreed, code, grant},
    furnish, on_both, person, session,
};

// S34, S37: somebody else who signs in on the same browser has signed the first person out.
on_both!(signing_in_as_somebody_else_ends_the_first_persons_grants, fresh => {
    furnish(&fresh.store).await;
    let store = &fresh.store;
    store.begin_session(session("s1", "ada"), None).await.unwrap();
    let of = |digest: u8, offline: bool| Code { sid: Some("s1".into()), offline, ..code(digest) };
    for (number, id, offline) in [(1, "online", false), (2, "offline", true)] {
        store.issue_code(of(number, offline), Ground::default()).await.unwrap();
        store.spend_code(&[number; 32], Grant { offline, ..grant(id) }, None, NOW).await.unwrap();
    }
    store.issue_code(of(3, false), Ground::default()).await.unwrap();
    store.issue_code(of(4, true), Ground::default()).await.unwrap();
    let first = session("s1", "ada").digest;
    store.begin_session(session("s2", "bob"), Some(first.clone())).await.unwrap();
    assert!(store.session(&first, 1, NOW).await.unwrap().is_none());
    assert!(store.live_grant("online", "any").await.unwrap().is_none());
    assert!(store.live_grant("offline", "any").await.unwrap().is_some());
    assert!(store.code(&[3; 32]).await.unwrap().is_none());
    assert!(store.code(&[4; 32]).await.unwrap().is_some());
    assert_eq!(store.sessions_of("bob").await.unwrap().len(), 1);
});

// S40: whoever agrees to more at the same moment loses nothing of what the other agreed to.
on_both!(consents_join, fresh => {
    furnish(&fresh.store).await;
    let store = &fresh.store;
    let tabs = protocol::scopes::KNOWN.map(|scope| {
        let store = store.clone();
        tokio::spawn(async move { store.record_consent(agreed(scope), &[0; 32], true).await.unwrap() })
    });
    for tab in tabs {
        tab.await.unwrap();
    }
    assert_eq!(store.consent("ada", "rp").await.unwrap().unwrap().scopes, Scopes::known());
    assert_eq!(store.client("rp").await.unwrap().unwrap().everyone_scopes, Scopes::known());
    // What was taken back does not return with the next yes.
    store.withdraw_consent("ada", "rp", NOW).await.unwrap();
    store.record_consent(agreed("openid"), &[0; 32], false).await.unwrap();
    assert_eq!(store.consent("ada", "rp").await.unwrap().unwrap().scopes.to_string(), "openid");
});

// S113: the link and the administrator are one: whatever goes wrong, the link stays good.
on_both!(the_first_user_and_the_link_are_one, fresh => {
    let store = &fresh.store;
    let entry = |id: &str| AuditRow {
        id: id.into(),
        at: NOW,
        actor: None,
        action: "user.first_administrator".into(),
        subject: "ada".into(),
        detail: "{}".into(),
    };
    store.put_setting("link", "good").await.unwrap();
    assert!(!store.insert_first_user(person("ada"), "link", "guess", entry("e0")).await.unwrap());
    store.record(entry("e1")).await.unwrap();
    assert!(store.insert_first_user(person("ada"), "link", "good", entry("e1")).await.is_err(), "the entry is there");
    assert!(!store.has_users().await.unwrap());
    let tries = (0..4).map(|number| {
        let (store, person) = (store.clone(), person(&format!("u{number}")));
        let entry = entry(&format!("t{number}"));
        tokio::spawn(async move { store.insert_first_user(person, "link", "good", entry).await.unwrap() })
    });
    let mut made = 0;
    for one in tries.collect::<Vec<_>>() {
        made += usize::from(one.await.unwrap());
    }
    assert_eq!((made, store.users("", 10).await.unwrap().len()), (1, 1));
    store.put_setting("link", "late").await.unwrap();
    assert!(!store.insert_first_user(person("eve"), "link", "late", entry("e2")).await.unwrap());
});

// S32: many tabs, and an end to them: the oldest request of a browser gives way.
on_both!(a_browser_has_so_many_requests_at_a_time, fresh => {
    furnish(&fresh.store).await;
    let store = &fresh.store;
    let request = |number: i64, browser: &[u8]| Interaction {
        digest: [number.to_be_bytes().as_slice(), browser].concat(),
        browser: browser.into(),
        client_id: "rp".into(),
        parameters: "{}".into(),
        consented: None,
        denied: false,
        created_at: NOW + number,
        expires_at: NOW + SECOND,
        pushed: None,
    };
    let other = request(0, b"other");
    store.insert_interaction(other.clone()).await.unwrap();
    for number in 0..MOST + 2 {
        store.insert_interaction(request(number, b"own")).await.unwrap();
    }
    for (number, is_there) in [(0, false), (1, false), (2, true), (MOST + 1, true)] {
        let one = request(number, b"own");
        assert_eq!(store.interaction(&one.digest, b"own", NOW).await.unwrap().is_some(), is_there, "{number}");
    }
    assert!(store.interaction(&other.digest, b"other", NOW).await.unwrap().is_some());
});
