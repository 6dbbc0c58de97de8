//! Somebody who holds a key, and proves it with each request.

use actix_web::test::TestRequest;
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use protocol::{Client, SECOND};
use serde_json::{Value, json};

use super::{
    house::{House, ISSUER},
    wire::{Answer, basic, post},
};

pub struct Holder(EcdsaKeyPair);

impl Holder {
    pub fn new() -> Holder {
        Holder(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    pub fn jwk(&self) -> Value {
        let (x, y) = self.0.public_key().as_ref()[1..].split_at(32);
        json!({"kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y)})
    }

    pub fn jkt(&self) -> String {
        let jwk = self.jwk();
        let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":{},"y":{}}}"#, jwk["x"], jwk["y"]);
        encode(&keyring::digest(canonical.as_bytes()))
    }

    /// A proof for a request of now, with some claims changed.
    pub fn proof(&self, house: &House, method: &str, path: &str, changes: &[(&str, Value)]) -> String {
        let mut claims = json!({
            "jti": house.core.random.id(), "htm": method, "htu": format!("{ISSUER}{path}"),
            "iat": house.core.now() / SECOND,
        });
        for (name, value) in changes {
            claims[name] = value.clone();
        }
        self.sign(&json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk()}), &claims)
    }

    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let signed =
            format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", encode(signature.as_ref()))
    }

    /// Asks the token endpoint as `client`, with a proof.
    pub async fn token(&self, house: &House, client: &Client, form: &[(&str, &str)]) -> Answer {
        let proof = self.proof(house, "POST", "/oauth2/token", &[]);
        ask(house, client, form, &proof).await
    }
}

pub async fn ask(house: &House, client: &Client, form: &[(&str, &str)], proof: &str) -> Answer {
    house.anonymous(request("/oauth2/token", client, form).insert_header(("dpop", proof))).await
}

pub fn request(path: &str, client: &Client, form: &[(&str, &str)]) -> TestRequest {
    let mut form = form.to_vec();
    if client.is_public() {
        form.push(("client_id", &client.id));
        return post(path, &form);
    }
    post(path, &form).insert_header(("authorization", basic(&client.id)))
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
