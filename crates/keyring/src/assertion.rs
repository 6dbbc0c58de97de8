//! Client assertions (`private_key_jwt`, `client_secret_jwt`): the signature against the client's registered keys, or
//! its secret. What the claims must say
//! is for `protocol`, that one is used only once for `store`.
//! <https://www.rfc-editor.org/rfc/rfc7523#section-3>

use jsonwebtoken::{Algorithm, DecodingKey};
use serde::{Deserialize, Deserializer};

use crate::Secret;
use crate::jwks::{self, Expected};
pub use crate::jwks::{BadKeySet, check_key_set};
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

/// Of an assertion in which a client says who it is.
const TYPS: [&str; 2] = ["JWT", "client-authentication+jwt"];
const REQUIRED: [&str; 4] = ["exp", "iss", "sub", "aud"];

/// Whose assertion this claims to be, before anything is verified: `sub`, which must equal the client's id.
pub fn claimed_subject(jwt: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Subject {
        sub: String,
    }
    jwt::unverified::<Subject>(jwt).ok().map(|claims| claims.sub)
}

/// Who has made it, as it says itself: whose keys to try.
pub fn claimed_issuer(jwt: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Issuer {
        iss: String,
    }
    jwt::unverified::<Issuer>(jwt).ok().map(|claims| claims.iss)
}

/// Verifies an assertion against the client's key set. `algs` is the allow-list, by name (S102).
pub fn verify(jwks: &str, jwt: &str, algs: &[&str]) -> Result<AssertionClaims, InvalidJwt> {
    verify_as(&TYPS, jwks, jwt, algs)
}

/// The same of an assertion that is a grant: one in which a client says who it is is none (S103).
pub fn verify_grant(jwks: &str, jwt: &str, algs: &[&str]) -> Result<AssertionClaims, InvalidJwt> {
    verify_as(&["JWT", "authorization-grant+jwt"], jwks, jwt, algs)
}

fn verify_as(typs: &[&str], jwks: &str, jwt: &str, algs: &[&str]) -> Result<AssertionClaims, InvalidJwt> {
    jwks::verify(jwks, jwt, &Expected { algs, typs, typ_may_be_absent: true, required: &REQUIRED })
}

/// The same for a secret that both sides know (`client_secret_jwt`).
///
/// > The HMAC […] is calculated using the octets of the UTF-8 representation of the client_secret as the shared key.
///
/// <https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication>
pub fn verify_shared(secret: &Secret, jwt: &str) -> Result<AssertionClaims, InvalidJwt> {
    let (header, alg) = jwt::header(jwt, &[Algorithm::HS256])?;
    if !jwt::typ_is(&header, &TYPS, true) {
        return Err(InvalidJwt::Type);
    }
    jwt::verified(jwt, &DecodingKey::from_secret(secret.expose().as_bytes()), alg, &REQUIRED)
}

/// Seconds, whole or not, from 1970 to 9999; anything else is refused (S106).
/// <https://www.rfc-editor.org/rfc/rfc7519#section-2> (NumericDate)
pub(crate) fn numeric_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    let whole = seconds.floor() as i64;
    if seconds.is_finite() && jwt::sane(whole) {
        Ok(whole)
    } else {
        Err(serde::de::Error::custom("a time out of range"))
    }
}

pub(crate) fn optional_numeric_date<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<i64>, D::Error> {
    numeric_date(deserializer).map(Some)
}
