//! Redeeming an authorization code: used once, by its client, with its proof.

use crate::{Client, Confirmation, Micros, authorization::proves};

/// Wrong tries of any kind that burn a code (pinned for S59).
pub const MOST_FAILURES: i64 = 5;

/// What the client presents.
#[derive(Clone, PartialEq, Eq)]
pub struct CodeRequest {
    pub code: String,
    pub redirect_uri: Option<String>,
    pub code_verifier: Option<String>,
}

impl std::fmt::Debug for CodeRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CodeRequest").field("redirect_uri", &self.redirect_uri).finish_non_exhaustive()
    }
}

/// What was kept when the code was issued, and what has happened to it since.
#[derive(Clone, Copy, Debug)]
pub struct CodeRecord<'a> {
    pub client_id: &'a str,
    pub redirect_uri: &'a str,
    pub redirect_uri_given: bool,
    pub code_challenge: Option<&'a str>,
    /// The key that must be shown.
    pub dpop_jkt: Option<&'a str>,
    /// Wrong tries before this one.
    pub failures: i64,
    pub expires_at: Micros,
    pub is_used: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redemption {
    Redeem,
    /// `invalid_grant`; the try counts against the code.
    Refuse,
    /// The owner came a second time: whatever the first time gave must die.
    Replay,
}

/// > If an authorization code is used more than once, the authorization server MUST deny the request and
/// > SHOULD revoke (when possible) all tokens previously issued based on that authorization code.
///
/// <https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2>
///
/// > ensure that the authorization code was issued to the authenticated confidential client […] ensure that
/// > the "redirect_uri" parameter is present if the "redirect_uri" parameter was included in the initial
/// > authorization request […] and if included ensure that their values are identical.
///
/// <https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3>
///
/// > When a token request is received, the authorization server computes the JWK Thumbprint of the proof-of-possession
/// > public key in the DPoP proof and verifies that it matches the dpop_jkt parameter value in the authorization request.
///
/// <https://www.rfc-editor.org/rfc/rfc9449#section-10>. `shown`: which key the caller has shown to hold.
// S57, S58, S59, S60, S67
pub fn redeem(
    record: &CodeRecord<'_>,
    client: &Client,
    request: &CodeRequest,
    shown: Option<&Confirmation>,
    now: Micros,
) -> Redemption {
    if record.client_id != client.id {
        return Redemption::Refuse;
    }
    if record.is_used {
        return Redemption::Replay;
    }
    let same_address = match request.redirect_uri.as_deref() {
        Some(uri) => uri == record.redirect_uri,
        None => !record.redirect_uri_given,
    };
    let good = record.failures < MOST_FAILURES
        && now < record.expires_at
        && same_address
        && (record.dpop_jkt.is_none() || record.dpop_jkt == shown.and_then(|shown| shown.jkt.as_deref()))
        && proves(request.code_verifier.as_deref(), record.code_challenge);
    if good { Redemption::Redeem } else { Redemption::Refuse }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::samples;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn record() -> CodeRecord<'static> {
        CodeRecord {
            client_id: "c1",
            redirect_uri: "https://app.example/cb",
            redirect_uri_given: true,
            code_challenge: Some(CHALLENGE),
            dpop_jkt: None,
            failures: 0,
            expires_at: 100,
            is_used: false,
        }
    }

    fn request() -> CodeRequest {
        CodeRequest {
            code: "code".into(),
            redirect_uri: Some("https://app.example/cb".into()),
            code_verifier: Some(VERIFIER.into()),
        }
    }

    fn judge(record: CodeRecord<'_>, request: CodeRequest) -> Redemption {
        redeem(&record, &samples::client(), &request, None, 99)
    }

    // S57, S60
    #[test]
    fn everything_must_fit() {
        assert_eq!(judge(record(), request()), Redemption::Redeem);
        let refused = [
            judge(CodeRecord { client_id: "c2", ..record() }, request()),
            judge(CodeRecord { expires_at: 99, ..record() }, request()),
            judge(CodeRecord { failures: MOST_FAILURES, ..record() }, request()),
            judge(CodeRecord { code_challenge: None, ..record() }, request()),
            judge(record(), CodeRequest { redirect_uri: None, ..request() }),
            judge(
                record(),
                CodeRequest { redirect_uri: Some("https://app.example/cb2".into()), ..request() },
            ),
            judge(record(), CodeRequest { code_verifier: None, ..request() }),
            judge(record(), CodeRequest { code_verifier: Some("x".repeat(43)), ..request() }),
        ];
        assert!(refused.into_iter().all(|outcome| outcome == Redemption::Refuse), "{refused:?}");
        let unnamed = CodeRecord { redirect_uri_given: false, ..record() };
        assert_eq!(judge(unnamed, CodeRequest { redirect_uri: None, ..request() }), Redemption::Redeem);
    }

    // S67
    #[test]
    fn a_bound_code_wants_its_key() {
        let bound = CodeRecord { dpop_jkt: Some("key"), ..record() };
        let shown =
            |shown: Option<Confirmation>| redeem(&bound, &samples::client(), &request(), shown.as_ref(), 99);
        assert_eq!(shown(Some(Confirmation::of_key("key"))), Redemption::Redeem);
        assert_eq!(shown(Some(Confirmation::of_key("other"))), Redemption::Refuse);
        assert_eq!(shown(Some(Confirmation::of_certificate("key"))), Redemption::Refuse);
        assert_eq!(shown(None), Redemption::Refuse);
    }

    // S58, S59
    #[test]
    fn a_second_time_is_a_replay_for_the_owner_only() {
        let used = CodeRecord { is_used: true, expires_at: 0, ..record() };
        assert_eq!(judge(used, request()), Redemption::Replay);
        assert_eq!(judge(CodeRecord { client_id: "c2", ..used }, request()), Redemption::Refuse);
    }

    proptest! {
        // I1
        #[test]
        fn a_used_code_is_never_redeemed(now in 0i64..200, failures in 0i64..10, with_verifier: bool) {
            let used = CodeRecord { is_used: true, failures, ..record() };
            let request = CodeRequest { code_verifier: with_verifier.then(|| VERIFIER.into()), ..request() };
            prop_assert_ne!(redeem(&used, &samples::client(), &request, None, now), Redemption::Redeem);
        }
    }
}
