//! The ring from outside: what it signs, what it publishes, what it refuses.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyring::rotation::{Rules, Step, plan, rotate};
use keyring::{InvalidJwt, KeyRow, MasterKey, Purpose, Random, Ring, State, Token, generate};
use protocol::{SECOND, SigningAlg};
use serde_json::{Value, json};

const ISSUER: &str = "https://op.example";
const NOW: i64 = 1_800_000_000;

struct House {
    master: MasterKey,
    random: Random,
    rows: Vec<KeyRow>,
    ring: Ring,
}

impl House {
    fn new() -> House {
        let random = Random::seeded(5);
        let master = MasterKey::from_bytes(&random.bytes());
        let ring = Ring::new(ISSUER, master.clone());
        let mut house = House { master, random, rows: Vec::new(), ring };
        let steps = plan(&[], &Rules::default(), NOW * SECOND);
        house.take(steps, NOW);
        house
    }

    /// What `visage` does with the steps of a plan.
    fn take(&mut self, steps: Vec<Step>, now: i64) {
        let now = now * SECOND;
        for step in steps {
            match step {
                Step::Create { purpose, state } => {
                    self.rows.push(generate(purpose, &self.master, &self.random).at(state, now));
                }
                Step::Promote { id } => {
                    let row = self.row(&id);
                    (row.state, row.current_at) = (State::Current, Some(now));
                }
                Step::Retire { id } => {
                    let row = self.row(&id);
                    (row.state, row.retired_at) = (State::Previous, Some(now));
                }
                Step::Remove { id } => self.rows.retain(|row| row.id != id),
            }
        }
        self.ring.replace(&self.rows).expect("the ring takes the rows");
    }

    fn row(&mut self, id: &str) -> &mut KeyRow {
        self.rows.iter_mut().find(|row| row.id == id).expect("the row of a step")
    }

    fn access_token(&self, alg: SigningAlg, claims: &Value) -> String {
        self.ring.sign(alg, Token::Access, claims).expect("it signs")
    }

    fn verify(&self, token: &str) -> Result<keyring::AccessClaims, InvalidJwt> {
        self.ring.verify_access_token(token, NOW * SECOND)
    }

    fn published(&self) -> Vec<Value> {
        let set: Value = serde_json::from_slice(&self.ring.jwks_json()).expect("JSON");
        set["keys"].as_array().expect("a list").clone()
    }
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "person", "aud": ISSUER, "client_id": "c1", "jti": "t1",
        "iat": NOW, "exp": NOW + 600, "scope": "openid profile", "gid": "g1",
    })
}

fn header(token: &str) -> Value {
    let part = token.split('.').next().expect("a header");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

fn with_header(token: &str, header: &Value) -> String {
    let rest = token.split_once('.').expect("three parts").1;
    format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string()))
}

// S92
#[test]
fn only_public_halves_are_published() {
    let house = House::new();
    let keys = house.published();
    assert_eq!(keys.len(), 8, "current and next of four algorithms");
    let kids: HashSet<&str> = keys.iter().map(|key| key["kid"].as_str().expect("kid")).collect();
    assert_eq!(kids.len(), keys.len());
    for key in &keys {
        assert_eq!(key["use"], "sig");
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(key.get(private).is_none(), "{private}");
        }
        let bytes = |member: &str| URL_SAFE_NO_PAD.decode(key[member].as_str().expect(member)).expect(member);
        match key["alg"].as_str().expect("alg") {
            "RS256" | "PS256" => assert!(bytes("n").len() >= 256),
            "ES256" => assert_eq!((bytes("x").len(), bytes("y").len()), (32, 32)),
            "EdDSA" => assert_eq!(bytes("x").len(), 32),
            other => panic!("{other}"),
        }
    }
    let current: Vec<_> = keys.iter().take(4).map(|key| key["kid"].as_str().expect("kid")).collect();
    for row in house.rows.iter().filter(|row| row.state == State::Current) {
        if matches!(row.purpose, Purpose::Signing(_)) {
            assert!(current.contains(&row.id.as_str()), "current keys come first");
            let jwk: Value = serde_json::from_str(&row.public_jwk).expect("JSON");
            assert!(keys.contains(&jwk), "the row says what is published");
        }
    }
}

// S69, S70: what is signed names its key and says what it is.
#[test]
fn every_algorithm_signs_what_it_verifies() {
    let house = House::new();
    for alg in SigningAlg::ALL {
        let token = house.access_token(alg, &claims());
        assert_eq!(house.verify(&token).expect("valid").gid.as_deref(), Some("g1"));
        let header = header(&token);
        assert_eq!((header["alg"].as_str(), header["typ"].as_str()), (Some(alg.as_str()), Some("at+jwt")));
        assert!(house.published().iter().any(|key| key["kid"] == header["kid"]));
    }
}

