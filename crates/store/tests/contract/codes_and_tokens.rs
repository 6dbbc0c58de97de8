//! Use-once under fire: codes and refresh tokens.

use protocol::Scopes;
use store::{
    codes::{Code, Spent},
    grants::Grant,
    refresh_tokens::{RefreshToken, Rotated},
};

use crate::{NOW, SECOND, furnish, on_both};

fn code(digest: u8) -> Code {
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
    }
}

fn grant(id: &str) -> Grant {
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
    fresh.store.insert_code(code(1)).await.unwrap();
    let tries = (0..32).map(|number| {
        let store = fresh.store.clone();
        tokio::spawn(async move { store.spend_code(&[1; 32], grant(&format!("g{number}")), None, NOW + 1).await.unwrap() })
    });
    let mut outcomes = Vec::new();
    for one in tries.collect::<Vec<_>>() {
        outcomes.push(one.await.unwrap());
    }
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Spent::Redeemed).count(), 1);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Spent::Replayed).count(), 31);
    let code = fresh.store.code(&[1; 32]).await.unwrap().unwrap();
    let kept = fresh.store.grant(&code.grant_id.unwrap()).await.unwrap().unwrap();
    assert!(kept.revoked_at.is_some());
    assert!(fresh.store.live_grant(&kept.id, "any").await.unwrap().is_none());
});

// S57, S59: expired and burnt codes give nothing, and nothing is revoked.
on_both!(a_dead_code_gives_nothing, fresh => {
    furnish(&fresh.store).await;
    fresh.store.insert_code(code(1)).await.unwrap();
    assert_eq!(fresh.store.spend_code(&[1; 32], grant("late"), None, NOW + 61 * SECOND).await.unwrap(), Spent::Gone);
    fresh.store.insert_code(code(2)).await.unwrap();
    for _ in 0..5 {
        fresh.store.fail_code(&[2; 32]).await.unwrap();
    }
    assert_eq!(fresh.store.spend_code(&[2; 32], grant("burnt"), None, NOW + 1).await.unwrap(), Spent::Gone);
    assert!(fresh.store.grant("burnt").await.unwrap().is_none(), "what was refused left no row");
});

// S62, I2: one rotation wins, a second use revokes the family and only it.
on_both!(refresh_tokens_are_a_path, fresh => {
    furnish(&fresh.store).await;
    for (number, id) in [(1, "g1"), (2, "g2")] {
        fresh.store.insert_code(code(number)).await.unwrap();
        let spent = fresh.store.spend_code(&[number; 32], grant(id), Some(refresh(10 * number, id)), NOW + 1).await.unwrap();
        assert_eq!(spent, Spent::Redeemed);
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
    fresh.store.insert_code(code(1)).await.unwrap();
    fresh.store.spend_code(&[1; 32], grant("g1"), Some(refresh(9, "g1")), NOW + 1).await.unwrap();
    fresh.store.insert_code(code(2)).await.unwrap();
    assert!(fresh.store.set_active("ada", false, NOW + 2).await.unwrap());
    assert!(fresh.store.live_grant("g1", "any").await.unwrap().is_none());
    assert!(fresh.store.code(&[2; 32]).await.unwrap().is_none());
    assert_eq!(fresh.store.rotate_refresh_token(&[9; 32], refresh(8, "g1"), NOW + 3).await.unwrap(), Rotated::Gone);
    let swept = fresh.store.sweep_expired(SECOND, SECOND, NOW + 30 * 86_400 * SECOND).await.unwrap();
    assert!(swept.contains(&("grants", 1)), "{swept:?}");
    assert!(fresh.store.refresh_token(&[9; 32]).await.unwrap().is_none());
});
