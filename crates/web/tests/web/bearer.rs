//! Access tokens at the resources.

use std::sync::Arc;

use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, HttpResponse};
use keyring::{AccessClaims, Audience, Token};
use protocol::{SECOND, SigningAlg};
use serde_json::Value;
use web::bearer::{BearerOrForm, BearerOrToken};
use web::{Bearer, Endpoint, Hygiene, paths, scope};

use crate::house::{House, NOW};

/// What would open a door that was found shut.
pub const CHALLENGES: &str = r#"Bearer resource_metadata="https://op.example/.well-known/oauth-protected-resource", DPoP algs="ES256 EdDSA PS256""#;

/// What an answer says of itself: status, `WWW-Authenticate`, `error`.
pub type Said = (u16, String, String);

pub async fn ask(house: &House, request: TestRequest) -> Said {
    let app = App::new().wrap(Hygiene::new(&house.core)).app_data(house.core.clone()).configure(|cfg| {
        async fn whose(bearer: Bearer<scope::Profile>) -> HttpResponse {
            HttpResponse::Ok().body(bearer.user_id().to_owned())
        }
        async fn userinfo(bearer: BearerOrForm<scope::OpenId>) -> HttpResponse {
            HttpResponse::Ok().body(bearer.user_id().to_owned())
        }
        async fn by_token(bearer: BearerOrToken<scope::Profile>) -> HttpResponse {
            HttpResponse::Ok().body(bearer.user_id().to_owned())
        }
        Endpoint::at(paths::PROFILE).get(whose).put(whose).mount(cfg);
        Endpoint::at(paths::USER_PROFILE).get(by_token).mount(cfg);
        Endpoint::at(paths::USERINFO).get(userinfo).post(userinfo).mount(cfg);
    });
    let app = init_service(app).await;
    let response = call_service(&app, request.to_request()).await;
    let authenticate = response.headers().get_all("www-authenticate");
    let authenticate = authenticate.map(|value| value.to_str().unwrap()).collect::<Vec<_>>().join(", ");
    let status = response.status().as_u16();
    let body = read_body(response).await;
    let said = match serde_json::from_slice::<Value>(&body) {
        Ok(json) => json["error"].as_str().unwrap_or_default().to_owned(),
        Err(_) => String::from_utf8(body.to_vec()).unwrap(),
    };
    (status, authenticate, said)
}

fn profile(authorization: &str) -> TestRequest {
    TestRequest::get().uri(paths::PROFILE).insert_header(("authorization", authorization))
}

pub async fn status(house: &House, token: &str) -> u16 {
    ask(house, profile(&format!("Bearer {token}"))).await.0
}

#[actix_web::test]
async fn a_token_opens_what_its_scope_says() {
    let house = House::new().await;
    let token = house.token("u1", "openid profile").await;
    for scheme in ["Bearer", "bearer", "BEARER"] {
        assert_eq!(
            ask(&house, profile(&format!("{scheme} {token}"))).await,
            (200, String::new(), "u1".to_owned()),
            "S68"
        );
    }
    let narrow = house.token("u1", "openid email").await;
    let said = ask(&house, profile(&format!("Bearer {narrow}"))).await;
    let expected = r#"Bearer error="insufficient_scope", scope="profile", resource_metadata="https://op.example/.well-known/oauth-protected-resource""#;
    assert_eq!(said, (403, expected.to_owned(), "insufficient_scope".to_owned()), "S81");
}

