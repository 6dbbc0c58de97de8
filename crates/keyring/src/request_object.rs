//! Request objects: authorization requests that clients sign. What they may say is for `protocol`.
//! <https://www.rfc-editor.org/rfc/rfc9101>

use serde_json::{Map, Value};

use crate::jwks::{self, Expected};
use crate::jwt::{self, InvalidJwt};

/// > the "typ" header […] "oauth-authz-req+jwt"
///
/// may be absent, since OpenID Connect came before it. <https://www.rfc-editor.org/rfc/rfc9101#section-10.8>
const TYPS: [&str; 2] = ["oauth-authz-req+jwt", "JWT"];

/// The claims of an object that is signed by one of these keys (S20, S102, S103). `algs` is the allow-list, by name.
pub fn verify(jwks: &str, jwt: &str, algs: &[&str]) -> Result<Map<String, Value>, InvalidJwt> {
    jwks::verify(jwks, jwt, &Expected { algs, typs: &TYPS, typ_may_be_absent: true, required: &[] })
}

/// Whether it says of itself that nobody signed it: then its claims.
pub fn unsigned(jwt: &str) -> Option<Map<String, Value>> {
    jwt::unsigned(jwt, &TYPS).ok()
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use proptest::prelude::*;

    use super::*;

    fn object(header: &str, claims: &str, signature: &str) -> String {
        format!("{}.{}.{signature}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
    }

    // S20, S102
    #[test]
    fn only_what_says_so_is_unsigned() {
        let claims = r#"{"scope":"openid"}"#;
        assert!(unsigned(&object(r#"{"alg":"none"}"#, claims, "")).is_some());
        assert!(unsigned(&object(r#"{"alg":"none","typ":"oauth-authz-req+jwt"}"#, claims, "")).is_some());
        for (header, claims, signature) in [
            (r#"{"alg":"none"}"#, claims, "AA"),
            (r#"{"alg":"None"}"#, claims, ""),
            (r#"{"alg":"ES256"}"#, claims, ""),
            (r#"{"alg":"none","crit":["x"]}"#, claims, ""),
            (r#"{"alg":"none","typ":"at+jwt"}"#, claims, ""),
            (r#"{}"#, claims, ""),
            (r#"{"alg":"none"}"#, "[]", ""),
        ] {
            assert_eq!(unsigned(&object(header, claims, signature)), None, "{header} {claims} {signature}");
        }
        let nobody_s = object(r#"{"alg":"none"}"#, claims, "");
        assert_eq!(verify(r#"{"keys":[]}"#, &nobody_s, &["none", "ES256"]), Err(InvalidJwt::Algorithm));
    }

    proptest! {
        #[test]
        fn any_text_is_no_object_or_one(text in "\\PC{0,60}", header in "\\PC{0,20}", claims in "\\PC{0,20}") {
            let _ = unsigned(&text);
            let outcome = verify(r#"{"keys":[]}"#, &object(&header, &claims, "x"), &["ES256"]);
            prop_assert!(outcome.is_err());
        }
    }
}
