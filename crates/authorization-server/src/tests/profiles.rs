//! Clients of the profiles `fapi2` and `mcp`, through the routes.

use keyring::{Ring, Token};
use protocol::{Client, Policy, SECOND, SigningAlg, fapi2, mcp, policy::Pkce};
use serde_json::{Value, json};

use super::{
    house::{House, ISSUER, START, key_rows, on_both, ring_of},
    wire::{Answer, CALLBACK, CHALLENGE, authorize},
};

async fn furnished() -> (House, Client, Ring) {
    let house = House::with(|policy: &mut Policy| {
        policy.pkce = Pkce::Public;
        policy.code_ttl = 600 * SECOND;
    });
    let house = house.await;
    let keys = ring_of(&key_rows(2));
    let jwks = String::from_utf8(keys.jwks_json().to_vec()).unwrap();
    let by_profile = |client: &mut Client| {
        client.secret_digest = None;
        client.jwks = Some(jwks);
        client.metadata.profile = Some("fapi2".into());
        fapi2::fill(client);
    };
    let client = house.client("c1", by_profile).await;
    (house, client, keys)
}

fn assertion(keys: &Ring, alg: SigningAlg, aud: Value, jti: &str) -> String {
    let now = START / SECOND;
    keys.sign(
        alg,
        Token::Id,
        &json!({"iss": "c1", "sub": "c1", "aud": aud, "exp": now + 60, "iat": now, "jti": jti}),
    )
    .unwrap()
}

async fn push(house: &House, assertion: &str, changes: &[(&str, &str)]) -> Answer {
    let mut form = vec![
        ("client_assertion_type", protocol::client_assertion::TYPE),
        ("client_assertion", assertion),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in changes {
        form.retain(|(own, _)| own != name);
        if !value.is_empty() {
            form.push((name, value));
        }
    }
    house.post("/oauth2/par", &form).await
}

// S9, S22, S55. fapi2-security-profile-final-par-test-array-as-audience-fails, …-par-test-par-endpoint-url-as-audience-fails,
// …-ensure-signed-client-assertion-with-RS256-fails, …-par-ensure-pkce-required
async fn a_client_of_fapi2_has_no_other_way() {
    let (house, client, keys) = furnished().await;
    // Not pushed.
    let plain = house.get(&authorize(&client, &[])).await;
    assert_eq!(plain.parameter("error").as_deref(), Some("invalid_request"));
    let good = |jti: &str| assertion(&keys, SigningAlg::PS256, json!(ISSUER), jti);
    let pushed = push(&house, &good("good"), &[]).await;
    assert_eq!(pushed.status, 201, "{}", pushed.body);
    // The audience is the issuer alone, as a string; RS256 is none of its algorithms.
    for (alg, aud) in [
        (SigningAlg::PS256, json!([ISSUER])),
        (SigningAlg::PS256, json!(format!("{ISSUER}/oauth2/par"))),
        (SigningAlg::RS256, json!(ISSUER)),
    ] {
        let refused = push(&house, &assertion(&keys, alg, aud.clone(), "bad"), &[]).await;
        assert_eq!(refused.error(), (401, "invalid_client".into()), "{alg:?} {aud}");
    }
    for (name, value) in [("code_challenge", ""), ("redirect_uri", ""), ("response_type", "code id_token")] {
        assert_eq!(push(&house, &good(name), &[(name, value)]).await.status, 400, "{name}");
    }
    // Its codes live a minute, whatever others' do; its tokens are for whoever holds a key.
    let user = house.person("u1").await;
    house.agree(&user, &client, "openid", None).await;
    house.sign_in(&user).await;
    let uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
    let answer = house.get(&format!("/oauth2/authorize?client_id=c1&request_uri={uri}")).await;
    let code = answer.parameter("code").unwrap();
    let row = house.core.store.code(&keyring::digest(code.as_bytes())).await.unwrap().unwrap();
    assert_eq!(row.expires_at - row.created_at, 60 * SECOND);
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", super::wire::VERIFIER),
        ("client_assertion_type", protocol::client_assertion::TYPE),
        ("client_assertion", &good("token")),
    ];
    assert_eq!(house.post("/oauth2/token", &form).await.error(), (400, "invalid_dpop_proof".into()));
}
on_both!(a_client_of_fapi2_has_no_other_way);

// S5, S6
async fn an_app_of_mcp_is_found_at_any_port() {
    let house = House::with(|policy: &mut Policy| policy.pkce = Pkce::Public).await;
    let by_profile = |client: &mut Client| {
        client.secret_digest = None;
        client.redirect_uris = vec!["http://localhost:1/cb".into(), "editor://cb".into()];
        client.grant_types = Vec::new();
        client.metadata.profile = Some("mcp".into());
        mcp::fill(client);
    };
    let client = house.client("app", by_profile).await;
    assert!(client.is_public());
    for uri in ["http://localhost:50123/cb", "editor://cb"] {
        let answer = house.get(&authorize(&client, &[("redirect_uri", uri)])).await;
        assert!(answer.location().starts_with("/login?"), "{uri}: {} {}", answer.status, answer.location());
    }
    let elsewhere = house.get(&authorize(&client, &[("redirect_uri", "http://localhost:1/other")])).await;
    assert_eq!((elsewhere.status.as_u16(), elsewhere.location()), (400, ""));
    let bare = [("redirect_uri", "editor://cb"), ("code_challenge", ""), ("code_challenge_method", "")];
    let answer = house.get(&authorize(&client, &bare)).await;
    assert_eq!(answer.parameter("error").as_deref(), Some("invalid_request"));
}
on_both!(an_app_of_mcp_is_found_at_any_port);
