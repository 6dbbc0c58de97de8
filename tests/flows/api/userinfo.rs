//! `/api/auth/userinfo` for clients that want it signed, encrypted or both.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement::{self, ECDH_P256, PrivateKey, UnparsedPublicKey},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use serde_json::{Value, json};
use tests::{Answer, App, House, on_both};

/// The kind of the answer, and what it is.
async fn ask(house: &House, token: &str) -> (String, String) {
    let answer = house.http.get(house.url("/api/auth/userinfo")).bearer_auth(token).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["cache-control"]),
        (200, &"no-store".parse().unwrap())
    );
    let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
    (kind, answer.text().await.unwrap())
}

/// What it says, once its signature holds.
async fn verified(house: &House, jwt: &str, alg: Algorithm, app: &App) -> Value {
    let set = house.http.get(house.url("/oauth2/jwks.json")).send().await.unwrap().text().await.unwrap();
    let set: JwkSet = serde_json::from_str(&set).unwrap();
    let kid = jsonwebtoken::decode_header(jwt).unwrap().kid.unwrap();
    let key = DecodingKey::from_jwk(set.find(&kid).expect("a published key")).unwrap();
    let mut validation = Validation::new(alg);
    validation.set_required_spec_claims(&["iss", "aud", "sub"]);
    validation.validate_exp = false;
    validation.set_audience(&[&app.client_id]);
    validation.set_issuer(&[&house.issuer]);
    jsonwebtoken::decode::<Value>(jwt, &key, &validation).expect("a good signature").claims
}

async fn change(house: &House, app: &App, change: impl FnOnce(&mut protocol::Client)) {
    let mut client = (*house.store().client(&app.client_id).await.unwrap().unwrap()).clone();
    change(&mut client);
    protocol::registration::check(&client).unwrap();
    assert!(house.store().update_client(client).await.unwrap());
}

fn bytes(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// Header and content of a JWE by ECDH-ES and A256GCM, as RFC 7518 says.
fn opened(jwe: &str, key: &PrivateKey) -> (Value, String) {
    let parts: Vec<&str> = jwe.split('.').collect();
    let header: Value = serde_json::from_slice(&bytes(parts[0])).unwrap();
    let coordinate = |name: &str| bytes(header["epk"][name].as_str().unwrap());
    let theirs = [vec![4], coordinate("x"), coordinate("y")].concat();
    let agreed = agreement::agree(key, UnparsedPublicKey::new(&ECDH_P256, theirs), "no agreement", |z| {
        let info = [&7_u32.to_be_bytes()[..], b"A256GCM", &[0; 8], &256_u32.to_be_bytes()].concat();
        Ok(keyring::digest(&[&1_u32.to_be_bytes(), z, &info].concat()))
    });
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &agreed.unwrap()).unwrap());
    let mut sealed = [bytes(parts[3]), bytes(parts[4])].concat();
    let nonce = Nonce::try_assume_unique_for_key(&bytes(parts[2])).unwrap();
    let clear = key.open_in_place(nonce, Aad::from(parts[0].as_bytes()), &mut sealed).unwrap();
    (header, String::from_utf8(clear.to_vec()).unwrap())
}

on_both! {
    /// S84: oidcc-userinfo-rs256
    async fn it_is_signed_for_clients_that_registered_that(house: &House) {
        let person = house.person("grace@example.org").await;
        let app = house.app("signing").await;
        for alg in ["RS256", "PS256", "ES256", "EdDSA"] {
            change(house, &app, |client| client.metadata.userinfo_signed_response_alg = Some(alg.into())).await;
            let tokens = app.tokens(&person, "openid email").await;
            let token = tokens["access_token"].as_str().unwrap();
            let (kind, jwt) = ask(house, token).await;
            assert_eq!(kind, "application/jwt");
            let said = verified(house, &jwt, alg.parse().unwrap(), &app).await;
            let sub = App::claims(tokens["id_token"].as_str().unwrap())["sub"].clone();
            assert_eq!((&said["sub"], &said["email"]), (&sub, &json!("grace@example.org")));
            // Made once, given as often as it is asked for.
            assert_eq!(ask(house, token).await, (kind, jwt));
        }
        // What the client wants now is what it gets, with the token that it had before.
        change(house, &app, |client| client.metadata.userinfo_signed_response_alg = None).await;
        let token = app.tokens(&person, "openid").await["access_token"].as_str().unwrap().to_owned();
        assert_eq!(ask(house, &token).await.0, "application/json");
        change(house, &app, |client| client.metadata.userinfo_signed_response_alg = Some("ES256".into())).await;
        assert_eq!(ask(house, &token).await.0, "application/jwt");
    }

    /// Nothing that is to be encrypted leaves in clear, not even where there is no key.
    async fn it_is_encrypted_or_not_sent(house: &House) {
        let person = house.person("grace@example.org").await;
        let app = house.app("reading").await;
        let key = PrivateKey::generate(&ECDH_P256).unwrap();
        let public = key.compute_public_key().unwrap();
        let (x, y) = public.as_ref()[1..].split_at(32);
        let [x, y] = [x, y].map(|coordinate| URL_SAFE_NO_PAD.encode(coordinate));
        let jwk = json!({ "kty": "EC", "crv": "P-256", "use": "enc", "kid": "enc", "x": x, "y": y });
        let jwks = json!({ "keys": [jwk] }).to_string();
        change(house, &app, |client| {
            client.jwks = Some(jwks);
            let metadata = &mut client.metadata;
            metadata.userinfo_encrypted_response_alg = Some("ECDH-ES".into());
            metadata.userinfo_encrypted_response_enc = Some("A256GCM".into());
            metadata.id_token_encrypted_response_alg = Some("ECDH-ES".into());
            metadata.id_token_encrypted_response_enc = Some("A256GCM".into());
        })
        .await;
        let tokens = app.tokens(&person, "openid email").await;
        let (header, id_token) = opened(tokens["id_token"].as_str().unwrap(), &key);
        assert_eq!((&header["cty"], &header["kid"]), (&json!("JWT"), &json!("enc")));
        let said = verified(house, &id_token, Algorithm::RS256, &app).await;
        let token = tokens["access_token"].as_str().unwrap();
        let (kind, jwe) = ask(house, token).await;
        let (header, clear) = opened(&jwe, &key);
        assert_eq!((kind.as_str(), header.get("cty")), ("application/jwt", None));
        assert_eq!(serde_json::from_str::<Value>(&clear).unwrap()["sub"], said["sub"]);

        // Signed as well: a nested JWT.
        change(house, &app, |client| client.metadata.userinfo_signed_response_alg = Some("PS256".into())).await;
        let (header, nested) = opened(&ask(house, token).await.1, &key);
        assert_eq!(header["cty"], "JWT");
        assert_eq!(verified(house, &nested, Algorithm::PS256, &app).await["email"], "grace@example.org");

        // A set without a key that fits: the code is spent, and nobody gets anything.
        change(house, &app, |client| {
            client.metadata.id_token_encrypted_response_alg = Some("RSA-OAEP-256".into());
            client.metadata.userinfo_encrypted_response_alg = Some("RSA-OAEP-256".into());
        })
        .await;
        let code = app.code(&person, "openid email").await;
        app.redeem(&code).await.expect_error(400, "invalid_request");
        let refused = Answer::of(house.http.get(house.url("/api/auth/userinfo")).bearer_auth(token)).await;
        assert!(refused.status == 400 && !refused.body.to_string().contains("grace@"), "{refused:?}");
    }
}