// S70, S103: no kind of token is taken for another.
#[test]
fn kinds_do_not_cross() {
    let house = House::new();
    let id_token = house.ring.sign(SigningAlg::RS256, Token::Id, &claims()).expect("it signs");
    assert_eq!(house.verify(&id_token), Err(InvalidJwt::Type));
    let access_token = house.access_token(SigningAlg::ES256, &claims());
    assert_eq!(house.ring.verify_id_token_hint(&access_token), Err(InvalidJwt::Type));
    assert_eq!(house.ring.verify_id_token_hint(&id_token).expect("ours").sub, "person");
}

// S17: an ID token that expired long ago still says who it was about; a foreign one does not.
#[test]
fn a_hint_may_have_expired() {
    let house = House::new();
    let hint = |claims: &Value| {
        let token = house.ring.sign(SigningAlg::RS256, Token::Id, claims).expect("it signs");
        house.ring.verify_id_token_hint(&token).map(|hint| hint.sub)
    };
    let old = json!({ "iss": ISSUER, "sub": "person", "aud": ["c1"], "iat": 1000, "exp": 2000 });
    assert_eq!(hint(&old).as_deref(), Ok("person"));
    let foreign = json!({ "iss": "https://x.example", "sub": "person", "aud": "c1", "iat": 1, "exp": 2 });
    assert_eq!(hint(&foreign), Err(InvalidJwt::Claims));
}

// S102, S104, S105: nothing that a header says is followed.
#[test]
fn headers_are_not_believed() {
    let house = House::new();
    let token = house.access_token(SigningAlg::ES256, &claims());
    let kid = header(&token)["kid"].clone();
    let rsa = header(&house.access_token(SigningAlg::RS256, &claims()))["kid"].clone();
    for (header, expected) in [
        (json!({ "alg": "none", "typ": "at+jwt", "kid": kid }), InvalidJwt::Algorithm),
        (json!({ "alg": "HS256", "typ": "at+jwt", "kid": kid }), InvalidJwt::Algorithm),
        (json!({ "alg": "ES384", "typ": "at+jwt", "kid": kid }), InvalidJwt::Algorithm),
        (json!({ "alg": "RS256", "typ": "at+jwt", "kid": kid }), InvalidJwt::Algorithm),
        (json!({ "alg": "ES256", "typ": "at+jwt", "kid": rsa }), InvalidJwt::Algorithm),
        (json!({ "alg": "ES256", "typ": "at+jwt", "kid": kid, "crit": ["exp"] }), InvalidJwt::Critical),
        (json!({ "alg": "ES256", "typ": "at+jwt", "kid": kid, "b64": false }), InvalidJwt::Critical),
        (json!({ "alg": "ES256", "kid": kid }), InvalidJwt::Type),
        (json!({ "alg": "ES256", "typ": "dpop+jwt", "kid": kid }), InvalidJwt::Type),
        (json!({ "alg": "ES256", "typ": "at+jwt" }), InvalidJwt::NoKey),
        (json!({ "alg": "ES256", "typ": "at+jwt", "kid": "../../etc/passwd" }), InvalidJwt::NoKey),
        (json!({ "alg": "ES256", "typ": "at+jwt", "kid": "' OR 1=1 --\u{0}" }), InvalidJwt::NoKey),
        (json!({ "alg": "ES256", "typ": "at+jwt", "kid": "k".repeat(8000) }), InvalidJwt::NoKey),
        (
            json!({ "alg": "ES256", "typ": "at+jwt", "kid": kid, "jku": "https://x.example/", "x5u": "https://x.example/" }),
            InvalidJwt::Signature,
        ),
        (json!({ "alg": "ES256", "typ": "application/AT+JWT", "kid": kid }), InvalidJwt::Signature),
    ] {
        assert_eq!(house.verify(&with_header(&token, &header)), Err(expected), "{header}");
    }
}

// S106
#[test]
fn claims_are_required_and_sane() {
    let house = House::new();
    let changed = |name: &str, value: Value| {
        let mut claims = claims();
        match value {
            Value::Null => drop(claims.as_object_mut().expect("an object").remove(name)),
            value => claims[name] = value,
        }
        house.verify(&house.access_token(SigningAlg::ES256, &claims))
    };
    for name in ["iss", "sub", "aud", "client_id", "jti", "iat", "exp", "scope"] {
        assert_eq!(changed(name, Value::Null), Err(InvalidJwt::Claims), "{name} is missing");
        assert_eq!(changed(name, json!({ "a": 1 })), Err(InvalidJwt::Claims), "{name} is an object");
    }
    for exp in [json!(-1), json!(u64::MAX), json!(i64::MAX), json!("soon"), json!(1e300)] {
        assert_eq!(changed("exp", exp.clone()), Err(InvalidJwt::Claims), "{exp}");
    }
    assert_eq!(changed("exp", json!(NOW)), Err(InvalidJwt::Expired));
    assert!(changed("exp", json!(NOW + 1)).is_ok());
    assert!(changed("iat", json!(NOW + 60)).is_ok(), "F27: another node's clock");
    assert_eq!(changed("iat", json!(NOW + 61)), Err(InvalidJwt::NotYet));
    assert_eq!(changed("iss", json!("https://op.example/")), Err(InvalidJwt::Claims));
    assert!(changed("aud", json!(["https://api.example", ISSUER])).expect("valid").aud.contains(ISSUER));
}

