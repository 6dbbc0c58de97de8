//! How any JWT is read: ours and those that clients sign.
//!
//! The rules are in one place because each of them was somebody's vulnerability (RFC 8725): the length before
//! anything else (S109), an allow-list of algorithms (S102), `typ` by hand, since the library does not look (S103), nothing
//! that the header says about keys is ever followed (S104), every required claim named (S106).
//! `jsonwebtoken` verifies; times are compared here, since it would read the wall clock and ours is an argument.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use protocol::{Micros, seconds};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

/// Longer ones are refused before any cryptography (S109).
pub const MAX_LENGTH: usize = 16 * 1024;

/// Why a JWT was refused: for the log. Clients learn only that it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidJwt {
    #[error("longer than 16 kB")]
    TooLong,
    #[error("not a JWT in compact form")]
    Malformed,
    #[error("its header names critical extensions")]
    Critical,
    #[error("its algorithm is not allowed here")]
    Algorithm,
    #[error("its typ is not the one expected here")]
    Type,
    #[error("no key of that kid")]
    NoKey,
    #[error("the signature is wrong")]
    Signature,
    #[error("a required claim is missing or has the wrong type or value")]
    Claims,
    #[error("expired")]
    Expired,
    #[error("not valid yet")]
    NotYet,
}

/// What we look at in a header. `jku`, `jwk`, `x5u` and `x5c` are not even read.
#[derive(Deserialize)]
pub(crate) struct Header {
    alg: String,
    pub typ: Option<String>,
    pub kid: Option<String>,
    crit: Option<IgnoredAny>,
    b64: Option<IgnoredAny>,
}

/// `aud`: one string or several. <https://www.rfc-editor.org/rfc/rfc7519#section-4.1.3>
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    pub fn contains(&self, audience: &str) -> bool {
        match self {
            Audience::One(one) => one == audience,
            Audience::Many(many) => many.iter().any(|one| one == audience),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        match self {
            Audience::One(one) => std::slice::from_ref(one),
            Audience::Many(many) => many.as_slice(),
        }
        .iter()
        .map(String::as_str)
    }
}

/// Reads the header and refuses what no key could make good.
pub(crate) fn header(jwt: &str, algorithms: &[Algorithm]) -> Result<(Header, Algorithm), InvalidJwt> {
    if jwt.len() > MAX_LENGTH {
        return Err(InvalidJwt::TooLong);
    }
    let [header, _, _] = parts(jwt)?;
    let header: Header = part(header)?;
    // > If any of the listed extension Header Parameters are not understood and supported by the recipient, then the
    // > JWS is invalid. https://www.rfc-editor.org/rfc/rfc7515#section-4.1.11
    if header.crit.is_some() || header.b64.is_some() {
        return Err(InvalidJwt::Critical);
    }
    let alg = algorithm(&header.alg).ok_or(InvalidJwt::Algorithm)?;
    if !algorithms.contains(&alg) {
        return Err(InvalidJwt::Algorithm);
    }
    Ok((header, alg))
}

/// By its name; EdDSA has two, since newer libraries say with which curve.
///
/// > Ed25519: EdDSA using the Ed25519 parameter set in Section 5.1 of RFC 8032
///
/// <https://www.rfc-editor.org/rfc/rfc9864#section-2.2>
pub(crate) fn algorithm(name: &str) -> Option<Algorithm> {
    if name == ED25519 { Some(Algorithm::EdDSA) } else { name.parse().ok() }
}

const ED25519: &str = "Ed25519";

/// > it is RECOMMENDED that the "typ" value … omit a preceding "application/"
///
/// and media types fold case. <https://www.rfc-editor.org/rfc/rfc7515#section-4.1.9>
pub(crate) fn typ_is(header: &Header, allowed: &[&str], may_be_absent: bool) -> bool {
    match header.typ.as_deref() {
        None => may_be_absent,
        Some(typ) => {
            let typ = typ.strip_prefix("application/").unwrap_or(typ);
            allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(typ))
        }
    }
}

/// Verifies the signature and reads the claims. Their times are still to be compared, by [`times`].
pub(crate) fn verified<T: DeserializeOwned>(
    jwt: &str,
    key: &DecodingKey,
    alg: Algorithm,
    required: &[&str],
) -> Result<T, InvalidJwt> {
    use jsonwebtoken::errors::ErrorKind;
    let [header, claims, signature] = parts(jwt)?;
    if alg == Algorithm::EdDSA && part::<Header>(header)?.alg == ED25519 {
        // The library verifies such a signature, but refuses to read the header that says so.
        let signed = &jwt[..jwt.len() - signature.len() - 1];
        let holds = jsonwebtoken::crypto::verify(signature, signed.as_bytes(), key, alg);
        return if matches!(holds, Ok(true)) {
            with_required(claims, required)
        } else {
            Err(InvalidJwt::Signature)
        };
    }
    jsonwebtoken::decode(jwt, key, &validation(alg, required)).map(|token| token.claims).map_err(|error| {
        match error.kind() {
            ErrorKind::Json(_) | ErrorKind::Utf8(_) | ErrorKind::MissingRequiredClaim(_) => {
                InvalidJwt::Claims
            }
            _ => InvalidJwt::Signature,
        }
    })
}

