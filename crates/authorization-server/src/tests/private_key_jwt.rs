use keyring::{Ring, Token};
use protocol::{AuthMethod, Client, SECOND, SigningAlg};
use serde_json::{Value, json};

use super::{
    holder::Holder,
    house::{House, ISSUER, START, key_rows, on_both, ring_of},
    wire::{Answer, CALLBACK, CHALLENGE, post},
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

// S55, S102: the algorithm that was registered, and no other.
async fn a_registered_algorithm_is_the_only_one() {
    let (house, keys) = furnished().await;
    let only_ps = |client: &mut Client| {
        client.auth_method = AuthMethod::PrivateKeyJwt;
        client.secret_digest = None;
        client.jwks = Some(String::from_utf8(keys.jwks_json().to_vec()).unwrap());
        client.metadata.token_endpoint_auth_signing_alg = Some("PS256".into());
    };
    house.client("c2", only_ps).await;
    for alg in SigningAlg::ALL {
        let mut claims = claims(alg.as_str());
        (claims["iss"], claims["sub"]) = (json!("c2"), json!("c2"));
        let expected = if alg == SigningAlg::PS256 { 200 } else { 401 };
        assert_eq!(ask(&house, &keys, alg, &claims).await.status, expected, "{alg:?}");
    }
}
on_both!(a_registered_algorithm_is_the_only_one);

// S55: fapi2-security-profile-final-ensure-client-assertion-with-wrong-aud-fails,
// …-ensure-signed-client-assertion-with-RS256-fails
async fn a_client_of_fapi2_names_the_issuer_alone() {
    let (house, keys) = furnished().await;
    let fapi = |client: &mut Client| {
        client.auth_method = AuthMethod::PrivateKeyJwt;
        client.secret_digest = None;
        client.jwks = Some(String::from_utf8(keys.jwks_json().to_vec()).unwrap());
        client.id_token_alg = SigningAlg::PS256;
        client.metadata.profile = Some("fapi2".into());
    };
    let client = house.client("f", fapi).await;
    let holder = Holder::new();
    let ask = async |alg: SigningAlg, jti: &str, aud: Value| {
        let mut claims = claims(jti);
        (claims["iss"], claims["sub"], claims["aud"]) = (json!("f"), json!("f"), aud);
        let assertion = keys.sign(alg, Token::Id, &claims).unwrap();
        let form = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", protocol::client_assertion::TYPE),
            ("client_assertion", &assertion),
        ];
        let proof = holder.proof(&house, "POST", "/oauth2/token", &[]);
        let request = post("/oauth2/token", &form).insert_header(("dpop", proof));
        house.anonymous(request).await.status.as_u16()
    };
    assert!(client.metadata.is_fapi2());
    for alg in [SigningAlg::PS256, SigningAlg::ES256, SigningAlg::EdDSA] {
        assert_eq!(ask(alg, alg.as_str(), json!(ISSUER)).await, 200, "{alg:?}");
    }
    assert_eq!(ask(SigningAlg::RS256, "rs", json!(ISSUER)).await, 401);
    for (jti, aud) in [
        ("list", json!([ISSUER])),
        ("both", json!([ISSUER, format!("{ISSUER}/oauth2/token")])),
        ("endpoint", json!(format!("{ISSUER}/oauth2/token"))),
        ("slash", json!(format!("{ISSUER}/"))),
    ] {
        assert_eq!(ask(SigningAlg::PS256, jti, aud).await, 401, "{jti}");
    }
}
on_both!(a_client_of_fapi2_names_the_issuer_alone);

// RFC 9126, section 2: the issuer, the token endpoint or the one that is called.
async fn a_pushed_request_may_be_signed_for_each_of_three() {
    let (house, keys) = furnished().await;
    for (aud, expected) in [
        (ISSUER.to_owned(), 201),
        (format!("{ISSUER}/oauth2/token"), 201),
        (format!("{ISSUER}/oauth2/par"), 201),
        (format!("{ISSUER}/oauth2/revoke"), 401),
    ] {
        let mut claims = claims(&aud);
        claims["aud"] = json!(aud);
        let assertion = keys.sign(SigningAlg::ES256, Token::Id, &claims).unwrap();
        let form = [
            ("client_assertion_type", protocol::client_assertion::TYPE),
            ("client_assertion", &assertion),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        assert_eq!(house.post("/oauth2/par", &form).await.status, expected, "{aud}");
    }
}
on_both!(a_pushed_request_may_be_signed_for_each_of_three);
