//! Devices that wait: one answer each, fetched once.

use protocol::{Scopes, device};
use store::{
    codes::{Ground, Issued},
    consents::Consent,
    device_codes::{Begun, DeviceCode},
    grants::Grant,
    refresh_tokens::RefreshToken,
};

use crate::{
    NOW, SECOND,
    codes_and_tokens::{agreed, grant},
    furnish, on_both, session,
};

pub fn waiting(digest: u8) -> DeviceCode {
    DeviceCode {
        digest: vec![digest; 32],
        user_code: vec![100 + digest; 32],
        client_id: "rp".into(),
        scopes: Scopes::parse("openid profile").unwrap(),
        resources: None,
        authorization_details: None,
        state: device::PENDING.into(),
        grant_id: None,
        poll_interval: device::INTERVAL,
        poll_after: NOW,
        created_at: NOW,
        expires_at: NOW + 600 * SECOND,
    }
}

fn refresh() -> RefreshToken {
    RefreshToken {
        digest: vec![9; 32],
        grant_id: "g1".into(),
        created_at: NOW,
        expires_at: NOW + 3600 * SECOND,
        max_expires_at: NOW + 7200 * SECOND,
        used_at: None,
    }
}

// S66, I1: of 16 at once one has the tokens.
on_both!(an_approved_device_fetches_once, fresh => {
    furnish(&fresh.store).await;
    let store = &fresh.store;
    assert_eq!(store.insert_device_code(waiting(1)).await.unwrap(), Begun::Written);
    let other = DeviceCode { digest: vec![2; 32], ..waiting(1) };
    assert_eq!(store.insert_device_code(other).await.unwrap(), Begun::Taken);
    assert!(store.spend_device_code(&[1; 32], None, None, NOW, NOW).await.unwrap().is_none(), "nobody said yes");
    assert_eq!(store.approve_device(&[1; 32], grant("g1"), Ground::default(), NOW).await.unwrap(), Issued::Written);
    assert!(store.waiting_device(&[101; 32], NOW).await.unwrap().is_none());
    let again = store.approve_device(&[1; 32], grant("g2"), Ground::default(), NOW).await.unwrap();
    assert_eq!((again, store.grant("g2").await.unwrap()), (Issued::Over, None));
    let tries = (0..16).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            store.spend_device_code(&[1; 32], None, Some("key".into()), NOW + 3600 * SECOND, NOW + 1).await.unwrap()
        })
    });
    let mut fetched = Vec::new();
    for one in tries.collect::<Vec<_>>() {
        fetched.extend(one.await.unwrap());
    }
    let [Grant { id, confirmation: Some(key), .. }] = fetched.as_slice() else { panic!("{fetched:?}") };
    assert_eq!((id.as_str(), key.as_str()), ("g1", "key"));
    assert!(store.device_code(&[1; 32]).await.unwrap().is_none());
});

// S66: the interval grows and stays grown, on whatever node it polls.
on_both!(who_polls_too_often_waits_longer, fresh => {
    furnish(&fresh.store).await;
    let second = store::Store::open(&fresh.settings).await.unwrap();
    fresh.store.insert_device_code(waiting(1)).await.unwrap();
    let poll = async |store: &store::Store, at: i64| {
        store.poll_device(&[1; 32], device::SLOW_DOWN, NOW + at * SECOND).await.unwrap()
    };
    assert!(!poll(&fresh.store, 0).await);
    assert!(poll(&second, 4).await, "one second too soon");
    assert!(poll(&second, 13).await, "ten seconds by now");
    assert!(!poll(&fresh.store, 28).await, "fifteen by now");
    assert!(!poll(&second, 43).await);
});

// S37: what ends grants ends that of a device that has not come for it yet.
on_both!(an_answer_ends_with_what_it_stands_on, fresh => {
    furnish(&fresh.store).await;
    let store = &fresh.store;
    let of = |sid: &str, id: &str| Grant { sid: Some(sid.into()), offline: false, ..grant(id) };
    let ground = || Ground { consent: Scopes::parse("openid").unwrap(), ..Ground::default() };
    store.insert_device_code(waiting(1)).await.unwrap();
    let approve = async |digest: u8, id: &str| {
        store.approve_device(&[digest; 32], of("s1", id), ground(), NOW).await.unwrap()
    };
    assert_eq!(approve(1, "g1").await, Issued::SignedOut);
    store.begin_session(session("s1", "ada"), None).await.unwrap();
    assert_eq!(approve(1, "g1").await, Issued::Withdrawn);
    let yes = || Consent { ..agreed("openid") };
    store.record_consent(yes(), &[0; 32], false).await.unwrap();
    assert_eq!(approve(1, "g1").await, Issued::Written);
    store.end_session("s1", NOW + 1).await.unwrap();
    let fetched = store.spend_device_code(&[1; 32], Some(refresh()), None, NOW + SECOND, NOW + 2).await.unwrap();
    assert_eq!(fetched, None);
    assert!(store.refresh_token(&[9; 32]).await.unwrap().is_none());

    store.insert_device_code(waiting(2)).await.unwrap();
    let late = store.approve_device(&[2; 32], grant("g3"), Ground::default(), NOW + 600 * SECOND).await.unwrap();
    assert_eq!(late, Issued::Over);
});

// S66
on_both!(a_no_is_a_no, fresh => {
    furnish(&fresh.store).await;
    let store = &fresh.store;
    store.insert_device_code(waiting(1)).await.unwrap();
    assert!(!store.deny_device(&[1; 32], &[7; 32]).await.unwrap(), "by an interaction that is over");
    let interaction = store::interactions::Interaction {
        digest: vec![7; 32],
        browser: vec![2; 32],
        client_id: "rp".into(),
        parameters: "{}".into(),
        consented: None,
        denied: true,
        created_at: NOW,
        expires_at: NOW + 3600 * SECOND,
        pushed: None,
    };
    store.insert_interaction(interaction).await.unwrap();
    assert!(store.deny_device(&[1; 32], &[7; 32]).await.unwrap());
    assert_eq!(store.device_code(&[1; 32]).await.unwrap().unwrap().state, device::DENIED);
    assert_eq!(store.approve_device(&[1; 32], grant("g1"), Ground::default(), NOW).await.unwrap(), Issued::Over);
});
