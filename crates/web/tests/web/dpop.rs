//! Tokens that only the holder of a key may use.

use actix_web::test::TestRequest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyring::AccessClaims;
use protocol::{Confirmation, SECOND};
use serde_json::{Value, json};
use web::paths;

use crate::bearer::{Said, ask};
use crate::house::{House, ISSUER, NOW};

struct Holder(EcdsaKeyPair);

impl Holder {
    fn new() -> Holder {
        Holder(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    fn jwk(&self) -> Value {
        let (x, y) = self.0.public_key().as_ref()[1..].split_at(32);
        json!({"kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y)})
    }

    fn jkt(&self) -> String {
        let jwk = self.jwk();
        let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":{},"y":{}}}"#, jwk["x"], jwk["y"]);
        encode(&keyring::digest(canonical.as_bytes()))
    }

    /// A proof for the profile, with some claims changed.
    fn proof(&self, house: &House, token: &str, changes: &[(&str, Value)]) -> String {
        let mut claims = json!({
            "jti": house.core.random.id(), "htm": "GET", "htu": format!("{ISSUER}{}", paths::PROFILE),
            "iat": NOW / SECOND, "ath": encode(&keyring::digest(token.as_bytes())),
        });
        for (name, value) in changes {
            claims[name] = value.clone();
        }
        let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk()});
        let signed =
            format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", encode(signature.as_ref()))
    }
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

async fn bound(house: &House, confirmation: Confirmation) -> String {
    let grant = house.grant("u1", "openid profile").await;
    house.sign(&AccessClaims { cnf: Some(confirmation), ..house.claims(&grant) })
}

async fn show(house: &House, scheme: &str, token: &str, proof: Option<&str>) -> Said {
    let mut request =
        TestRequest::get().uri(paths::PROFILE).insert_header(("authorization", format!("{scheme} {token}")));
    if let Some(proof) = proof {
        request = request.insert_header(("dpop", proof));
    }
    ask(house, request).await
}

// S85: fapi2-security-profile-final-happy-flow
#[actix_web::test]
async fn only_the_holder_of_the_key_may_use_it() {
    for house in [House::new().await, House::new().await.with_cache().await] {
        let (holder, other) = (Holder::new(), Holder::new());
        let token = bound(&house, Confirmation::of_key(holder.jkt())).await;
        for scheme in ["DPoP", "dpop", "DPOP"] {
            let proof = holder.proof(&house, &token, &[]);
            assert_eq!(show(&house, scheme, &token, Some(&proof)).await, (200, String::new(), "u1".into()));
            let again = show(&house, scheme, &token, Some(&proof)).await;
            assert_eq!((again.0, again.2.as_str()), (401, "invalid_dpop_proof"), "a proof is good once");
        }
        let proof = holder.proof(&house, &token, &[]);
        for (scheme, proof) in [("Bearer", None), ("Bearer", Some(proof.as_str())), ("DPoP", None)] {
            let said = show(&house, scheme, &token, proof).await;
            assert_eq!((said.0, said.2.as_str()), (401, "invalid_token"), "{scheme}");
            assert!(said.1.starts_with(scheme) && said.1.contains(r#"error="invalid_token""#), "{}", said.1);
        }
        let by_other = other.proof(&house, &token, &[]);
        let said = show(&house, "DPoP", &token, Some(&by_other)).await;
        assert_eq!((said.0, said.2.as_str()), (401, "invalid_token"));
        for (claim, value) in [
            ("ath", json!("of another")),
            ("ath", Value::Null),
            ("htm", json!("POST")),
            ("htu", json!(format!("{ISSUER}{}", paths::USERINFO))),
            ("iat", json!(NOW / SECOND - 100)),
        ] {
            let proof = holder.proof(&house, &token, &[(claim, value)]);
            let said = show(&house, "DPoP", &token, Some(&proof)).await;
            assert_eq!((said.0, said.2.as_str()), (401, "invalid_dpop_proof"), "{claim}");
            assert!(
                said.1.starts_with(r#"DPoP algs="ES256 EdDSA PS256", error="invalid_dpop_proof""#),
                "{}",
                said.1
            );
        }
        // One that is bound to nobody is not made better by a proof.
        let free = house.token("u1", "profile").await;
        let proof = holder.proof(&house, &free, &[]);
        let said = show(&house, "DPoP", &free, Some(&proof)).await;
        assert_eq!((said.0, said.2.as_str()), (401, "invalid_token"));
        assert_eq!(show(&house, "Bearer", &free, None).await.0, 200);
    }
}

// RFC 8705, section 3: without its certificate it opens nothing.
#[actix_web::test]
async fn a_token_that_is_bound_to_a_certificate_needs_it() {
    let house = House::new().await;
    let token = bound(&house, Confirmation::of_certificate("of-some-certificate")).await;
    let proof = Holder::new().proof(&house, &token, &[]);
    assert_eq!(show(&house, "Bearer", &token, None).await.0, 401);
    assert_eq!(show(&house, "DPoP", &token, Some(&proof)).await.0, 401);
}

// RFC 9449, section 9
#[actix_web::test]
async fn a_nonce_is_asked_for_here_too() {
    let house = House::with(|core| core.limits.dpop_nonces = true).await;
    let holder = Holder::new();
    let token = bound(&house, Confirmation::of_key(holder.jkt())).await;
    let proof = holder.proof(&house, &token, &[]);
    let said = show(&house, "DPoP", &token, Some(&proof)).await;
    assert_eq!((said.0, said.2.as_str()), (401, "use_dpop_nonce"));
    assert!(said.1.contains(r#"error="use_dpop_nonce""#), "{}", said.1);
    let proof = holder.proof(&house, &token, &[("nonce", json!(house.core.dpop_nonce()))]);
    assert_eq!(show(&house, "DPoP", &token, Some(&proof)).await.0, 200);
}
