//! Table sizes stay bounded: one row at least in every table that grows with use, then time passes.

use store::{
    attempts::Counter, audit::AuditRow, codes::Ground, interactions::Interaction, opaque_tokens::OpaqueToken,
    personal_tokens::Made, pushed_requests::PushedRequest, refresh_tokens::RefreshToken,
    registrations::InitialAccessToken,
};

use crate::{NOW, SECOND, codes_and_tokens, furnish, on_both, personal_tokens, pictures, session};

const DAY: i64 = 86_400 * SECOND;

on_both!(every_table_that_grows_is_swept, fresh => {
    let store = &fresh.store;
    furnish(store).await;
    store.begin_session(session("s1", "ada"), None).await.unwrap();
    store
        .insert_interaction(Interaction {
            digest: vec![1; 32],
            browser: vec![2; 32],
            client_id: "rp".into(),
            parameters: "{}".into(),
            consented: None,
            denied: false,
            created_at: NOW,
            expires_at: NOW + 3600 * SECOND,
            pushed: None,
        })
        .await
        .unwrap();
    store.issue_code(codes_and_tokens::code(1), Ground::default()).await.unwrap();
    let refresh = RefreshToken {
        digest: vec![9; 32],
        grant_id: "g1".into(),
        created_at: NOW,
        expires_at: NOW + 3600 * SECOND,
        max_expires_at: NOW + 7200 * SECOND,
        used_at: None,
    };
    store.spend_code(&[1; 32], codes_and_tokens::grant("g1"), Some(refresh), NOW + 1).await.unwrap();
    store.revoke_token("jti", NOW + 600 * SECOND).await.unwrap();
    assert_eq!(personal_tokens::make(store, "t1", "ada", "s1").await, Made::Made);
    assert!(store.use_assertion(&[3; 32], NOW + 60 * SECOND).await.unwrap());
    store.insert_device_code(crate::device_codes::waiting(5)).await.unwrap();
    store
        .insert_initial_access_token(InitialAccessToken {
            id: "i1".into(),
            digest: vec![6; 32],
            name: "Partner".into(),
            uses_left: None,
            created_by: "command".into(),
            created_at: NOW,
            expires_at: NOW + 600 * SECOND,
        })
        .await
        .unwrap();
    let counter = Counter { digest: vec![4; 32], delay: |_| 0, forget_after: DAY, spares: 0 };
    assert!(store.begin_try(vec![counter], NOW).await.unwrap().is_none());
    store
        .record(AuditRow {
            id: "a1".into(),
            at: NOW,
            actor: None,
            action: "test".into(),
            subject: "ada".into(),
            detail: "{}".into(),
        })
        .await
        .unwrap();
    crate::galleries::invite(store).await;
    store.count_refusals(vec![("busy".into(), 1)], NOW).await.unwrap();
    // A photo that was removed: its objects go first, then its row is history for a while.
    store.stage_picture(pictures::picture("p1")).await.unwrap();
    pictures::confirm(store, "p1", pictures::change("ada", 0, 0)).await.unwrap();
    store.remove_profile_picture(pictures::change("ada", 0, 0)).await.unwrap().unwrap();
    let due = crate::claim_all(store, 10, SECOND, NOW).await;
    for row in &due {
        store.finish_deletion(row).await.unwrap();
    }
    assert_eq!(store.deletions_waiting().await.unwrap(), 0, "the queue empties itself");
    assert_eq!(store.bury_pictures(10).await.unwrap(), 1);

    let pushed = PushedRequest {
        digest: vec![6; 32],
        client_id: "rp".into(),
        parameters: "{}".into(),
        created_at: NOW,
        expires_at: NOW + 60 * SECOND,
    };
    assert!(store.push_request(pushed).await.unwrap());
    let opaque = OpaqueToken {
        digest: vec![7; 32],
        claims: "{}".into(),
        client_id: "rp".into(),
        grant_id: None,
        expires_at: NOW + 600 * SECOND,
    };
    store.insert_opaque_token(opaque).await.unwrap();
    // One session that runs out with a client in it, one that ended and whose client could not be told.
    let mut listening = crate::client("b1");
    listening.metadata.backchannel_logout_uri = Some("https://b1.example/out".into());
    store.insert_client(listening).await.unwrap();
    store.begin_session(session("s2", "ada"), None).await.unwrap();
    crate::logout::joins(store, 7, "b1", "s1", "ada").await;
    crate::logout::joins(store, 8, "b1", "s2", "ada").await;
    store.end_session("s2", NOW).await.unwrap();

    let early = store.sweep_expired(30 * DAY, 365 * DAY, NOW + 2).await.unwrap();
    assert!(early.iter().all(|(_, count)| *count == 0), "nothing before its time: {early:?}");
    let almost = store.sweep_expired(30 * DAY, 365 * DAY, NOW + 399 * DAY).await.unwrap();
    assert!(almost.contains(&("pictures", 0)), "history stays a while: {almost:?}");
    let late = store.sweep_expired(30 * DAY, 365 * DAY, NOW + 401 * DAY).await.unwrap();
    let mut swept: Vec<_> =
        almost.into_iter().chain(late).filter(|(_, count)| *count > 0).map(|(table, _)| table).collect();
    swept.sort_unstable();
    // The refresh token may go with its grant.
    swept.retain(|table| *table != "refresh_tokens");
    let all = ["attempts", "audit", "codes", "device_codes", "grants", "initial_access_tokens", "interactions", "logout_notices", "opaque_tokens", "organization_invitations", "personal_tokens", "photo_refusals", "pictures", "pushed_requests", "revoked_tokens", "session_clients", "sessions", "used_assertions"];
    assert_eq!(swept, all);
    assert!(store.refresh_token(&[9; 32]).await.unwrap().is_none());
    assert!(store.picture("p1").await.unwrap().is_none());
});

// Pushing needs no more than a public client's id: what nobody opened is not kept for those who might have.
on_both!(a_pushed_request_outlives_its_time_only_where_somebody_began_with_it, fresh => {
    let store = &fresh.store;
    furnish(store).await;
    for opened in [1, 2] {
        let pushed = PushedRequest {
            digest: vec![opened; 32],
            client_id: "rp".into(),
            parameters: "{}".into(),
            created_at: NOW,
            expires_at: NOW + 90 * SECOND,
        };
        assert!(store.push_request(pushed).await.unwrap());
    }
    let began = Interaction {
        digest: vec![3; 32],
        browser: vec![4; 32],
        client_id: "rp".into(),
        parameters: "{}".into(),
        consented: None,
        denied: false,
        created_at: NOW,
        expires_at: NOW + 3600 * SECOND,
        pushed: Some(vec![1; 32]),
    };
    store.insert_interaction(began).await.unwrap();
    for (after, swept) in [(100, 0), (200, 1), (3000, 0), (3700, 1)] {
        let counts = store.sweep_expired(30 * DAY, 365 * DAY, NOW + after * SECOND).await.unwrap();
        assert!(counts.contains(&("pushed_requests", swept)), "{after}: {counts:?}");
    }
});
