//! Requests in signed objects, by value and by reference.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use actix_web::{App, HttpResponse, HttpServer};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use keyring::{Ring, Token};
use protocol::{Client, SECOND, SigningAlg};
use serde_json::{Value, json};

use super::{
    house::{House, ISSUER, START, key_rows, on_both, ring_of},
    wire::{Answer, CALLBACK, CHALLENGE, authorize, post},
};

/// A client with keys of its own, and somebody who agreed to everything.
async fn furnished(house: House) -> (House, Client, Ring) {
    let keys = ring_of(&key_rows(2));
    let jwks = String::from_utf8(keys.jwks_json().to_vec()).unwrap();
    let client = house.client("c1", |client| client.jwks = Some(jwks)).await;
    let user = house.person("u1").await;
    house.agree(&user, &client, "openid email", None).await;
    house.sign_in(&user).await;
    (house, client, keys)
}

fn claims() -> Value {
    json!({
        "iss": "c1", "aud": ISSUER, "client_id": "c1", "redirect_uri": CALLBACK, "response_type": "code",
        "scope": "openid email", "state": "inside", "nonce": "n", "max_age": 10000, "exp": START / SECOND + 60,
        "code_challenge": CHALLENGE, "code_challenge_method": "S256", "claims": { "id_token": { "email": null } },
    })
}

fn unsigned(claims: &Value) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    format!("{}.{}.", part(&json!({ "alg": "none" })), part(claims))
}

/// Sends an object with parameters beside it that are all good, and all different.
async fn go(house: &House, client: &Client, object: &str) -> Answer {
    house.get(&authorize(client, &[("request", object), ("scope", "openid"), ("state", "outside")])).await
}

// S20
async fn what_is_inside_counts() {
    let (house, client, keys) = furnished(House::new().await).await;
    for alg in SigningAlg::ALL {
        let object = keys.sign(alg, Token::Id, &claims()).unwrap();
        let answer = go(&house, &client, &object).await;
        let code = answer.parameter("code").unwrap_or_else(|| panic!("{alg:?}: {}", answer.location()));
        assert_eq!(answer.parameter("state").as_deref(), Some("inside"));
        let tokens = house.redeem(&client, &code).await.json();
        assert_eq!(tokens["scope"], "openid email");
    }
    // By POST, and the redirect URI inside alone (oidcc-ensure-request-object-with-redirect-uri).
    let object = keys.sign(SigningAlg::ES256, Token::Id, &claims()).unwrap();
    let answer = house.post("/oauth2/authorize", &[("client_id", "c1"), ("request", &object)]).await;
    assert!(answer.location().starts_with("/oauth2/authorize/"), "{}", answer.location());
    let beside = [("request", &*object), ("redirect_uri", "https://app.test/other")];
    assert!(house.get(&authorize(&client, &beside)).await.parameter("code").is_some());
}
on_both!(what_is_inside_counts);

// S20, S102, S103
async fn an_object_that_does_not_hold_is_refused() {
    let (house, client, keys) = furnished(House::new().await).await;
    let signed = |claims: &Value| keys.sign(SigningAlg::ES256, Token::Id, claims).unwrap();
    let with = |name: &str, value: Value| {
        let mut claims = claims();
        claims[name] = value;
        signed(&claims)
    };
    for object in [
        unsigned(&claims()),
        ring_of(&key_rows(3)).sign(SigningAlg::ES256, Token::Id, &claims()).unwrap(),
        keys.sign(SigningAlg::ES256, Token::Access, &claims()).unwrap(),
        with("aud", json!("https://other")),
        with("client_id", json!("c2")),
        with("iss", json!("c2")),
        with("sub", json!("c1")),
        with("exp", json!(START / SECOND)),
        with("nbf", json!(START / SECOND + 120)),
        with("request_uri", json!("https://x")),
        "nonsense".to_owned(),
        "x".repeat(20_000),
    ] {
        let answer = go(&house, &client, &object).await;
        assert_eq!(answer.parameter("error").as_deref(), Some("invalid_request_object"), "{object}");
        assert_eq!(answer.parameter("state").as_deref(), Some("outside"));
    }
    // Nobody is sent to an address that only a broken object or nothing names.
    let forged = unsigned(&claims());
    let answer = house.get(&format!("/oauth2/authorize?client_id=c1&request={forged}")).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (400, ""));
    // Inside, the usual rules hold.
    let answer = go(&house, &client, &with("scope", json!("unknown"))).await;
    assert_eq!(answer.parameter("error").as_deref(), Some("invalid_scope"));
    let answer = go(&house, &client, &with("redirect_uri", json!("https://evil.test/cb"))).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (400, ""));
    let both = [("request", "x"), ("request_uri", "https://x")];
    let answer = house.get(&authorize(&client, &both)).await;
    assert_eq!(answer.parameter("error").as_deref(), Some("invalid_request"));
}
on_both!(an_object_that_does_not_hold_is_refused);

// oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported
async fn unsigned_where_the_operator_allows_it() {
    let (house, client, keys) =
        furnished(House::with(|policy| policy.unsigned_request_objects = true).await).await;
    let answer = go(&house, &client, &unsigned(&claims())).await;
    assert!(answer.parameter("code").is_some(), "{}", answer.location());
    let strict = |client: &mut Client| {
        client.jwks = Some(String::from_utf8(keys.jwks_json().to_vec()).unwrap());
        client.metadata.require_signed_request_object = true;
    };
    let strict = house.client("c2", strict).await;
    let mut theirs = claims();
    (theirs["iss"], theirs["client_id"]) = (json!("c2"), json!("c2"));
    let answer = go(&house, &strict, &unsigned(&theirs)).await;
    assert_eq!(answer.parameter("error").as_deref(), Some("invalid_request_object"));
    let plain = house.get(&authorize(&strict, &[])).await;
    assert_eq!(plain.parameter("error").as_deref(), Some("invalid_request"));
    let signed = keys.sign(SigningAlg::ES256, Token::Id, &theirs).unwrap();
    assert!(go(&house, &strict, &signed).await.location().starts_with("/consent"));
}
on_both!(unsigned_where_the_operator_allows_it);

// S73
async fn an_object_can_be_pushed() {
    let (house, client, keys) = furnished(House::new().await).await;
    let object = keys.sign(SigningAlg::ES256, Token::Id, &claims()).unwrap();
    let push = async |object: &str| house.post_as(&client, "/oauth2/par", &[("request", object)]).await;
    let answer = push(&object).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let uri = answer.json()["request_uri"].as_str().unwrap().to_owned();
    let answer = house.get(&format!("/oauth2/authorize?client_id=c1&request_uri={uri}")).await;
    assert_eq!(answer.parameter("state").as_deref(), Some("inside"), "{}", answer.location());
    assert_eq!(push(&unsigned(&claims())).await.error(), (400, "invalid_request_object".into()));
}
on_both!(an_object_can_be_pushed);

/// A client's web server with one object, which counts how often it is asked.
async fn serving(object: Arc<Mutex<String>>) -> (u16, Arc<AtomicUsize>) {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    let app = move || {
        let (object, counter) = (object.clone(), counter.clone());
        let answer = move || {
            counter.fetch_add(1, Ordering::SeqCst);
            let body = object.lock().unwrap().clone();
            async move { HttpResponse::Ok().content_type("application/oauth-authz-req+jwt").body(body) }
        };
        App::new().route("/object", actix_web::web::to(answer))
    };
    let server = HttpServer::new(app).workers(1).bind(("127.0.0.1", 0)).unwrap();
    let port = server.addrs()[0].port();
    actix_web::rt::spawn(server.run());
    (port, asked)
}

// oidcc-request-uri-signed-rs256
async fn a_registered_address_is_asked_once_a_minute() {
    let (house, _, keys) = furnished(House::new().await).await;
    let object = keys.sign(SigningAlg::RS256, Token::Id, &claims()).unwrap();
    let (port, asked) = serving(Arc::new(Mutex::new(object))).await;
    let (good, away) =
        (format!("http://127.0.0.1:{port}/object#hash"), format!("http://127.0.0.1:{port}/none"));
    let mut client = Client::clone(&house.core.store.client("c1").await.unwrap().unwrap());
    client.metadata.request_uris = vec![good.clone(), away.clone()];
    client.metadata.request_object_signing_alg = Some("RS256".into());
    protocol::registration::check(&client).unwrap();
    house.core.store.update_client(client.clone()).await.unwrap();

    let go = async |uri: &str| house.get(&authorize(&client, &[("request_uri", uri)])).await;
    for _ in 0..3 {
        assert_eq!(go(&good).await.parameter("state").as_deref(), Some("inside"));
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let elsewhere = format!("http://127.0.0.1:{port}/object");
    for uri in [&*away, &*elsewhere, "https://unknown.test/object"] {
        assert_eq!(go(uri).await.parameter("error").as_deref(), Some("invalid_request_uri"), "{uri}");
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1, "nothing is fetched that was not registered");
    house.clock.advance(61 * SECOND);
    assert_eq!(
        go(&good).await.parameter("error").as_deref(),
        Some("invalid_request_object"),
        "it has expired"
    );
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    let by_post =
        house.anonymous(post("/oauth2/authorize", &[("client_id", "c1"), ("request_uri", &away)])).await;
    assert_eq!(by_post.status, 400);
}
on_both!(a_registered_address_is_asked_once_a_minute);
