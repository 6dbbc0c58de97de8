//! Assertions of issuers that vouch for people (RFC 7523).

use std::sync::Arc;

use actix_web::{App, HttpResponse, HttpServer};
use keyring::{Ring, Token};
use protocol::{
    Client, SECOND, Scopes, SigningAlg,
    token::{PeopleBy, TrustedIssuer},
};
use serde_json::{Value, json};

use super::{
    house::{House, ISSUER, START, key_rows, on_both, ring_of},
    wire::{Answer, parts, text},
};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const STAFF: &str = "https://staff.example";

/// An issuer with a web server of its own, at the port.
async fn staff() -> (Ring, u16) {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let keys = ring_of(&key_rows(3));
    let set = Arc::new(keys.jwks_json());
    let app = move || {
        let set = set.clone();
        let answer = move || {
            let set = set.as_ref().clone();
            async move { HttpResponse::Ok().content_type("application/json").body(set) }
        };
        App::new().route("/jwks", actix_web::web::to(answer))
    };
    let server = HttpServer::new(app).workers(1).bind(("127.0.0.1", 0)).unwrap();
    let port = server.addrs()[0].port();
    actix_web::rt::spawn(server.run());
    (keys, port)
}

async fn house(people: PeopleBy) -> (House, Ring) {
    let (keys, port) = staff().await;
    let trusted = TrustedIssuer {
        name: "staff".into(),
        issuer: STAFF.into(),
        jwks_uri: format!("http://127.0.0.1:{port}/jwks"),
        people,
        scopes: Scopes::parse("openid profile").unwrap(),
        clients: Vec::new(),
    };
    (House::with(|policy| policy.issuers = vec![trusted]).await, keys)
}

async fn worker(house: &House, id: &str, change: impl FnOnce(&mut Client)) -> Client {
    let with_grant = |client: &mut Client| {
        client.grant_types = vec![GRANT.into()];
        client.response_types.clear();
        client.redirect_uris.clear();
        change(client);
    };
    house.client(id, with_grant).await
}

fn claims(jti: &str) -> Value {
    json!({ "iss": STAFF, "sub": "ada", "aud": ISSUER, "exp": START / SECOND + 60, "jti": jti })
}

async fn bring(house: &House, client: &Client, keys: &Ring, claims: &Value) -> Answer {
    let assertion = keys.sign(SigningAlg::ES256, Token::Id, claims).unwrap();
    house.token(client, &[("grant_type", GRANT), ("assertion", &assertion)]).await
}

async fn an_issuer_s_word_is_good_once() {
    let (house, keys) = house(PeopleBy::Subject).await;
    let client = worker(&house, "worker", |_| {}).await;
    house.person("ada").await;
    let answer = bring(&house, &client, &keys, &claims("one")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let tokens = answer.json();
    assert_eq!(text(&tokens, "scope"), "openid profile");
    assert_eq!((tokens.get("id_token"), tokens.get("refresh_token")), (None, None));
    let said = parts(text(&tokens, "access_token")).1;
    assert_eq!((text(&said, "sub"), said.get("auth_time"), said.get("acr")), ("ada", None, None));
    assert!(house.lives(&tokens).await);
    assert_eq!(bring(&house, &client, &keys, &claims("one")).await.error(), (400, "invalid_grant".into()));
    // Where it is withdrawn it ends like any other grant.
    house.core.store.withdraw_consent("ada", "worker", house.core.now()).await.unwrap();
    assert!(!house.lives(&tokens).await);
}
on_both!(an_issuer_s_word_is_good_once);

// S102, S103, S106
#[actix_web::test]
async fn whose_word_counts_for_whom() {
    let (house, keys) = house(PeopleBy::Email).await;
    let client = worker(&house, "worker", |_| {}).await;
    house.person("ada").await;
    let by_email = |jti: &str| {
        let mut claims = claims(jti);
        claims["sub"] = json!("Ada@Example.test");
        claims
    };
    assert_eq!(bring(&house, &client, &keys, &by_email("a")).await.status, 200);
    let refused = async |claims: Value| bring(&house, &client, &keys, &claims).await.error();
    let invalid = (400, "invalid_grant".to_owned());
    assert_eq!(refused(claims("b")).await, invalid, "nobody of that address");
    for (name, value) in [
        ("iss", json!("https://other.example")),
        ("aud", json!("https://other.example")),
        ("exp", json!(START / SECOND - 60)),
        ("exp", json!(START / SECOND + 7200)),
        ("jti", Value::Null),
    ] {
        let mut wrong = by_email("c");
        wrong[name] = value;
        assert_eq!(refused(wrong).await, invalid, "{name}");
    }
    let others = ring_of(&key_rows(4));
    assert_eq!(bring(&house, &client, &others, &by_email("d")).await.error(), invalid, "another's keys");
    let typed = keys.sign(SigningAlg::ES256, Token::Access, &by_email("e")).unwrap();
    let answer = house.token(&client, &[("grant_type", GRANT), ("assertion", &typed)]).await;
    assert_eq!(answer.error(), invalid, "a token of another kind");
    // A client that registered itself has nobody's word here.
    let stranger = worker(&house, "stranger", |client| client.registered_by = "open".into()).await;
    assert_eq!(bring(&house, &stranger, &keys, &by_email("f")).await.error(), invalid);
    house.core.store.set_active("ada", false, house.core.now()).await.unwrap();
    assert_eq!(refused(by_email("g")).await, invalid, "a disabled person");
}

// S91
#[actix_web::test]
async fn it_is_offered_where_there_is_an_issuer() {
    let listed = async |house: &House| {
        let document = house.get("/.well-known/openid-configuration").await.json();
        document["grant_types_supported"].as_array().unwrap().contains(&json!(GRANT))
    };
    assert!(listed(&house(PeopleBy::Subject).await.0).await);
    assert!(!listed(&House::new().await).await);
}