// S80, S81
#[actix_web::test]
async fn no_token_and_bad_tokens() {
    let house = House::new().await;
    let token = house.token("u1", "profile").await;
    let none = ask(&house, TestRequest::get().uri(paths::PROFILE)).await;
    assert_eq!((none.0, none.1.as_str()), (401, CHALLENGES), "no error code without a token");
    assert_eq!(ask(&house, profile("Basic YTpi")).await.1, CHALLENGES);
    for malformed in ["Bearer", "Bearer ", "Bearer a b", "Bearer \"a\"", "Bearer a,b"] {
        let said = ask(&house, profile(malformed)).await;
        assert_eq!((said.0, said.2.as_str()), (400, "invalid_request"), "{malformed}");
        assert!(said.1.starts_with(r#"Bearer error="invalid_request""#), "{malformed}");
    }
    let twice = profile(&format!("Bearer {token}")).append_header(("authorization", "Bearer x"));
    assert_eq!(ask(&house, twice).await.0, 400);
    for bad in ["garbage", &token[..token.len() - 1], &"a".repeat(17_000), &format!("{token}.x")] {
        let said = ask(&house, profile(&format!("Bearer {bad}"))).await;
        assert_eq!((said.0, said.2.as_str()), (401, "invalid_token"));
        assert!(said.1.starts_with(r#"Bearer error="invalid_token""#));
    }
    // S82: never in a query.
    let query = TestRequest::get().uri(&format!("{}?access_token={token}", paths::PROFILE));
    assert_eq!(ask(&house, query).await.0, 401);
}

// S70, S103, I3: what is not an access token for us.
#[actix_web::test]
async fn tokens_of_other_kinds_and_audiences() {
    let house = House::new().await;
    let grant = house.grant("u1", "openid profile").await;
    let claims = house.claims(&grant);
    let id_token = house.core.ring.sign(SigningAlg::ES256, Token::Id, &claims).unwrap();
    assert_eq!(status(&house, &id_token).await, 401);
    let with = |change: fn(&mut AccessClaims)| {
        let mut claims = claims.clone();
        change(&mut claims);
        house.sign(&claims)
    };
    for (what, token, expected) in [
        ("as it is", with(|_| ()), 200),
        ("audience", with(|claims| claims.aud = Audience::One("https://api.example".into())), 401),
        ("issuer", with(|claims| claims.iss = "https://x.example".into()), 401),
        ("another person", with(|claims| claims.sub = "u2".into()), 401),
        ("another client", with(|claims| claims.client_id = "public".into()), 401),
        (
            "exchanged",
            with(|claims| (claims.client_id, claims.gcl) = ("public".into(), Some("c1".into()))),
            200,
        ),
        ("exchanged of another", with(|claims| claims.gcl = Some("public".into())), 401),
        ("no such grant", with(|claims| claims.gid = Some("none".into())), 401),
        ("no such client", with(|claims| (claims.gid, claims.client_id) = (None, "none".into())), 401),
        ("a client's own", with(|claims| (claims.gid, claims.sub) = (None, "c1".into())), 403),
        ("scope", with(|claims| claims.scope = "open\"id".into()), 401),
    ] {
        assert_eq!(status(&house, &token).await, expected, "{what}");
    }
}

// S82
#[actix_web::test]
async fn userinfo_takes_a_token_in_a_form() {
    let house = House::new().await;
    let token = house.token("u1", "openid").await;
    let post = |body: String| {
        TestRequest::post()
            .uri(paths::USERINFO)
            .insert_header(("content-type", "application/x-www-form-urlencoded"))
            .set_payload(body)
    };
    let in_form = format!("access_token={token}");
    let in_header = ("authorization", format!("Bearer {token}"));
    assert_eq!(ask(&house, post(in_form.clone())).await.2, "u1");
    assert_eq!(ask(&house, post(String::new()).insert_header(in_header.clone())).await.2, "u1");
    assert_eq!(ask(&house, post(in_form.clone()).insert_header(in_header.clone())).await.0, 400);
    assert_eq!(ask(&house, post(format!("{in_form}&{in_form}"))).await.0, 400);
    assert_eq!(ask(&house, post("a=b".into())).await.1, CHALLENGES);
    let bare = TestRequest::post().uri(paths::USERINFO).insert_header(in_header);
    assert_eq!(ask(&house, bare).await.2, "u1");
    // Elsewhere a form's token is none.
    let elsewhere = post(in_form).uri(paths::PROFILE).method(actix_web::http::Method::GET);
    assert_eq!(ask(&house, elsewhere).await.0, 401);
}

// S37, S88, I4: whatever ends a token ends it at once, cached or not.
#[actix_web::test]
async fn an_ended_token_is_dead_at_once() {
    for house in [House::new().await, House::new().await.with_cache().await] {
        let store = &house.core.store;
        let grant = house.grant("u1", "profile").await;
        let (one, other) = (house.claims(&grant), house.claims(&grant));
        let (one_token, other_token) = (house.sign(&one), house.sign(&other));
        for token in [&one_token, &other_token, &one_token] {
            assert_eq!(status(&house, token).await, 200);
        }
        store.revoke_token(&one.jti, NOW + 600 * SECOND).await.unwrap();
        assert_eq!((status(&house, &one_token).await, status(&house, &other_token).await), (401, 200));
        store.revoke_grant(&grant.id, NOW).await.unwrap();
        assert_eq!(status(&house, &other_token).await, 401);

        let token = house.token("u2", "profile").await;
        assert_eq!(status(&house, &token).await, 200);
        store.set_active("u2", false, NOW).await.unwrap();
        assert_eq!(status(&house, &token).await, 401);

        let token = house.token("u1", "profile").await;
        assert_eq!(status(&house, &token).await, 200);
        let client = store.client("c1").await.unwrap().unwrap();
        let inactive = protocol::Client { is_active: false, ..(*client).clone() };
        assert!(store.update_client(inactive).await.unwrap());
        assert_eq!(status(&house, &token).await, 401);
    }
}

// I6: what a client may not have any more, its older tokens do not give either.
#[actix_web::test]
async fn a_narrowed_client_narrows_its_tokens() {
    let house = House::new().await.with_cache().await;
    let token = house.token("u1", "openid profile").await;
    assert_eq!(status(&house, &token).await, 200);
    let client = house.core.store.client("c1").await.unwrap().unwrap();
    let narrow = protocol::Client { scopes: protocol::Scopes::parse("openid").unwrap(), ..(*client).clone() };
    assert!(house.core.store.update_client(narrow).await.unwrap());
    assert_eq!(status(&house, &token).await, 403);
}

#[actix_web::test]
async fn a_client_s_own_token_stands_for_nobody() {
    let house = House::new().await;
    let grant = house.grant("u1", "profile").await;
    let own = AccessClaims { gid: None, sub: "c1".into(), ..house.claims(&grant) };
    let said = ask(&house, profile(&format!("Bearer {}", house.sign(&own)))).await;
    assert_eq!((said.0, said.2.as_str()), (403, "insufficient_scope"));
    assert!(said.1.contains("stands for no person") && !said.1.contains("scope="), "{}", said.1);
}

#[actix_web::test]
async fn a_cached_token_expires_all_the_same() {
    let house = House::new().await.with_cache().await;
    let token = house.token("u1", "profile").await;
    assert_eq!(status(&house, &token).await, 200);
    house.clock.advance(599 * SECOND);
    assert_eq!(status(&house, &token).await, 200);
    house.clock.advance(SECOND);
    assert_eq!(status(&house, &token).await, 401);
}

#[actix_web::test]
async fn a_ready_answer_lives_as_long_as_the_access() {
    let house = House::new().await.with_cache().await;
    let token = house.token("u1", "profile").await;
    let access = || async { house.core.access(&token).await.unwrap().unwrap() };
    let first = access().await;
    first.userinfo.keep("ready".into());
    assert!(Arc::ptr_eq(&first, &access().await), "the second time nothing is read");
    assert_eq!(access().await.userinfo.get().unwrap(), "ready");
    let change = store::users::ProfileChange { name: Some(Some("New".into())), ..Default::default() };
    house
        .core
        .store
        .update_profile("u1", change, "u1", store::pictures::Retention::default(), NOW)
        .await
        .unwrap();
    assert_eq!(access().await.userinfo.get(), None, "the person changed");
}