/// The claims, all of the required ones among them.
fn with_required<T: DeserializeOwned>(claims: &str, required: &[&str]) -> Result<T, InvalidJwt> {
    let all: serde_json::Map<String, serde_json::Value> = part(claims).map_err(|_| InvalidJwt::Claims)?;
    if required.iter().any(|name| all.get(*name).is_none_or(serde_json::Value::is_null)) {
        return Err(InvalidJwt::Claims);
    }
    part(claims).map_err(|_| InvalidJwt::Claims)
}

/// The one set of options for `jsonwebtoken`, whose defaults compare `aud`, `iss` and `sub` only where present, let 60 s
/// pass, ignore `nbf` and read the wall clock. So: every claim that a kind needs is required by name (and once more
/// by its type in the struct that is read), its values are compared by whoever knows what they must be, and the
/// times by [`times`] against the clock that is given.
fn validation(alg: Algorithm, required: &[&str]) -> Validation {
    let mut validation = Validation::new(alg);
    validation.required_spec_claims = required.iter().map(|name| (*name).to_owned()).collect();
    validation.leeway = 0;
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation
}

/// `exp` to the second; `iat` and `nbf` may lie ahead by `ahead` seconds, since nodes' clocks differ (F27).
pub(crate) fn times(
    exp: i64,
    nbf: Option<i64>,
    iat: Option<i64>,
    now: Micros,
    ahead: i64,
) -> Result<(), InvalidJwt> {
    let now = seconds(now);
    if [Some(exp), nbf, iat].into_iter().flatten().any(|time| !sane(time)) {
        return Err(InvalidJwt::Claims);
    }
    // > the current date/time MUST be before the expiration date/time listed in the "exp" claim.
    // > https://www.rfc-editor.org/rfc/rfc7519#section-4.1.4
    if exp <= now {
        return Err(InvalidJwt::Expired);
    }
    if nbf.max(iat).is_some_and(|from| from > now + ahead) {
        return Err(InvalidJwt::NotYet);
    }
    Ok(())
}

/// From 1970 to the year 9999: so that arithmetic on what others wrote cannot overflow (S106).
pub(crate) fn sane(time: i64) -> bool {
    (0..253_402_300_800).contains(&time)
}

/// The claims of a JWT that says of itself that nobody signed it, for those who believe such ones.
///
/// > An Unsecured JWS uses the "alg" value "none" and is formatted identically to other JWSs, but MUST use the empty octet
/// > sequence as its JWS Signature value.
///
/// <https://www.rfc-editor.org/rfc/rfc7518#section-3.6>
pub(crate) fn unsigned<T: DeserializeOwned>(jwt: &str, typs: &[&str]) -> Result<T, InvalidJwt> {
    if jwt.len() > MAX_LENGTH {
        return Err(InvalidJwt::TooLong);
    }
    let [header, claims, signature] = parts(jwt)?;
    let header: Header = part(header)?;
    if header.alg != "none" || !signature.is_empty() {
        return Err(InvalidJwt::Algorithm);
    }
    if header.crit.is_some() || header.b64.is_some() {
        return Err(InvalidJwt::Critical);
    }
    if !typ_is(&header, typs, true) {
        return Err(InvalidJwt::Type);
    }
    part(claims)
}

/// The claims of a JWT that nobody has verified: good for finding out whose keys to try.
pub(crate) fn unverified<T: DeserializeOwned>(jwt: &str) -> Result<T, InvalidJwt> {
    if jwt.len() > MAX_LENGTH {
        return Err(InvalidJwt::TooLong);
    }
    part(parts(jwt)?[1])
}

/// The kid of a token that nobody has verified, if it looks like one of ours ([`crate::Random::id`]).
pub fn own_kid(jwt: &str) -> Option<String> {
    if jwt.len() > MAX_LENGTH {
        return None;
    }
    let header: Header = part(parts(jwt).ok()?[0]).ok()?;
    let is_ours = |kid: &String| {
        kid.len() == 26 && kid.bytes().all(|byte| byte.is_ascii_lowercase() || (b'2'..=b'7').contains(&byte))
    };
    header.kid.filter(is_ours)
}

pub(crate) fn parts(jwt: &str) -> Result<[&str; 3], InvalidJwt> {
    let mut parts = jwt.split('.');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(header), Some(claims), Some(signature), None) => Ok([header, claims, signature]),
        _ => Err(InvalidJwt::Malformed),
    }
}

pub(crate) fn part<T: DeserializeOwned>(text: &str) -> Result<T, InvalidJwt> {
    let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidJwt::Malformed)?;
    serde_json::from_slice(&json).map_err(|_| InvalidJwt::Malformed)
}
