//! JWTs of every kind, and key sets: nothing that was not signed verifies, and no key set makes us panic.

use std::sync::OnceLock;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use keyring::rotation::{Rules, Step, plan};
use keyring::{
    MasterKey, Random, Ring, Token, assertion, dpop, encrypt, generate, jwks, jwt, request_object,
};
use protocol::{ContentEncryption, Encryption, KeyEncryption, SigningAlg, client};

const ISSUER: &str = "https://op.example";
const NOW: i64 = 1_800_000_000_000_000;

const HEADER: &[&str] = &[
    "{",
    "}",
    ",",
    ":",
    r#""alg""#,
    r#""ES256""#,
    r#""none""#,
    r#""HS256""#,
    r#""PS256""#,
    r#""typ""#,
    r#""at+jwt""#,
    r#""dpop+jwt""#,
    r#""JWT""#,
    r#""kid""#,
    r#""jwk""#,
    r#""crit""#,
    r#""kty":"EC","crv":"P-256","#,
    r#""x":"AA""#,
    "[",
    "]",
    r#"{"alg":"ES256","typ":"at+jwt","kid":"abcdefghijklmnopqrstuvwxyz"}"#,
    r#"{"alg":"none"}"#,
];

/// A key set that is good.
const SOUND: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;

const SET: &[&str] = &[
    r#"{"keys":["#,
    "]}",
    "{",
    "}",
    ",",
    r#""kty":"RSA""#,
    r#""kty":"EC""#,
    r#""kty":"OKP""#,
    r#""crv":"P-256""#,
    r#""crv":"Ed25519""#,
    r#""crv":"X25519""#,
    r#""n":""#,
    r#""e":"AQAB""#,
    r#""x":""#,
    r#""y":""#,
    "AQAB",
    "_____",
    "\"",
    r#""use":"enc""#,
    r#""use":"sig""#,
    r#""alg":"RSA-OAEP-256""#,
    r#""kid":"a""#,
    r#""d":"AA""#,
    SOUND,
    r#"{"keys":[{"kty":"OKP","crv":"X25519","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}"#,
];

fn ring() -> &'static Ring {
    static RING: OnceLock<Ring> = OnceLock::new();
    RING.get_or_init(|| {
        let (master, random) = (MasterKey::from_bytes(&[6; 32]), Random::seeded(6));
        let made = plan(&[], &Rules::default(), NOW).into_iter().map(|step| match step {
            Step::Create { purpose, state } => generate(purpose, &master, &random).at(state, NOW),
            other => panic!("{other:?}"),
        });
        let ring = Ring::new(ISSUER, master.clone());
        ring.replace(&made.collect::<Vec<_>>()).unwrap();
        ring
    })
}

/// Three parts of which the first is JSON, most of the time.
fn compact(text: &str) -> String {
    let claims =
        r#"{"iss":"https://op.example","sub":"s","aud":"c1","exp":1900000000,"iat":1800000000,"jti":"j"}"#;
    format!(
        "{}.{}.{}",
        URL_SAFE_NO_PAD.encode(text),
        URL_SAFE_NO_PAD.encode(claims),
        URL_SAFE_NO_PAD.encode([1; 64])
    )
}

// S102 to S106, S109
#[test]
fn what_nobody_signed_verifies_nowhere() {
    let set = SOUND;
    jwks::check_key_set(set).unwrap();
    fuzz!(HEADER, |text| {
        for jwt in [text.to_owned(), compact(text)] {
            assert!(ring().verify_access_token(&jwt, NOW).is_err());
            assert!(ring().verify_id_token_hint(&jwt).is_err());
            assert!(assertion::verify(set, &jwt, &client::ASSERTION_ALGS).is_err());
            assert!(dpop::verify(&jwt, &client::ASSERTION_ALGS).is_err());
            assert!(request_object::verify(set, &jwt, &client::ASSERTION_ALGS).is_err());
            let _ = (request_object::unsigned(&jwt), assertion::claimed_subject(&jwt));
            let kid = jwt::own_kid(&jwt);
            assert!(
                kid.is_none_or(|kid| kid.len() == 26 && kid.bytes().all(|byte| byte.is_ascii_alphanumeric()))
            );
        }
    });
}

/// One of ours with some of its bytes changed.
#[test]
fn what_was_changed_verifies_nowhere() {
    let claims = serde_json::json!({
        "iss": ISSUER, "sub": "person", "aud": ISSUER, "client_id": "c1", "jti": "t1", "iat": NOW / 1_000_000,
        "exp": NOW / 1_000_000 + 600, "scope": "openid",
    });
    let token = ring().sign(SigningAlg::ES256, Token::Access, &claims).unwrap();
    assert!(ring().verify_access_token(&token, NOW).is_ok());
    bolero::check!().with_test_time(crate::EACH).with_iterations(usize::MAX).for_each(|changes: &[u8]| {
        let mut bytes = token.clone().into_bytes();
        for change in changes.chunks_exact(3) {
            let at = usize::from(u16::from_be_bytes([change[0], change[1]])) % bytes.len();
            bytes[at] = change[2] & 0x7f;
        }
        let changed = String::from_utf8(bytes).unwrap();
        assert!(changed == token || ring().verify_access_token(&changed, NOW).is_err(), "{changed}");
    });
}

// S78, S107
#[test]
fn key_sets() {
    let random = Random::seeded(8);
    fuzz!(SET, |text| {
        let sound = jwks::check_key_set(text).is_ok();
        assert!(!sound || !text.contains(r#""d":"#), "{text}");
        for alg in KeyEncryption::ALL {
            let how = Encryption { alg, enc: ContentEncryption::A256Gcm };
            let sealed = encrypt::encrypt(text, how, b"{}", false, &random);
            assert!(sealed.is_err() || encrypt::has_key_for(text, alg));
        }
        let _ = assertion::verify(text, &compact(r#"{"alg":"ES256"}"#), &client::ASSERTION_ALGS);
    });
}
