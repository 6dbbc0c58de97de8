use keyring::{Ring, Token};
use protocol::{AuthMethod, Client, SECOND, SigningAlg};
use serde_json::{Value, json};

use super::{
    house::{House, ISSUER, START, key_rows, on_both, ring_of},
    wire::Answer,
};

/// A client that signs with keys of its own.
async fn furnished() -> (House, Ring) {
    let house = House::new().await;
    let keys = ring_of(&key_rows(2));
    let jwks = String::from_utf8(keys.jwks_json().to_vec()).unwrap();
    let by_key = |client: &mut Client| {
        client.auth_method = AuthMethod::PrivateKeyJwt;
        client.secret_digest = None;
        client.jwks = Some(jwks);
    };
    house.client("c1", by_key).await;
    (house, keys)
}

fn claims(jti: &str) -> Value {
    let now = START / SECOND;
    json!({"iss": "c1", "sub": "c1", "aud": ISSUER, "exp": now + 60, "iat": now, "jti": jti})
}

async fn ask(house: &House, keys: &Ring, alg: SigningAlg, claims: &Value) -> Answer {
    let assertion = keys.sign(alg, Token::Id, claims).unwrap();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", protocol::client_assertion::TYPE),
        ("client_assertion", &assertion),
    ];
    house.post("/oauth2/token", &form).await
}

// S55
async fn an_assertion_is_good_once() {
    let (house, keys) = furnished().await;
    for alg in SigningAlg::ALL {
        let claims = claims(alg.as_str());
        assert_eq!(ask(&house, &keys, alg, &claims).await.status, 200, "{alg:?}");
        assert_eq!(ask(&house, &keys, alg, &claims).await.error(), (401, "invalid_client".into()));
    }
    let mut for_the_endpoint = claims("endpoint");
    for_the_endpoint["aud"] = json!(["https://other", format!("{ISSUER}/oauth2/token")]);
    assert_eq!(ask(&house, &keys, SigningAlg::ES256, &for_the_endpoint).await.status, 200);
}
on_both!(an_assertion_is_good_once);

// S55, S102, S106
async fn wrong_ones_are_refused_all_alike() {
    let (house, keys) = furnished().await;
    for (name, value) in [
        ("iss", json!("c2")),
        ("sub", json!("c2")),
        ("aud", json!("https://other")),
        ("exp", json!(START / SECOND - 60)),
        ("exp", Value::Null),
        ("exp", json!("soon")),
        ("nbf", json!(START / SECOND + 120)),
        ("jti", Value::Null),
    ] {
        let mut claims = claims(name);
        claims[name] = value.clone();
        let answer = ask(&house, &keys, SigningAlg::ES256, &claims).await;
        assert_eq!(answer.error(), (401, "invalid_client".into()), "{name}={value}");
    }
    let strangers = ring_of(&key_rows(3));
    let answer = ask(&house, &strangers, SigningAlg::ES256, &claims("stranger")).await;
    assert_eq!(answer.error(), (401, "invalid_client".into()));
}
on_both!(wrong_ones_are_refused_all_alike);
