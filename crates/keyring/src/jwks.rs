//! Public keys of others, as they register or publish them: read, judged, found by `kid`, and what they signed verified.
//! What is encrypted to them is in [`crate::encrypt`].
//! <https://www.rfc-editor.org/rfc/rfc7517>

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use protocol::KeyEncryption;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::jwt::{self, InvalidJwt};

/// More keys than these are not tried.
const MOST_KEYS: usize = 16;

/// A key set that a client may not be registered with.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadKeySet {
    #[error("the key set is not a JSON Web Key Set: {{\"keys\": […]}}")]
    NotAKeySet,
    #[error("the key set holds a private key; register the public half")]
    Private,
    #[error("the key set has no key that we can use (RSA of 2048 bits or more, P-256, Ed25519, X25519)")]
    NoUsableKey,
    #[error("the key {0:?} is too weak, malformed or not on its curve")]
    Unsound(String),
}

#[derive(Deserialize)]
pub(crate) struct KeySet {
    pub keys: Vec<Key>,
}

/// The public members that we need; unknown ones are ignored.
#[derive(Deserialize)]
pub(crate) struct Key {
    pub kty: String,
    pub kid: Option<String>,
    #[serde(rename = "use")]
    pub usage: Option<String>,
    pub alg: Option<String>,
    pub crv: Option<String>,
    pub n: Option<String>,
    pub e: Option<String>,
    pub x: Option<String>,
    pub y: Option<String>,
}

/// What a JWT that somebody else signed must look like.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The allow-list, by name (S102).
    pub algs: &'a [&'a str],
    pub typs: &'a [&'a str],
    pub typ_may_be_absent: bool,
    /// Of `exp`, `iss`, `sub`, `aud` and `nbf` those that must be there; the others are for `T` to require (S106).
    pub required: &'a [&'a str],
}

/// Verifies a JWT against a key set and reads its claims; what these must say is for the caller.
pub fn verify<T: DeserializeOwned>(jwks: &str, jwt: &str, expected: &Expected<'_>) -> Result<T, InvalidJwt> {
    let algorithms: Vec<Algorithm> = expected.algs.iter().filter_map(|alg| alg.parse().ok()).collect();
    let (header, alg) = jwt::header(jwt, &algorithms)?;
    if !jwt::typ_is(&header, expected.typs, expected.typ_may_be_absent) {
        return Err(InvalidJwt::Type);
    }
    let set: KeySet = serde_json::from_str(jwks).map_err(|_| InvalidJwt::NoKey)?;
    let mut outcome = Err(InvalidJwt::NoKey);
    // Without a kid any key that fits may be the one; with a kid only keys of that name (S105: it is compared, no more).
    let named = |key: &&Key| header.kid.is_none() || header.kid == key.kid;
    for key in set.keys.iter().filter(named).take(MOST_KEYS) {
        let Some(decoding) = key.decoding(alg) else { continue };
        outcome = jwt::verified(jwt, &decoding, alg, expected.required);
        if !matches!(outcome, Err(InvalidJwt::Signature)) {
            break;
        }
    }
    outcome
}

/// Holds more than the public half.
pub(crate) fn is_private(jwk: &Value) -> bool {
    const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
    PRIVATE.iter().any(|member| jwk.get(member).is_some())
}

/// Whether a client may be registered with these keys (S78, S107): no private half, no weak key, one that we can use.
pub fn check_key_set(jwks: &str) -> Result<(), BadKeySet> {
    let json: Value = serde_json::from_str(jwks).map_err(|_| BadKeySet::NotAKeySet)?;
    let keys = json.get("keys").and_then(Value::as_array).ok_or(BadKeySet::NotAKeySet)?;
    if keys.iter().any(is_private) {
        return Err(BadKeySet::Private);
    }
    let set: KeySet = serde_json::from_value(json).map_err(|_| BadKeySet::NotAKeySet)?;
    let mut usable = 0;
    for key in set.keys.iter().filter(|key| key.verifies() || key.encrypts()) {
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

    /// Of a type that we know, and not meant for signatures.
    fn encrypts(&self) -> bool {
        let known = match self.kty.as_str() {
            "RSA" => true,
            "EC" => self.crv.as_deref() == Some("P-256"),
            "OKP" => self.crv.as_deref() == Some("X25519"),
            _ => false,
        };
        known && self.usage.as_deref().is_none_or(|usage| usage == "enc")
    }

    pub fn encrypts_with(&self, alg: KeyEncryption) -> bool {
        let is_rsa = self.kty == "RSA";
        self.encrypts()
            && is_rsa == (alg == KeyEncryption::RsaOaep256)
            && self.alg.as_deref().is_none_or(|own| own == alg.as_str())
            && self.is_sound()
    }

    /// A member in base64url; empty where it is missing or malformed.
    pub fn bytes(member: &Option<String>) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(member.as_deref().unwrap_or_default()).unwrap_or_default()
    }

    /// The point of an elliptic curve: uncompressed on P-256, as it is on the others.
    pub fn point(&self) -> Vec<u8> {
        match self.kty.as_str() {
            "EC" => [&[4], &Key::bytes(&self.x)[..], &Key::bytes(&self.y)[..]].concat(),
            _ => Key::bytes(&self.x),
        }
    }

    pub fn decoding(&self, alg: Algorithm) -> Option<DecodingKey> {
        let kty = match alg {
            Algorithm::RS256 | Algorithm::PS256 => "RSA",
            Algorithm::ES256 => "EC",
            Algorithm::EdDSA => "OKP",
            _ => return None,
        };
        let fits = self.kty == kty
            && self.verifies()
            && self.alg.as_deref().is_none_or(|own| jwt::algorithm(own) == Some(alg))
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

    /// > construct a JSON object […] containing only the required members of a JWK representing the key and with no
    /// > whitespace or line breaks […] the required members […] ordered lexicographically
    ///
    /// <https://www.rfc-editor.org/rfc/rfc7638#section-3>. Only for a key that [`Key::decoding`] took: then its members are
    /// base64url without surprises.
    pub fn thumbprint(&self) -> Option<String> {
        let (x, y) = (self.x.as_deref(), self.y.as_deref());
        let json = match self.kty.as_str() {
            "RSA" => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, self.e.as_deref()?, self.n.as_deref()?),
            "EC" => format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, x?, y?),
            "OKP" => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, x?),
            _ => return None,
        };
        Some(URL_SAFE_NO_PAD.encode(crate::digest(json.as_bytes())))
    }

    /// RSA of 2048 to 8192 bits with an exponent that is no toy; points on their curve (S107).
    pub fn is_sound(&self) -> bool {
        match self.kty.as_str() {
            "RSA" => {
                let (n, e) = (Key::bytes(&self.n), Key::bytes(&self.e));
                // 65537 and above, odd.
                let exponent = e.iter().try_fold(0_u64, |sum, byte| {
                    sum.checked_mul(256).map(|shifted| shifted + u64::from(*byte))
                });
                exponent.is_some_and(|e| e >= 65537 && e % 2 == 1)
                    && n.first().is_some_and(|first| *first != 0)
                    && (256..=1024).contains(&n.len())
            }
            "EC" => {
                let point = self.point();
                point.len() == 65 && ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).is_ok()
            }
            // A point of small order shows when a key is agreed on: that fails.
            _ if self.crv.as_deref() == Some("X25519") => self.point().len() == 32,
            _ => {
                let point = self.point();
                point.len() == 32 && ParsedPublicKey::new(&ED25519, point).is_ok()
            }
        }
    }
}
