//! Client assertions: only a registered key of the right kind counts.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use keyring::InvalidJwt;
use keyring::assertion::{BadKeySet, check_key_set, claimed_subject, verify};
use serde_json::{Value, json};

const ALGS: [&str; 4] = ["RS256", "PS256", "ES256", "EdDSA"];

struct Key {
    pair: EcdsaKeyPair,
    kid: &'static str,
}

impl Key {
    fn new(kid: &'static str) -> Key {
        Key { pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key"), kid }
    }

    fn jwk(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        json!({
            "kty": "EC", "crv": "P-256", "kid": self.kid, "use": "sig",
            "x": URL_SAFE_NO_PAD.encode(&point[1..33]), "y": URL_SAFE_NO_PAD.encode(&point[33..]),
        })
    }

    fn sign(&self, header: &Header, claims: &Value) -> String {
        let pkcs8 = self.pair.to_pkcs8v1().expect("an encoding");
        encode(header, claims, &EncodingKey::from_ec_der(pkcs8.as_ref())).expect("it signs")
    }

    fn header(&self) -> Header {
        Header { kid: Some(self.kid.into()), ..Header::new(Algorithm::ES256) }
    }
}

fn set(keys: &[Value]) -> String {
    json!({ "keys": keys }).to_string()
}

fn claims() -> Value {
    json!({ "iss": "c1", "sub": "c1", "aud": "https://op", "exp": 1_800_000_060, "iat": 1_800_000_000.5, "jti": "j" })
}

#[test]
fn a_registered_key_verifies() {
    let (key, other) = (Key::new("one"), Key::new("two"));
    let jwks = set(&[other.jwk(), key.jwk()]);
    let jwt = key.sign(&key.header(), &claims());
    assert_eq!(claimed_subject(&jwt).as_deref(), Some("c1"));
    let read = verify(&jwks, &jwt, &ALGS).expect("valid");
    assert_eq!((read.sub.as_str(), read.exp, read.iat), ("c1", 1_800_000_060, Some(1_800_000_000)));
    // Without a kid every key is tried.
    let nameless = key.sign(&Header { kid: None, ..key.header() }, &claims());
    assert!(verify(&jwks, &nameless, &ALGS).is_ok());
}

// S102 to S106
#[test]
fn everything_else_does_not() {
    let (key, other) = (Key::new("one"), Key::new("one"));
    let jwks = set(&[key.jwk()]);
    let check = |jwt: &str, algs: &[&str]| verify(&jwks, jwt, algs).map(drop);
    assert_eq!(check(&other.sign(&other.header(), &claims()), &ALGS), Err(InvalidJwt::Signature));
    let good = key.sign(&key.header(), &claims());
    assert_eq!(check(&good, &["PS256"]), Err(InvalidJwt::Algorithm));
    let kid = Header { kid: Some("nobody".into()), ..key.header() };
    assert_eq!(check(&key.sign(&kid, &claims()), &ALGS), Err(InvalidJwt::NoKey));
    let typ = Header { typ: Some("at+jwt".into()), ..key.header() };
    assert_eq!(check(&key.sign(&typ, &claims()), &ALGS), Err(InvalidJwt::Type));
    // A shared secret made of public things.
    let hs256 = encode(&Header::new(Algorithm::HS256), &claims(), &EncodingKey::from_secret(jwks.as_bytes()));
    assert_eq!(check(&hs256.expect("it signs"), &ALGS), Err(InvalidJwt::Algorithm));
    for (name, value) in
        [("exp", json!(-5)), ("exp", json!("x")), ("sub", json!(["c1"])), ("iat", json!(1e30))]
    {
        let mut claims = claims();
        claims[name] = value;
        assert_eq!(check(&key.sign(&key.header(), &claims), &ALGS), Err(InvalidJwt::Claims), "{name}");
    }
    assert_eq!(verify("not json", &good, &ALGS).map(drop), Err(InvalidJwt::NoKey));
    // A key that is registered for another algorithm, or for encryption.
    for (member, value) in [("alg", "ES384"), ("use", "enc")] {
        let mut jwk = key.jwk();
        jwk[member] = json!(value);
        assert_eq!(verify(&set(&[jwk]), &good, &ALGS).map(drop), Err(InvalidJwt::NoKey), "{member}");
    }
}

// S107: what may be registered.
#[test]
fn weak_and_private_keys_are_not_registered() {
    let key = Key::new("one");
    assert_eq!(check_key_set(&set(&[key.jwk()])), Ok(()));
    let with = |member: &str, value: &str| {
        let mut jwk = key.jwk();
        jwk[member] = json!(value);
        check_key_set(&set(&[jwk]))
    };
    assert_eq!(with("d", "AAAA"), Err(BadKeySet::Private));
    // Off the curve.
    assert_eq!(with("y", &URL_SAFE_NO_PAD.encode([7; 32])), Err(BadKeySet::Unsound("one".into())));
    assert_eq!(with("crv", "P-384"), Err(BadKeySet::NoUsableKey));
    assert_eq!(check_key_set("[]"), Err(BadKeySet::NotAKeySet));
    assert_eq!(check_key_set(r#"{"keys":[]}"#), Err(BadKeySet::NoUsableKey));
    let rsa = |bytes: usize, e: &[u8]| {
        let (n, e) = (URL_SAFE_NO_PAD.encode(vec![0xc5; bytes]), URL_SAFE_NO_PAD.encode(e));
        check_key_set(&set(&[json!({ "kty": "RSA", "kid": "r", "n": n, "e": e })]))
    };
    assert_eq!(rsa(256, &[1, 0, 1]), Ok(()));
    for (bytes, e) in [(128, &[1, 0, 1][..]), (256, &[3]), (256, &[1]), (256, &[]), (4096, &[1, 0, 1])] {
        assert_eq!(rsa(bytes, e), Err(BadKeySet::Unsound("r".into())), "{bytes} {e:?}");
    }
}

#[test]
fn another_curve_is_another_algorithm() {
    let pair = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).expect("a key");
    let pkcs8 = pair.to_pkcs8v1().expect("an encoding");
    let header = Header::new(Algorithm::ES384);
    let jwt = encode(&header, &claims(), &EncodingKey::from_ec_der(pkcs8.as_ref())).expect("it signs");
    assert_eq!(verify(&set(&[Key::new("one").jwk()]), &jwt, &ALGS).map(drop), Err(InvalidJwt::Algorithm));
}
