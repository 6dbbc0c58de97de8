//! Client assertions (`private_key_jwt`): the signature against the client's registered keys. What the claims must say
//! is for `protocol`, that one is used only once for `store`.
//! <https://www.rfc-editor.org/rfc/rfc7523#section-3>

use serde::{Deserialize, Deserializer};

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
    let required = ["exp", "iss", "sub", "aud"];
    jwks::verify(
        jwks,
        jwt,
        &Expected {
            algs,
            typs: &["JWT", "client-authentication+jwt"],
            typ_may_be_absent: true,
            required: &required,
        },
    )
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
