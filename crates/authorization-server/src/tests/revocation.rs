//! Revocation and introspection: what one ends, the other sees.

use actix_web::test::TestRequest;
use protocol::SECOND;
use serde_json::{Value, json};

use super::{
    house::{House, on_both},
    wire::{post, text},
};
use protocol::Client;

async fn introspect(house: &House, caller: &Client, token: &str) -> Value {
    let answer = house.post_as(caller, "/oauth2/introspect", &[("token", token)]).await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "no-store"));
    answer.json()
}

async fn revoke(house: &House, caller: &Client, token: &str) -> u16 {
    let answer =
        house.post_as(caller, "/oauth2/revoke", &[("token", token), ("token_type_hint", "nonsense")]).await;
    if answer.status == 200 {
        assert_eq!(answer.body, "");
    }
    answer.status.as_u16()
}

async fn furnished() -> (House, Client, Client) {
    let house = House::new().await;
    let client = house.client("c1", |client| client.trusted = true).await;
    let other = house.client("c2", |_| {}).await;
    house.sign_in(&house.person("u1").await).await;
    (house, client, other)
}

// S86
async fn who_learns_what() {
    let (house, client, other) = furnished().await;
    let tokens = house.tokens(&client, "openid offline_access").await;
    let access = text(&tokens, "access_token");
    let active = introspect(&house, &client, access).await;
    assert_eq!(active["active"], true);
    assert_eq!(
        (text(&active, "sub"), text(&active, "client_id"), text(&active, "token_type")),
        ("u1", "c1", "Bearer")
    );
    assert_eq!(active["exp"].as_i64().unwrap() - active["iat"].as_i64().unwrap(), 600);
    assert_eq!(introspect(&house, &client, access).await, active, "the kept answer is the same");
    let refresh = introspect(&house, &client, text(&tokens, "refresh_token")).await;
    assert_eq!((&refresh["active"], text(&refresh, "scope")), (&json!(true), "openid offline_access"));

    let nothing = json!({"active": false});
    for token in [access, text(&tokens, "refresh_token"), text(&tokens, "id_token"), "x"] {
        assert_eq!(introspect(&house, &other, token).await, nothing);
    }
    let everybodys = house.client("rs", |client| client.resource_server = true).await;
    assert_eq!(introspect(&house, &everybodys, access).await["active"], true);
    house.clock.advance(600 * SECOND);
    assert_eq!(introspect(&house, &client, access).await, nothing);

    let public = house.public_client("p1").await;
    let answer = house.post("/oauth2/introspect", &[("token", access), ("client_id", &public.id)]).await;
    assert_eq!(answer.error(), (401, "invalid_client".into()));
    assert_eq!(house.anonymous(post("/oauth2/introspect", &[("token", access)])).await.status, 401);
    assert_eq!(house.anonymous(TestRequest::get().uri("/oauth2/introspect")).await.status, 405);
}
on_both!(who_learns_what);

// S87, S88, S89
async fn what_revocation_ends() {
    let (house, client, other) = furnished().await;
    let tokens = house.tokens(&client, "openid offline_access").await;
    let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    assert_eq!(revoke(&house, &other, access).await, 400);
    assert_eq!(revoke(&house, &other, refresh).await, 400);
    assert_eq!(revoke(&house, &client, "unknown").await, 200);
    assert!(house.lives(&tokens).await);

    assert_eq!(introspect(&house, &client, access).await["active"], true);
    assert_eq!(revoke(&house, &client, access).await, 200);
    assert_eq!(introspect(&house, &client, access).await, json!({"active": false}));
    let renewed = house.refresh(&client, refresh).await.json();
    assert!(house.lives(&renewed).await, "a revoked access token leaves its grant alone");

    assert_eq!(revoke(&house, &client, refresh).await, 200);
    assert!(!house.lives(&renewed).await);
    assert_eq!(house.refresh(&client, refresh).await.error(), (400, "invalid_grant".into()));
    assert_eq!(revoke(&house, &client, refresh).await, 200);
}
on_both!(what_revocation_ends);

// S86: what the token endpoint refuses is not called active.
async fn a_disabled_client_has_no_active_tokens() {
    let (house, client, _) = furnished().await;
    let everybodys = house.client("rs", |client| client.resource_server = true).await;
    let tokens = house.tokens(&client, "openid email offline_access").await;
    let ask = async || introspect(&house, &everybodys, text(&tokens, "refresh_token")).await;
    assert_eq!(ask().await["active"], true);
    let scopes = protocol::Scopes::parse("openid").unwrap();
    house.core.store.update_client(Client { scopes, ..client.clone() }).await.unwrap();
    assert_eq!(ask().await["scope"], "openid", "as much as a refresh would give");
    house.core.store.update_client(Client { is_active: false, ..client.clone() }).await.unwrap();
    assert_eq!(ask().await, json!({"active": false}));
    house.core.store.update_client(client.clone()).await.unwrap();
    assert_eq!(ask().await["active"], true);
    house.core.store.set_active("u1", false, house.core.now()).await.unwrap();
    assert_eq!(ask().await, json!({"active": false}));
}
on_both!(a_disabled_client_has_no_active_tokens);

async fn malformed_revocations() {
    let (house, client, _) = furnished().await;
    assert_eq!(house.post_as(&client, "/oauth2/revoke", &[]).await.error(), (400, "invalid_request".into()));
    let twice = [("token", "a"), ("token", "b")];
    assert_eq!(
        house.post_as(&client, "/oauth2/revoke", &twice).await.error(),
        (400, "invalid_request".into())
    );
    assert_eq!(house.post("/oauth2/revoke", &[("token", "a")]).await.error(), (401, "invalid_client".into()));
}
on_both!(malformed_revocations);

// S88: withdrawing consent ends everything of the client for this person.
async fn withdrawing_consent() {
    let (house, client, _) = furnished().await;
    let tokens = house.tokens(&client, "openid offline_access").await;
    assert!(house.lives(&tokens).await);
    house.core.store.withdraw_consent("u1", "c1", house.core.now()).await.unwrap();
    assert!(!house.lives(&tokens).await);
}
on_both!(withdrawing_consent);
