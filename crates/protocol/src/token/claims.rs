//! What an ID token says.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256, Sha512};

use crate::SigningAlg;

/// <https://openid.net/specs/openid-connect-core-1_0.html#IDToken>. Times are Unix seconds.
// S69
#[derive(Clone, Debug, Serialize)]
pub struct IdTokenClaims<'a> {
    pub iss: &'a str,
    pub sub: &'a str,
    pub aud: &'a str,
    pub iat: i64,
    pub exp: i64,
    pub auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub c_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s_hash: Option<String>,
    pub acr: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<&'a str>,
    /// Claims that the client asked for one by one; never one of the above.
    #[serde(flatten)]
    pub wanted: Map<String, Value>,
}

/// > Its value is the base64url encoding of the left-most half of the hash of the octets of the ASCII
/// > representation of the access_token value, where the hash algorithm used is the hash algorithm used in
/// > the alg Header Parameter of the ID Token's JOSE Header.
///
/// <https://openid.net/specs/openid-connect-core-1_0.html#CodeIDToken>; `c_hash` of the code
/// (<https://openid.net/specs/openid-connect-core-1_0.html#HybridIDToken>) and `s_hash` of the `state`
/// (<https://openid.net/specs/openid-financial-api-part-2-1_0.html#id-token-as-detached-signature>) are made alike. Pinned
/// for EdDSA: SHA-512.
pub fn half_hash(value: &str, alg: SigningAlg) -> String {
    match alg {
        SigningAlg::RS256 | SigningAlg::PS256 | SigningAlg::ES256 => {
            URL_SAFE_NO_PAD.encode(&Sha256::digest(value)[..16])
        }
        SigningAlg::EdDSA => URL_SAFE_NO_PAD.encode(&Sha512::digest(value)[..32]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_the_specification_s_example() {
        // <https://openid.net/specs/openid-connect-core-1_0.html#id_token-tokenExample>
        assert_eq!(
            half_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", SigningAlg::RS256),
            "77QmUPtjPfzWtF2AnpK9RQ"
        );
        // <https://openid.net/specs/openid-connect-core-1_0.html#code-id_tokenExample>
        assert_eq!(
            half_hash("Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk", SigningAlg::RS256),
            "LDktKdoQak3Pk0cnXxCltA"
        );
        assert_eq!(half_hash("x", SigningAlg::EdDSA).len(), 43);
    }
}
