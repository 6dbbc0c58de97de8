//! Use-once under fire: codes and refresh tokens.

use protocol::Scopes;
use store::{
    codes::{Code, Given, Ground, Issued, Spent},
    consents::Consent,
    grants::Grant,
    interactions::Interaction,
    refresh_tokens::{RefreshToken, Rotated},
};

use crate::{NOW, SECOND, furnish, on_both, session};

pub fn code(digest: u8) -> Code {
    Code {
        digest: vec![digest; 32],
        client_id: "rp".into(),
        user_id: "ada".into(),
        sid: None,
        redirect_uri: "https://rp.example/callback".into(),
        redirect_uri_given: true,
        code_challenge: None,
        scopes: Scopes::parse("openid profile").unwrap(),
        offline: false,
        nonce: None,
        claims: None,
        auth_time: NOW,
        amr: "pwd".into(),
        failures: 0,
        grant_id: None,
        created_at: NOW,
        expires_at: NOW + 60 * SECOND,
        used_at: None,
        dpop_jkt: None,
        resources: None,
        authorization_details: None,
        acr: None,
    }
}

pub fn grant(id: &str) -> Grant {
    Grant {
        id: id.into(),
        client_id: "rp".into(),
        user_id: "ada".into(),
        sid: None,
        scopes: Scopes::parse("openid profile").unwrap(),
        offline: true,
        claims: None,
        auth_time: NOW,
        amr: "pwd".into(),
        created_at: NOW,
        expires_at: NOW + 3600 * SECOND,
        revoked_at: None,
        confirmation: None,
        resources: None,
        authorization_details: None,
        acr: None,
    }
}

pub fn agreed(scopes: &str) -> Consent {
    Consent {
        user_id: "ada".into(),
        client_id: "rp".into(),
        scopes: Scopes::parse(scopes).unwrap(),
        granted_at: NOW,
        updated_at: NOW,
    }
}

fn refresh(digest: u8, grant: &str) -> RefreshToken {
    RefreshToken {
        digest: vec![digest; 32],
        grant_id: grant.into(),
        created_at: NOW,
        expires_at: NOW + 3600 * SECOND,
        max_expires_at: NOW + 7200 * SECOND,
        used_at: None,
    }
}

// S58, I1: of 32 at once one has the grant; the replays revoke it.
on_both!(one_code_one_grant, fresh => {
    furnish(&fresh.store).await;
    fresh.store.issue_code(code(1), Ground::default()).await.unwrap();
    let tries = (0..32).map(|number| {
        let store = fresh.store.clone();
        tokio::spawn(async move { store.spend_code(&[1; 32], grant(&format!("g{number}")), None, NOW + 1).await.unwrap() })
    });
    let mut outcomes = Vec::new();
    for one in tries.collect::<Vec<_>>() {
        outcomes.push(one.await.unwrap());
    }
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Spent::Redeemed { sid: None }).count(), 1);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Spent::Replayed).count(), 31);
    let code = fresh.store.code(&[1; 32]).await.unwrap().unwrap();
    let kept = fresh.store.grant(&code.grant_id.unwrap()).await.unwrap().unwrap();
    assert!(kept.revoked_at.is_some());
    assert!(fresh.store.live_grant(&kept.id, "any").await.unwrap().is_none());
});

// S57, S59: expired and burnt codes give nothing, and nothing is revoked.
on_both!(a_dead_code_gives_nothing, fresh => {
    furnish(&fresh.store).await;
    fresh.store.issue_code(code(1), Ground::default()).await.unwrap();
    assert_eq!(fresh.store.spend_code(&[1; 32], grant("late"), None, NOW + 61 * SECOND).await.unwrap(), Spent::Gone);
    fresh.store.issue_code(code(2), Ground::default()).await.unwrap();
    for _ in 0..5 {
        fresh.store.fail_code(&[2; 32]).await.unwrap();
    }
    assert_eq!(fresh.store.spend_code(&[2; 32], grant("burnt"), None, NOW + 1).await.unwrap(), Spent::Gone);
    assert!(fresh.store.grant("burnt").await.unwrap().is_none(), "what was refused left no row");
});

