//! A client's own key (P-256), and what a client signs with it: assertions (RFC 7523), request objects (RFC 9101), DPoP proofs
//! (RFC 9449).

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// For `token_endpoint_auth_method: private_key_jwt`.
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

pub struct ClientKey {
    pair: EcdsaKeyPair,
    kid: String,
}

impl ClientKey {
    pub fn new(kid: &str) -> Self {
        let alg = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(alg, &SystemRandom::new()).unwrap();
        Self { pair: EcdsaKeyPair::from_pkcs8(alg, pkcs8.as_ref()).unwrap(), kid: kid.to_owned() }
    }

    /// The public key: `kty`, `crv`, `x`, `y` and nothing else.
    pub fn bare_jwk(&self) -> Value {
        // 0x04, then the coordinates (SEC 1, 2.3.3).
        let point = self.pair.public_key().as_ref();
        json!({ "kty": "EC", "crv": "P-256", "x": encode(&point[1..33]), "y": encode(&point[33..]) })
    }

    /// As a registration has it.
    pub fn jwk(&self) -> Value {
        let mut jwk = self.bare_jwk();
        jwk["kid"] = json!(self.kid);
        jwk["alg"] = json!("ES256");
        jwk["use"] = json!("sig");
        jwk
    }

    pub fn jwks(&self) -> Value {
        json!({ "keys": [self.jwk()] })
    }

    /// RFC 7638.
    pub fn thumbprint(&self) -> String {
        let jwk = self.bare_jwk();
        let [x, y] = ["x", "y"].map(|name| jwk[name].as_str().unwrap().to_owned());
        let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        encode(&keyring::digest(canonical.as_bytes()))
    }

    /// A token of any kind, by `kid`.
    pub fn sign(&self, typ: &str, claims: &Value) -> String {
        self.sign_with(&json!({ "typ": typ, "alg": "ES256", "kid": self.kid }), claims)
    }

    /// With whatever header a test wants to try.
    pub fn sign_with(&self, header: &Value, claims: &Value) -> String {
        let signed =
            format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", encode(signature.as_ref()))
    }

    /// `now` in Unix seconds, here and below.
    pub fn assertion(&self, client_id: &str, audience: &str, now: i64) -> String {
        let claims = json!({ "iss": client_id, "sub": client_id, "aud": audience, "jti": unique(), "iat": now, "exp": now + 60 });
        self.sign("JWT", &claims)
    }

    /// A proof for one request; `token` is the access token that comes with it.
    pub fn dpop(&self, method: &str, url: &str, token: Option<&str>, now: i64) -> String {
        let mut claims = json!({ "htm": method, "htu": url, "jti": unique(), "iat": now });
        if let Some(token) = token {
            claims["ath"] = json!(encode(&keyring::digest(token.as_bytes())));
        }
        self.proof(&claims)
    }

    /// A proof that says whatever a test wants to try.
    pub fn proof(&self, claims: &Value) -> String {
        self.sign_with(&json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": self.bare_jwk() }), claims)
    }
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn unique() -> String {
    keyring::Random::system().id()
}
