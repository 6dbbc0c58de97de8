//! What the claims of a client assertion must say (`private_key_jwt`), once its signature holds.

use crate::{Micros, OAuthError, SECOND};

/// <https://www.rfc-editor.org/rfc/rfc7523#section-2.2>
pub const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How far ahead of our clock a client's may be.
const SKEW: Micros = 10 * SECOND;
/// An assertion that lives longer than this is no proof of the present.
const LONGEST_LIFE: Micros = 300 * SECOND;
const LONGEST_JTI: usize = 256;

/// The claims of a verified assertion. Times are Unix seconds, as on the wire.
#[derive(Clone, Copy, Debug)]
pub struct Assertion<'a> {
    pub iss: &'a str,
    pub sub: &'a str,
    pub aud: &'a [&'a str],
    pub exp: i64,
    pub iat: Option<i64>,
    pub nbf: Option<i64>,
    pub jti: Option<&'a str>,
}

/// What must be remembered so that the assertion is good only once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UseOnce {
    /// Unique within the client.
    pub jti: String,
    /// After this moment it would be refused anyway.
    pub until: Micros,
}

/// > iss REQUIRED. Issuer. This MUST contain the client_id of the OAuth Client. sub REQUIRED. Subject. This
/// > MUST contain the client_id of the OAuth Client. aud REQUIRED. […] jti REQUIRED. […] exp REQUIRED.
///
/// <https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication>. Pinned for S55: `aud` is the
/// issuer or the endpoint called, both in `audiences`.
// S55, S106
pub fn check(
    assertion: &Assertion<'_>,
    client_id: &str,
    audiences: &[&str],
    now: Micros,
) -> Result<UseOnce, OAuthError> {
    let good = assertion.iss == client_id
        && assertion.sub == client_id
        && assertion.aud.iter().any(|aud| audiences.contains(aud));
    good.then(|| use_once(assertion, LONGEST_LIFE, now)).flatten().ok_or_else(OAuthError::invalid_client)
}

/// Whether it is of now, and what must be remembered of it.
pub(crate) fn use_once(assertion: &Assertion<'_>, longest_life: Micros, now: Micros) -> Option<UseOnce> {
    let micros = |seconds: i64| seconds.saturating_mul(SECOND);
    let expires = micros(assertion.exp);
    let begun =
        |seconds: Option<i64>| seconds.is_none_or(|seconds| micros(seconds) <= now.saturating_add(SKEW));
    let timely = now < expires.saturating_add(SKEW)
        && expires <= now.saturating_add(longest_life + SKEW)
        && begun(assertion.iat)
        && begun(assertion.nbf);
    let jti = assertion.jti.filter(|jti| timely && !jti.is_empty() && jti.len() <= LONGEST_JTI)?;
    Some(UseOnce { jti: jti.to_owned(), until: expires.saturating_add(2 * SKEW) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn good() -> Assertion<'static> {
        Assertion {
            iss: "c1",
            sub: "c1",
            aud: &["https://op"],
            exp: NOW + 60,
            iat: Some(NOW),
            nbf: None,
            jti: Some("one"),
        }
    }

    fn check_now(assertion: &Assertion<'_>) -> bool {
        check(assertion, "c1", &["https://op", "https://op/oauth2/token"], NOW * SECOND).is_ok()
    }

    // S55
    #[test]
    fn each_claim_is_looked_at() {
        assert!(check_now(&good()));
        assert!(check_now(&Assertion { aud: &["x", "https://op/oauth2/token"], ..good() }));
        assert!(check_now(&Assertion { iat: Some(NOW + 10), nbf: Some(NOW + 10), ..good() }));
        let bad = [
            Assertion { iss: "c2", ..good() },
            Assertion { sub: "c2", ..good() },
            Assertion { aud: &[], ..good() },
            Assertion { aud: &["https://op/"], ..good() },
            Assertion { exp: NOW - 11, ..good() },
            Assertion { exp: NOW + 3600, ..good() },
            Assertion { exp: i64::MAX, ..good() },
            Assertion { exp: i64::MIN, ..good() },
            Assertion { iat: Some(NOW + 61), ..good() },
            Assertion { nbf: Some(i64::MAX), ..good() },
            Assertion { jti: None, ..good() },
            Assertion { jti: Some(""), ..good() },
        ];
        for assertion in bad {
            assert!(!check_now(&assertion), "{assertion:?}");
        }
    }

    #[test]
    fn it_is_remembered_for_as_long_as_it_could_be_used() {
        let once = check(&good(), "c1", &["https://op"], NOW * SECOND).unwrap();
        assert!(check(&good(), "c1", &["https://op"], once.until).is_err());
    }
}