// S58, I1: tokens that left with a code are of the grant that the code goes on with: of 16 answers to one request one is
// written, of 16 redemptions one succeeds, and the replays end what had left.
on_both!(a_hybrid_code_goes_on_with_its_grant, fresh => {
    furnish(&fresh.store).await;
    let ground = || Ground { interaction: Some(vec![8; 32]), ..Ground::default() };
    let waiting = Interaction {
        digest: vec![8; 32],
        browser: vec![1; 32],
        client_id: "rp".into(),
        parameters: "{}".into(),
        consented: None,
        denied: false,
        created_at: NOW,
        expires_at: NOW + 600 * SECOND,
        pushed: None,
    };
    fresh.store.insert_interaction(waiting).await.unwrap();
    let answers = (0..16).map(|number: u8| {
        let store = fresh.store.clone();
        let front = Grant { expires_at: NOW + 600 * SECOND, ..grant(&format!("g{number}")) };
        let code = Code { grant_id: Some(front.id.clone()), ..code(number) };
        let given = Given { code: Some(code), grant: Some(front) };
        tokio::spawn(async move { (number, store.issue(given, ground()).await.unwrap()) })
    });
    let mut written = Vec::new();
    for one in answers.collect::<Vec<_>>() {
        match one.await.unwrap() {
            (number, Issued::Written) => written.push(number),
            (_, other) => assert_eq!(other, Issued::Over),
        }
    }
    let [number] = written[..] else { panic!("{written:?}") };
    let id = format!("g{number}");
    assert!(fresh.store.live_grant(&id, "any").await.unwrap().is_some(), "its tokens work before the code is redeemed");
    assert!(fresh.store.grant(&format!("g{}", (number + 1) % 16)).await.unwrap().is_none());

    let tries = (0..16).map(|_| {
        let (store, id) = (fresh.store.clone(), id.clone());
        tokio::spawn(async move { store.spend_code(&[number; 32], grant(&id), None, NOW + 1).await.unwrap() })
    });
    let mut outcomes = Vec::new();
    for one in tries.collect::<Vec<_>>() {
        outcomes.push(one.await.unwrap());
    }
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Spent::Redeemed { sid: None }).count(), 1);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Spent::Replayed).count(), 15);
    let kept = fresh.store.grant(&id).await.unwrap().unwrap();
    assert!(kept.revoked_at.is_some());
    assert_eq!(kept.expires_at, NOW + 3600 * SECOND, "as long as the token endpoint said");
});

// A code of a grant that has ended gives nothing, and one that was never used is no replay.
on_both!(a_hybrid_code_dies_with_its_grant_and_alone, fresh => {
    furnish(&fresh.store).await;
    for number in [1, 2] {
        let front = grant(&format!("g{number}"));
        let code = Code { grant_id: Some(front.id.clone()), ..code(number) };
        let given = Given { code: Some(code), grant: Some(front) };
        assert_eq!(fresh.store.issue(given, Ground::default()).await.unwrap(), Issued::Written);
    }
    assert!(fresh.store.revoke_grant("g1", NOW).await.unwrap());
    let with_refresh = fresh.store.spend_code(&[1; 32], grant("g1"), Some(refresh(1, "g1")), NOW + 1).await.unwrap();
    assert_eq!(with_refresh, Spent::Gone);
    assert!(fresh.store.refresh_token(&[1; 32]).await.unwrap().is_none());
    let late = NOW + 61 * SECOND;
    assert_eq!(fresh.store.spend_code(&[2; 32], grant("g2"), None, late).await.unwrap(), Spent::Gone);
    assert!(fresh.store.live_grant("g2", "any").await.unwrap().is_some());
});

// I1, I4: a code stands on a session and a consent, and on the request that it answers.
on_both!(a_code_is_written_while_all_it_stands_on_is_there, fresh => {
    furnish(&fresh.store).await;
    let store = &fresh.store;
    store.begin_session(session("s1", "ada"), None).await.unwrap();
    let of = |digest: u8, sid: &str| Code { sid: Some(sid.into()), ..code(digest) };
    let consent = |scopes: &str| Ground { consent: Scopes::parse(scopes).unwrap(), ..Ground::default() };
    assert_eq!(store.issue_code(of(1, "s1"), Ground::default()).await.unwrap(), Issued::Written);
    let bobs = Code { user_id: "bob".into(), ..of(2, "s1") };
    assert_eq!(store.issue_code(bobs, Ground::default()).await.unwrap(), Issued::SignedOut);
    assert_eq!(store.issue_code(of(2, "s1"), consent("openid")).await.unwrap(), Issued::Withdrawn);
    store.record_consent(agreed("openid"), &[0; 32], false).await.unwrap();
    assert_eq!(store.issue_code(of(2, "s1"), consent("openid profile")).await.unwrap(), Issued::Withdrawn);
    assert_eq!(store.issue_code(of(2, "s1"), consent("openid")).await.unwrap(), Issued::Written);
    let over = Ground { interaction: Some(vec![9; 32]), ..consent("openid") };
    assert_eq!(store.issue_code(of(3, "s1"), over).await.unwrap(), Issued::Over);
    store.withdraw_consent("ada", "rp", NOW).await.unwrap();
    assert_eq!(store.issue_code(of(3, "s1"), consent("openid")).await.unwrap(), Issued::Withdrawn);
    store.end_session("s1", NOW).await.unwrap();
    assert_eq!(store.issue_code(of(3, "s1"), Ground::default()).await.unwrap(), Issued::SignedOut);
    assert!(store.code(&[3; 32]).await.unwrap().is_none(), "what was refused left no row");
});

