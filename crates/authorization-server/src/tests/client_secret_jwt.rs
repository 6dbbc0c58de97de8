//! Clients that sign with a secret that we know too.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use keyring::{Random, Secret, client_secret};
use protocol::{AuthMethod, Client, SECOND};
use serde_json::{Value, json};

use super::{
    holder::Holder,
    house::{House, ISSUER, START, on_both},
    wire::Answer,
};

async fn furnished() -> (House, Secret) {
    let house = House::new().await;
    let mut secret = None;
    let master = house.core.ring.master().clone();
    let by_secret = |client: &mut Client| {
        client.auth_method = AuthMethod::SecretJwt;
        secret = client_secret::give(client, &master, &Random::seeded(5));
    };
    house.client("c1", by_secret).await;
    (house, secret.unwrap())
}

fn claims(jti: &str) -> Value {
    let now = START / SECOND;
    json!({"iss": "c1", "sub": "c1", "aud": ISSUER, "exp": now + 60, "iat": now, "jti": jti})
}

fn signed(secret: &str, alg: &str, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(&json!({"alg": alg, "typ": "JWT"})), part(claims));
    let key = match alg {
        "HS512" => hmac::Key::new(hmac::HMAC_SHA512, secret.as_bytes()),
        _ => hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
    };
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&key, text.as_bytes())))
}

async fn ask(house: &House, assertion: &str) -> Answer {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", protocol::client_assertion::TYPE),
        ("client_assertion", assertion),
    ];
    house.post("/oauth2/token", &form).await
}

// S55, S108: oidcc-server with client_secret_jwt
async fn the_secret_signs_once() {
    let (house, secret) = furnished().await;
    let assertion = signed(secret.expose(), "HS256", &claims("one"));
    assert_eq!(ask(&house, &assertion).await.status, 200);
    assert_eq!(ask(&house, &assertion).await.error(), (401, "invalid_client".into()));
    let stored = house.core.store.client("c1").await.unwrap().unwrap();
    assert_eq!(stored.secret_digest, None);
    let sealed = stored.sealed_secret.as_ref().unwrap();
    let plain = secret.expose().as_bytes();
    assert!(!sealed.windows(plain.len()).any(|window| window == plain), "the secret is not stored as it is");
}
on_both!(the_secret_signs_once);

// S53, S102
async fn nothing_else_will_do() {
    let (house, secret) = furnished().await;
    let holder = Holder::new();
    let by_key = |header: &Value| holder.sign(header, &claims("key"));
    for (place, assertion) in [
        signed("another secret", "HS256", &claims("a")),
        signed(secret.expose(), "HS512", &claims("b")),
        signed(secret.expose(), "none", &claims("c")),
        signed("", "HS256", &claims("d")),
        by_key(&json!({"alg": "ES256", "typ": "JWT"})),
        by_key(&json!({"alg": "ES256", "typ": "JWT", "jwk": holder.jwk()})),
        signed(secret.expose(), "HS256", &json!({"iss": "c1", "sub": "c1", "aud": ISSUER, "jti": "e"})),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(ask(&house, &assertion).await.error(), (401, "invalid_client".into()), "case {place}");
    }
    let sent =
        [("grant_type", "client_credentials"), ("client_id", "c1"), ("client_secret", secret.expose())];
    assert_eq!(house.post("/oauth2/token", &sent).await.error(), (401, "invalid_client".into()), "S53");
    // The other way round: the public key of one that signs with its own is no secret.
    let jwks = json!({"keys": [holder.jwk()]}).to_string();
    let own = jwks.clone();
    let by_own_key = |client: &mut Client| {
        client.auth_method = AuthMethod::PrivateKeyJwt;
        client.secret_digest = None;
        client.jwks = Some(own);
    };
    house.client("c2", by_own_key).await;
    let mut claims = claims("f");
    (claims["iss"], claims["sub"]) = (json!("c2"), json!("c2"));
    for secret in ["", &jwks, &holder.jwk().to_string()] {
        let assertion = signed(secret, "HS256", &claims);
        assert_eq!(ask(&house, &assertion).await.error(), (401, "invalid_client".into()));
    }
}
on_both!(nothing_else_will_do);
