//! What the claims of a DPoP proof must say, once its signature holds (`keyring::dpop`).
//! <https://www.rfc-editor.org/rfc/rfc9449#section-4.3>

use url::Url;

use crate::{Micros, SECOND, client_assertion::UseOnce};

/// What proofs may be signed with; metadata lists this table, `web` verifies with it. The ones of FAPI 2.0, section 5.4.
pub const ALGS: [&str; 3] = ["ES256", "EdDSA", "PS256"];

/// How far a proof may be from our clock, either way.
const WINDOW: Micros = 60 * SECOND;
const LONGEST_JTI: usize = 256;
const LONGEST_URI: usize = 2048;

/// The claims of a verified proof. Times are Unix seconds, as on the wire.
#[derive(Clone, Copy, Debug)]
pub struct Proof<'a> {
    pub jti: &'a str,
    pub htm: &'a str,
    pub htu: &'a str,
    pub iat: i64,
    pub nbf: Option<i64>,
    pub exp: Option<i64>,
    pub ath: Option<&'a str>,
}

/// The request that the proof must be for.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    pub method: &'a str,
    /// Every address under which this endpoint is reached.
    pub uris: &'a [&'a str],
    /// base64url of the SHA-256 of the access token that comes with it.
    pub access_token_hash: Option<&'a str>,
}

/// Why a proof was refused: for the client's developer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    #[error("The DPoP proof is for another method (htm).")]
    Method,
    #[error("The DPoP proof is for another address (htu).")]
    Uri,
    #[error("The DPoP proof is too old or from the future (iat).")]
    Time,
    #[error("The DPoP proof has no usable jti.")]
    Jti,
    #[error("The DPoP proof is for another access token (ath).")]
    AccessToken,
}

/// > 8. the htm claim matches the HTTP method of the current request, 9. the htu claim matches the HTTP URI value for the
/// > HTTP request in which the JWT was received, ignoring any query and fragment parts, […] 11. the creation time of the
/// > JWT, as determined by either the iat claim or a server managed timestamp via the nonce claim, is within an acceptable
/// > window, 12. if presented to a protected resource in conjunction with an access token, ensure that the value of the ath
/// > claim equals the hash of that access token
///
/// <https://www.rfc-editor.org/rfc/rfc9449#section-4.3>
// S67, S85
pub fn check(proof: &Proof<'_>, target: &Target<'_>, now: Micros) -> Result<UseOnce, Wrong> {
    if proof.htm != target.method {
        return Err(Wrong::Method);
    }
    let Some(uri) = normalized(proof.htu) else { return Err(Wrong::Uri) };
    if !target.uris.iter().any(|own| normalized(own).is_some_and(|own| own == uri)) {
        return Err(Wrong::Uri);
    }
    let micros = |seconds: i64| seconds.saturating_mul(SECOND);
    let made = micros(proof.iat);
    let in_time = made >= now.saturating_sub(WINDOW)
        && made <= now.saturating_add(WINDOW)
        && proof.nbf.is_none_or(|from| micros(from) <= now.saturating_add(WINDOW))
        && proof.exp.is_none_or(|until| now < micros(until).saturating_add(WINDOW));
    if !in_time {
        return Err(Wrong::Time);
    }
    if proof.jti.is_empty() || proof.jti.len() > LONGEST_JTI {
        return Err(Wrong::Jti);
    }
    if target.access_token_hash.is_some() && proof.ath != target.access_token_hash {
        return Err(Wrong::AccessToken);
    }
    Ok(UseOnce { jti: proof.jti.to_owned(), until: made.saturating_add(2 * WINDOW) })
}

/// > To reduce the likelihood of false negatives, servers SHOULD employ syntax-based normalization […] and scheme-based
/// > normalization […] before comparing the htu claim.
///
/// <https://www.rfc-editor.org/rfc/rfc9449#section-4.3>
fn normalized(uri: &str) -> Option<String> {
    if uri.len() > LONGEST_URI {
        return None;
    }
    let mut url = Url::parse(uri).ok()?;
    url.set_query(None);
    url.set_fragment(None);
    Some(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;
    const TARGET: Target<'_> = Target {
        method: "POST",
        uris: &["https://op/oauth2/token", "https://mtls.op/oauth2/token"],
        access_token_hash: None,
    };

    fn good() -> Proof<'static> {
        Proof {
            jti: "one",
            htm: "POST",
            htu: "https://op/oauth2/token",
            iat: NOW,
            nbf: None,
            exp: None,
            ath: None,
        }
    }

    // S67
    #[test]
    fn each_claim_is_looked_at() {
        let judge = |proof: Proof<'_>| check(&proof, &TARGET, NOW * SECOND).err();
        let fine = [
            good(),
            Proof { htu: "HTTPS://OP:443/oauth2/token?x=1#y", ..good() },
            Proof { htu: "https://mtls.op/oauth2/token", ..good() },
            Proof { iat: NOW - 10, ..good() },
            Proof { iat: NOW + 10, nbf: Some(NOW + 10), exp: Some(NOW + 300), ..good() },
            Proof { ath: Some("of no token"), ..good() },
        ];
        for proof in fine {
            assert_eq!(judge(proof), None, "{proof:?}");
        }
        for (proof, wrong) in [
            (Proof { htm: "GET", ..good() }, Wrong::Method),
            (Proof { htm: "post", ..good() }, Wrong::Method),
            (Proof { htu: "https://op/oauth2/token/", ..good() }, Wrong::Uri),
            (Proof { htu: "http://op/oauth2/token", ..good() }, Wrong::Uri),
            (Proof { htu: "https://other/oauth2/token", ..good() }, Wrong::Uri),
            (Proof { htu: "/oauth2/token", ..good() }, Wrong::Uri),
            (Proof { iat: NOW - 61, ..good() }, Wrong::Time),
            (Proof { iat: NOW + 61, ..good() }, Wrong::Time),
            (Proof { iat: i64::MAX, ..good() }, Wrong::Time),
            (Proof { iat: i64::MIN, ..good() }, Wrong::Time),
            (Proof { nbf: Some(NOW + 61), ..good() }, Wrong::Time),
            (Proof { exp: Some(NOW - 60), ..good() }, Wrong::Time),
            (Proof { jti: "", ..good() }, Wrong::Jti),
        ] {
            assert_eq!(judge(proof), Some(wrong), "{proof:?}");
        }
    }

    // S85
    #[test]
    fn with_a_token_it_is_for_that_token() {
        let target = Target { access_token_hash: Some("hash"), ..TARGET };
        let judge = |ath| check(&Proof { ath, ..good() }, &target, NOW * SECOND).err();
        assert_eq!(judge(Some("hash")), None);
        assert_eq!(judge(Some("other")), Some(Wrong::AccessToken));
        assert_eq!(judge(None), Some(Wrong::AccessToken));
    }

    #[test]
    fn it_is_remembered_for_as_long_as_it_could_be_used() {
        let once = check(&Proof { iat: NOW + 60, ..good() }, &TARGET, NOW * SECOND).unwrap();
        assert_eq!(check(&Proof { iat: NOW + 60, ..good() }, &TARGET, once.until), Err(Wrong::Time));
    }
}
