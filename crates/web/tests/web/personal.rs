//! Tokens that people made for themselves, at the doors where access tokens are accepted; and the scheme `Token`.

use std::sync::Arc;

use actix_web::test::TestRequest;
use protocol::SECOND;
use web::paths;

use crate::bearer::{CHALLENGES, ask, status};
use crate::house::{House, NOW};

async fn by_scheme(house: &House, path: &str, authorization: &str) -> (u16, String, String) {
    ask(house, TestRequest::get().uri(path).insert_header(("authorization", authorization))).await
}

#[actix_web::test]
async fn it_opens_what_its_scopes_say() {
    for house in [House::new().await, House::new().await.with_cache().await] {
        let token = house.personal("u1", "profile").await;
        for _ in 0..2 {
            assert_eq!(by_scheme(&house, paths::PROFILE, &format!("Bearer {token}")).await.2, "u1");
        }
        let (code, challenge, _) = by_scheme(&house, paths::USERINFO, &format!("Bearer {token}")).await;
        assert_eq!(code, 403);
        assert!(
            challenge.starts_with(r#"Bearer error="insufficient_scope", scope="openid", "#),
            "{challenge}"
        );
        let access = house.core.access(&token).await.unwrap().unwrap();
        assert_eq!((access.actor(), access.sender()), ("u1", "personal:of u1".to_owned()));
        // S103: nothing that only looks like one.
        for bad in [&token[..token.len() - 1], &token.to_uppercase(), "visage_pat_", &format!("{token}=")] {
            assert_eq!(status(&house, bad).await, 401, "{bad}");
        }
    }
}

// CONTRACT §6: `Token` on the routes of seed 000 alone, with a challenge of its own.
#[actix_web::test]
async fn the_scheme_token() {
    let house = House::new().await;
    for token in [house.personal("u1", "profile").await, house.token("u1", "profile").await] {
        for scheme in ["Token", "token", "Bearer"] {
            let said = by_scheme(&house, paths::USER_PROFILE, &format!("{scheme} {token}")).await;
            assert_eq!((said.0, said.2.as_str()), (200, "u1"), "{scheme}");
        }
        let elsewhere = by_scheme(&house, paths::PROFILE, &format!("Token {token}")).await;
        assert_eq!((elsewhere.0, elsewhere.1.as_str()), (401, CHALLENGES));
    }
    let none = ask(&house, TestRequest::get().uri(paths::USER_PROFILE)).await;
    assert_eq!((none.0, none.1), (401, format!("{CHALLENGES}, Token")));
    let bad = by_scheme(&house, paths::USER_PROFILE, "Token nothing").await;
    assert!(
        bad.0 == 401 && bad.1.starts_with(r#"Bearer error="invalid_token""#) && bad.1.ends_with(", Token")
    );
    assert_eq!(by_scheme(&house, paths::USER_PROFILE, "Token a b").await.0, 400);
    let other = by_scheme(&house, paths::USER_PROFILE, "Basic YTpi").await.1;
    assert_eq!(other, format!("{CHALLENGES}, Token"));
}

// I4, S37: whatever ends it ends it at once, cached or not.
#[actix_web::test]
async fn an_ended_one_is_dead_at_once() {
    for house in [House::new().await, House::new().await.with_cache().await] {
        let store = &house.core.store;
        let alive = async |token: &str| {
            assert_eq!((status(&house, token).await, status(&house, token).await), (200, 200));
        };
        let token = house.personal("u1", "profile").await;
        alive(&token).await;
        assert!(store.revoke_personal_token("of u1", "u1", house.entry()).await.unwrap());
        assert_eq!(status(&house, &token).await, 401, "revoked");

        store.set_password("u1", "hash".into(), None, NOW).await.unwrap();
        let token = house.personal("u1", "profile").await;
        alive(&token).await;
        store.set_password("u1", "other".into(), None, NOW).await.unwrap();
        assert_eq!(status(&house, &token).await, 401, "changed password");

        let token = house.personal("u1", "profile").await;
        alive(&token).await;
        store.set_active("u1", false, NOW).await.unwrap();
        assert_eq!(status(&house, &token).await, 401, "disabled");

        let token = house.personal("u2", "profile").await;
        alive(&token).await;
        store.delete_user("u2", 0, NOW).await.unwrap();
        assert_eq!(status(&house, &token).await, 401, "deleted");
    }
}

#[actix_web::test]
async fn it_ends_by_the_clock_and_by_the_configuration() {
    let house = House::new().await.with_cache().await;
    let token = house.personal("u1", "profile").await;
    assert_eq!(status(&house, &token).await, 200);
    house.clock.advance(3600 * SECOND - 1);
    assert_eq!(status(&house, &token).await, 200);
    house.clock.advance(1);
    assert_eq!(status(&house, &token).await, 401);
    let house = House::with(|core| core.limits.personal_tokens = 0).await;
    let token = house.personal("u1", "profile").await;
    assert_eq!(status(&house, &token).await, 401, "switched off");
}

/// The hot path notes nothing: what is in the cache is served from there; the row learns of it beside the request.
#[actix_web::test]
async fn its_use_is_noted_beside_the_request() {
    let house = House::new().await.with_cache().await;
    let token = house.personal("u1", "profile").await;
    let used = async || house.core.store.personal_tokens("u1", NOW).await.unwrap()[0].last_used_at;
    assert_eq!(used().await, None);
    assert_eq!(status(&house, &token).await, 200);
    for _ in 0..200 {
        if used().await.is_some() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(used().await, Some(NOW));
    let first = house.core.access(&token).await.unwrap().unwrap();
    house.clock.advance(60 * SECOND);
    let second = house.core.access(&token).await.unwrap().unwrap();
    assert!(Arc::ptr_eq(&first, &second), "the note does not void what is kept");
    assert_eq!(used().await, Some(NOW));
}
