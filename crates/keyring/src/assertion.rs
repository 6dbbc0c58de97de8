//! Client assertions (`private_key_jwt`): the signature against the client's registered keys. What the claims must say
//! is for `protocol`, that one is used only once for `store`.
//! <https://www.rfc-editor.org/rfc/rfc7523#section-3>

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::jwt::{self, Audience, InvalidJwt};

/// What an assertion says, once its signature holds. Times are Unix seconds, as on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct AssertionClaims {
    pub iss: String,
    pub sub: String,
    pub aud: Audience,
    #[serde(deserialize_with = "numeric_date")]
    pub exp: i64,
    #[serde(default, deserialize_with = "optional_numeric_date")]
    pub iat: Option<i64>,
    #[serde(default, deserialize_with = "optional_numeric_date")]
    pub nbf: Option<i64>,
    pub jti: Option<String>,
}

/// A key set that a client may not be registered with.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadKeySet {
    #[error("the key set is not a JSON Web Key Set: {{\"keys\": […]}}")]
    NotAKeySet,
    #[error("the key set holds a private key; register the public half")]
    Private,
    #[error("the key set has no key that can verify a signature (RSA of 2048 bits or more, P-256, Ed25519)")]
    NoUsableKey,
    #[error("the key {0:?} is too weak, malformed or not on its curve")]
    Unsound(String),
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Key>,
}

/// The public members that we need; unknown ones are ignored.
#[derive(Deserialize)]
struct Key {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// Whose assertion this claims to be, before anything is verified: `sub`, which must equal the client's id.
pub fn claimed_subject(jwt: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Subject {
        sub: String,
    }
    jwt::unverified::<Subject>(jwt).ok().map(|claims| claims.sub)
}

/// Verifies an assertion against the client's key set. `algs` is the allow-list, by name (S102).
pub fn verify(jwks: &str, jwt: &str, algs: &[&str]) -> Result<AssertionClaims, InvalidJwt> {
    let algorithms: Vec<Algorithm> = algs.iter().filter_map(|alg| alg.parse().ok()).collect();
    let (header, alg) = jwt::header(jwt, &algorithms)?;
    if !jwt::typ_is(&header, &["JWT", "client-authentication+jwt"], true) {
        return Err(InvalidJwt::Type);
    }
    let set: KeySet = serde_json::from_str(jwks).map_err(|_| InvalidJwt::NoKey)?;
    let mut outcome = Err(InvalidJwt::NoKey);
    // Without a kid any key that fits may be the one; with a kid only keys of that name (S105: it is compared, no more).
    for key in set.keys.iter().filter(|key| header.kid.is_none() || header.kid == key.kid).take(16) {
        let Some(decoding) = key.decoding(alg) else { continue };
        outcome = jwt::verified(jwt, &decoding, alg);
        if outcome != Err(InvalidJwt::Signature) {
            break;
        }
    }
    outcome
}

/// Whether a client may be registered with these keys (S78, S107): no private half, no weak key, one that we can use.
pub fn check_key_set(jwks: &str) -> Result<(), BadKeySet> {
    let json: Value = serde_json::from_str(jwks).map_err(|_| BadKeySet::NotAKeySet)?;
    let keys = json.get("keys").and_then(Value::as_array).ok_or(BadKeySet::NotAKeySet)?;
    const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
    if keys.iter().any(|key| PRIVATE.iter().any(|member| key.get(member).is_some())) {
        return Err(BadKeySet::Private);
    }
    let set: KeySet = serde_json::from_value(json).map_err(|_| BadKeySet::NotAKeySet)?;
    let mut usable = 0;
    for key in set.keys.iter().filter(|key| key.verifies()) {
        if !key.is_sound() {
            return Err(BadKeySet::Unsound(key.kid.clone().unwrap_or_default()));
        }
        usable += 1;
    }
    if usable == 0 { Err(BadKeySet::NoUsableKey) } else { Ok(()) }
}

impl Key {
    /// Of a type that we know, and not meant for encryption.
    fn verifies(&self) -> bool {
        let known = match self.kty.as_str() {
            "RSA" => true,
            "EC" => self.crv.as_deref() == Some("P-256"),
            "OKP" => self.crv.as_deref() == Some("Ed25519"),
            _ => false,
        };
        known && self.usage.as_deref().is_none_or(|usage| usage == "sig")
    }

    fn decoding(&self, alg: Algorithm) -> Option<DecodingKey> {
        let kty = match alg {
            Algorithm::RS256 | Algorithm::PS256 => "RSA",
            Algorithm::ES256 => "EC",
            Algorithm::EdDSA => "OKP",
            _ => return None,
        };
        let fits = self.kty == kty
            && self.verifies()
            && self.alg.as_deref().is_none_or(|own| own.parse() == Ok(alg))
            && self.is_sound();
        if !fits {
            return None;
        }
        match kty {
            "RSA" => DecodingKey::from_rsa_components(self.n.as_deref()?, self.e.as_deref()?).ok(),
            "EC" => DecodingKey::from_ec_components(self.x.as_deref()?, self.y.as_deref()?).ok(),
            _ => DecodingKey::from_ed_components(self.x.as_deref()?).ok(),
        }
    }

    /// RSA of 2048 to 8192 bits with an exponent that is no toy; points on their curve (S107).
    fn is_sound(&self) -> bool {
        let bytes = |member: &Option<String>| {
            URL_SAFE_NO_PAD.decode(member.as_deref().unwrap_or_default()).unwrap_or_default()
        };
        match self.kty.as_str() {
            "RSA" => {
                let (n, e) = (bytes(&self.n), bytes(&self.e));
                // 65537 and above, odd.
                let exponent = e.iter().try_fold(0_u64, |sum, byte| {
                    sum.checked_mul(256).map(|shifted| shifted + u64::from(*byte))
                });
                exponent.is_some_and(|e| e >= 65537 && e % 2 == 1)
                    && n.first().is_some_and(|first| *first != 0)
                    && (256..=1024).contains(&n.len())
            }
            "EC" => {
                let point = [&[4], &bytes(&self.x)[..], &bytes(&self.y)[..]].concat();
                point.len() == 65 && ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).is_ok()
            }
            _ => {
                let point = bytes(&self.x);
                point.len() == 32 && ParsedPublicKey::new(&ED25519, point).is_ok()
            }
        }
    }
}

/// Seconds, whole or not, from 1970 to 9999; anything else is refused (S106).
/// <https://www.rfc-editor.org/rfc/rfc7519#section-2> (NumericDate)
fn numeric_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    let whole = seconds.floor() as i64;
    if seconds.is_finite() && jwt::sane(whole) {
        Ok(whole)
    } else {
        Err(serde::de::Error::custom("a time out of range"))
    }
}

fn optional_numeric_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    numeric_date(deserializer).map(Some)
}