// S109
#[test]
fn long_and_deep_tokens_are_refused() {
    let house = House::new();
    assert_eq!(house.verify(&"a".repeat(17 * 1024)), Err(InvalidJwt::TooLong));
    for token in ["", "..", "a.b", "a.b.c.d", "é.é.é"] {
        assert_eq!(house.verify(token), Err(InvalidJwt::Malformed), "{token}");
    }
    let deep = format!("{}1{}", "[".repeat(3000), "]".repeat(3000));
    let token = format!("{}.{}.AA", URL_SAFE_NO_PAD.encode(&deep), URL_SAFE_NO_PAD.encode(&deep));
    assert_eq!(house.verify(&token), Err(InvalidJwt::Malformed));
}

#[test]
fn one_changed_character_is_enough() {
    let house = House::new();
    let token = house.access_token(SigningAlg::EdDSA, &claims());
    for at in (0..token.len()).step_by(7) {
        let mut bytes = token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        assert!(house.verify(&String::from_utf8(bytes).expect("ASCII")).is_err(), "at {at}");
    }
    assert!(house.verify(&token[..token.len() - 4]).is_err());
}

// S93: tokens before and after a rotation verify, with a copy of the JWKS from before it too.
#[test]
fn a_rotation_fails_nobody() {
    let mut house = House::new();
    let before = house.access_token(SigningAlg::ES256, &claims());
    let copy = house.published();
    house.take(rotate(&house.rows, Purpose::Signing(SigningAlg::ES256)), NOW + 1);
    let after = house.access_token(SigningAlg::ES256, &claims());
    assert_ne!(header(&before)["kid"], header(&after)["kid"]);
    assert!(house.verify(&before).is_ok() && house.verify(&after).is_ok());
    assert!(copy.iter().any(|key| key["kid"] == header(&after)["kid"]), "the next key was published before");
    assert_eq!(house.published().len(), 9);

    // When nothing that it signed can be shown any more, the old key goes.
    let later = NOW + 8 * 24 * 3600;
    house.take(plan(&house.rows, &Rules::default(), later * SECOND), later);
    assert_eq!(house.published().len(), 8);
    assert_eq!(house.verify(&before), Err(InvalidJwt::NoKey));
}

#[test]
fn cookies_survive_a_rotation_of_their_key() {
    let mut house = House::new();
    let mac = house.ring.cookie_mac("csrf", b"browser");
    house.take(rotate(&house.rows, Purpose::Cookie), NOW + 1);
    assert!(house.ring.verify_cookie_mac("csrf", b"browser", &mac));
    assert_ne!(house.ring.cookie_mac("csrf", b"browser"), mac);
    for (purpose, value, given) in [
        ("csr", &b"fbrowser"[..], mac.as_str()),
        ("csrf", b"other", &mac),
        ("device", b"browser", &mac),
        ("csrf", b"browser", ""),
        ("csrf", b"browser", "%%%"),
    ] {
        assert!(!house.ring.verify_cookie_mac(purpose, value, given));
    }
}

#[test]
fn pairwise_subjects_are_stable_and_differ_by_sector() {
    let mut house = House::new();
    let subject = |house: &House, sector: &str| house.ring.pairwise_subject(sector, "u1");
    let first = subject(&house, "a.example");
    assert_ne!(first, subject(&house, "b.example"));
    let session = |sector: &str| house.ring.pairwise_session(sector, "u1");
    assert!(session("a.example") != session("b.example") && session("a.example") != first);
    assert!(rotate(&house.rows, Purpose::Pairwise).is_empty(), "this key never rotates");
    house.take(plan(&house.rows, &Rules::default(), (NOW + 400 * 24 * 3600) * SECOND), NOW);
    assert_eq!(first, subject(&house, "a.example"));
}

// F42: rows that do not open leave the running keys as they are.
#[test]
fn broken_rows_change_nothing() {
    let house = House::new();
    let token = house.access_token(SigningAlg::ES256, &claims());
    let mut broken = house.rows.clone();
    broken[0].sealed[20] ^= 1;
    assert!(house.ring.replace(&broken).is_err());
    assert!(house.ring.replace(&[]).is_err(), "no keys at all");
    assert!(house.verify(&token).is_ok());

    let stranger = Ring::new(ISSUER, MasterKey::from_bytes(&[1; 32]));
    let error = stranger.replace(&house.rows).expect_err("another master key");
    assert!(error.to_string().contains("master key"), "{error}");
    assert!(stranger.sign(SigningAlg::ES256, Token::Access, &claims()).is_err());
}