// I1, S37: whoever is first, after the change of a password no code of an earlier session is left.
on_both!(no_code_is_born_after_its_session, fresh => {
    furnish(&fresh.store).await;
    for round in 1..=20 {
        let sid = format!("s{round}");
        fresh.store.begin_session(session(&sid, "ada"), None).await.unwrap();
        let writers = (0..4).map(|number| {
            let (store, sid) = (fresh.store.clone(), sid.clone());
            let code = Code { sid: Some(sid), ..code(round * 4 + number) };
            tokio::spawn(async move { store.issue_code(code, Ground::default()).await.unwrap() })
        });
        let writers: Vec<_> = writers.collect();
        fresh.store.set_password("ada", "hash".into(), None, NOW + 1).await.unwrap();
        for writer in writers {
            assert!(matches!(writer.await.unwrap(), Issued::Written | Issued::SignedOut));
        }
        for number in 0..4 {
            assert!(fresh.store.code(&[round * 4 + number; 32]).await.unwrap().is_none());
        }
    }
});

// I1: the last word is the row's: the person is active, the session is the one that the code has by now.
on_both!(a_code_is_spent_as_it_stands_then, fresh => {
    furnish(&fresh.store).await;
    let store = &fresh.store;
    store.begin_session(session("s1", "ada"), None).await.unwrap();
    store.issue_code(Code { sid: Some("s1".into()), ..code(1) }, Ground::default()).await.unwrap();
    // Signing in again keeps the session's name, so that clients know it when it ends.
    let again = store.begin_session(session("s2", "ada"), Some(session("s1", "ada").digest)).await.unwrap();
    assert_eq!((again.sid.as_str(), &again.digest), ("s1", &session("s2", "ada").digest));
    let spent = store.spend_code(&[1; 32], grant("g1"), None, NOW + 1).await.unwrap();
    assert_eq!(spent, Spent::Redeemed { sid: Some("s1".into()) });
    assert_eq!(store.grant("g1").await.unwrap().unwrap().sid.as_deref(), Some("s1"));

    store.set_active("ada", false, NOW + 2).await.unwrap();
    store.issue_code(code(2), Ground::default()).await.unwrap();
    assert_eq!(store.spend_code(&[2; 32], grant("g2"), None, NOW + 3).await.unwrap(), Spent::Gone);
});

// S62, I2: one rotation wins, a second use revokes the family and only it.
on_both!(refresh_tokens_are_a_path, fresh => {
    furnish(&fresh.store).await;
    for (number, id) in [(1, "g1"), (2, "g2")] {
        fresh.store.issue_code(code(number), Ground::default()).await.unwrap();
        let spent = fresh.store.spend_code(&[number; 32], grant(id), Some(refresh(10 * number, id)), NOW + 1).await.unwrap();
        assert_eq!(spent, Spent::Redeemed { sid: None });
    }
    assert_eq!(fresh.store.rotate_refresh_token(&[10; 32], refresh(11, "g1"), NOW + 2).await.unwrap(), Rotated::Rotated);
    assert!(fresh.store.live_grant("g1", "any").await.unwrap().is_some());
    assert_eq!(fresh.store.rotate_refresh_token(&[10; 32], refresh(12, "g1"), NOW + 3).await.unwrap(), Rotated::Reused);
    assert!(fresh.store.live_grant("g1", "any").await.unwrap().is_none());
    assert_eq!(fresh.store.rotate_refresh_token(&[11; 32], refresh(13, "g1"), NOW + 4).await.unwrap(), Rotated::Gone);
    assert!(fresh.store.live_grant("g2", "any").await.unwrap().is_some(), "the sibling survives");
    assert!(fresh.store.extend_refresh_token(&[20; 32], NOW + 9000 * SECOND, NOW + 5).await.unwrap());
    fresh.store.revoke_grant("g2", NOW + 6).await.unwrap();
    assert!(!fresh.store.extend_refresh_token(&[20; 32], NOW + 9000 * SECOND, NOW + 7).await.unwrap());
});

// S55: an assertion counts once, on whatever node.
on_both!(an_assertion_counts_once, fresh => {
    let second = store::Store::open(&fresh.settings).await.unwrap();
    let (one, two) = tokio::join!(fresh.store.use_assertion(&[7; 32], NOW), second.use_assertion(&[7; 32], NOW));
    assert_eq!([one.unwrap(), two.unwrap()].iter().filter(|first| **first).count(), 1);
});

// S37: a disabled person has nothing left; what has ended is swept.
on_both!(a_disabled_person_has_nothing_left, fresh => {
    furnish(&fresh.store).await;
    fresh.store.issue_code(code(1), Ground::default()).await.unwrap();
    fresh.store.spend_code(&[1; 32], grant("g1"), Some(refresh(9, "g1")), NOW + 1).await.unwrap();
    fresh.store.issue_code(code(2), Ground::default()).await.unwrap();
    assert!(fresh.store.set_active("ada", false, NOW + 2).await.unwrap());
    assert!(fresh.store.live_grant("g1", "any").await.unwrap().is_none());
    assert!(fresh.store.code(&[2; 32]).await.unwrap().is_none());
    assert_eq!(fresh.store.rotate_refresh_token(&[9; 32], refresh(8, "g1"), NOW + 3).await.unwrap(), Rotated::Gone);
    let swept = fresh.store.sweep_expired(SECOND, SECOND, NOW + 30 * 86_400 * SECOND).await.unwrap();
    assert!(swept.contains(&("grants", 1)), "{swept:?}");
    assert!(fresh.store.refresh_token(&[9; 32]).await.unwrap().is_none());
});
