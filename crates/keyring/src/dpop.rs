//! DPoP proofs: a JWT that is signed by the key which stands in its own header. Here only the signature and the key's name;
//! what the claims must say is for `protocol`, that a proof is used only once for `store`.
//! <https://www.rfc-editor.org/rfc/rfc9449#section-4.2>

use jsonwebtoken::Algorithm;
use serde::Deserialize;
use serde_json::Value;

use crate::assertion::{numeric_date, optional_numeric_date};
use crate::jwks::{Key, is_private};
use crate::jwt::{self, InvalidJwt};

/// Longer ones are refused before any cryptography: a proof holds one key and a few words.
const MAX_LENGTH: usize = 6 * 1024;

/// A proof whose signature holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The key's RFC 7638 thumbprint (SHA-256).
    pub jkt: String,
    pub claims: ProofClaims,
}

/// <https://www.rfc-editor.org/rfc/rfc9449#section-4.2>. Times are Unix seconds, as on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ProofClaims {
    pub jti: String,
    pub htm: String,
    pub htu: String,
    #[serde(deserialize_with = "numeric_date")]
    pub iat: i64,
    #[serde(default, deserialize_with = "optional_numeric_date")]
    pub nbf: Option<i64>,
    #[serde(default, deserialize_with = "optional_numeric_date")]
    pub exp: Option<i64>,
    pub ath: Option<String>,
    pub nonce: Option<String>,
}

#[derive(Deserialize)]
struct WithKey {
    jwk: Value,
}

/// > 4. the typ JOSE Header Parameter has the value dpop+jwt, 5. the alg […] indicates a registered asymmetric digital
/// > signature algorithm, is not none, is supported by the application, and is acceptable per local policy, 6. the JWT
/// > signature verifies with the public key contained in the jwk JOSE Header Parameter, 7. the jwk JOSE Header Parameter
/// > does not contain a private key
///
/// <https://www.rfc-editor.org/rfc/rfc9449#section-4.3>. `algs` is the allow-list, by name.
// S67, S102, S103
pub fn verify(proof: &str, algs: &[&str]) -> Result<Proof, InvalidJwt> {
    if proof.len() > MAX_LENGTH {
        return Err(InvalidJwt::TooLong);
    }
    let algorithms: Vec<Algorithm> = algs.iter().filter_map(|alg| alg.parse().ok()).collect();
    let (header, alg) = jwt::header(proof, &algorithms)?;
    if !jwt::typ_is(&header, &["dpop+jwt"], false) {
        return Err(InvalidJwt::Type);
    }
    let [header, _, _] = jwt::parts(proof)?;
    let WithKey { jwk } = jwt::part(header)?;
    if is_private(&jwk) {
        return Err(InvalidJwt::NoKey);
    }
    let key: Key = serde_json::from_value(jwk).map_err(|_| InvalidJwt::NoKey)?;
    let decoding = key.decoding(alg).ok_or(InvalidJwt::NoKey)?;
    let claims = jwt::verified(proof, &decoding, alg, &[])?;
    Ok(Proof { jkt: key.thumbprint().ok_or(InvalidJwt::NoKey)?, claims })
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use protocol::SigningAlg;
    use serde_json::json;

    use super::*;
    use crate::signer::Signer;

    const ALGS: [&str; 3] = ["ES256", "EdDSA", "PS256"];

    fn signed(signer: &Signer, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let mut jwt = format!("{}.{}", part(header), part(claims));
        signer.sign_onto(&mut jwt).unwrap();
        jwt
    }

    fn header(signer: &Signer, alg: &str) -> Value {
        let jwk: Value = serde_json::from_str(&signer.public_jwk("k")).unwrap();
        json!({"typ": "dpop+jwt", "alg": alg, "jwk": jwk})
    }

    fn claims() -> Value {
        json!({"jti": "one", "htm": "POST", "htu": "https://op/oauth2/token", "iat": 1_800_000_000})
    }

    // <https://www.rfc-editor.org/rfc/rfc9449#section-4.1>
    #[test]
    fn the_specification_s_own_example_holds() {
        let proof = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6Ik\
            VDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCR\
            nMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JE\
            QSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIj\
            oiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwia\
            WF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg\
            4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
        let proof = verify(proof, &ALGS).unwrap();
        assert_eq!(proof.jkt, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
        assert_eq!(proof.claims.htu, "https://server.example.com/token");
    }

    // S67, S102, S104, S105
    #[test]
    fn what_is_no_proof_is_refused() {
        let (signer, other) = (Signer::generate(SigningAlg::ES256), Signer::generate(SigningAlg::ES256));
        let good = header(&signer, "ES256");
        assert!(verify(&signed(&signer, &good, &claims()), &ALGS).is_ok());
        let with = |change: &dyn Fn(&mut Value)| {
            let mut header = good.clone();
            change(&mut header);
            verify(&signed(&signer, &header, &claims()), &ALGS).unwrap_err()
        };
        assert_eq!(with(&|header| header["typ"] = json!("JWT")), InvalidJwt::Type);
        assert_eq!(with(&|header| drop(header.as_object_mut().unwrap().remove("typ"))), InvalidJwt::Type);
        assert_eq!(with(&|header| header["alg"] = json!("none")), InvalidJwt::Algorithm);
        assert_eq!(with(&|header| header["alg"] = json!("HS256")), InvalidJwt::Algorithm);
        assert_eq!(with(&|header| header["alg"] = json!("RS256")), InvalidJwt::Algorithm);
        assert_eq!(with(&|header| header["alg"] = json!("PS256")), InvalidJwt::NoKey);
        assert_eq!(with(&|header| header["jwk"]["d"] = json!("AAAA")), InvalidJwt::NoKey);
        assert_eq!(with(&|header| header["jwk"]["x"] = json!("AAAA")), InvalidJwt::NoKey);
        assert_eq!(with(&|header| header["jwk"] = json!("a string")), InvalidJwt::NoKey);
        assert_eq!(
            with(&|header| drop(header.as_object_mut().unwrap().remove("jwk"))),
            InvalidJwt::Malformed
        );
        assert_eq!(with(&|header| header["crit"] = json!(["x"])), InvalidJwt::Critical);
        let foreign = header(&other, "ES256");
        assert_eq!(verify(&signed(&signer, &foreign, &claims()), &ALGS), Err(InvalidJwt::Signature));
        for claim in ["jti", "htm", "htu", "iat"] {
            let mut claims = claims();
            claims.as_object_mut().unwrap().remove(claim);
            assert_eq!(verify(&signed(&signer, &good, &claims), &ALGS), Err(InvalidJwt::Claims), "{claim}");
        }
        for iat in [json!(-1), json!("now"), json!(1e300)] {
            let mut claims = claims();
            claims["iat"] = iat;
            assert_eq!(verify(&signed(&signer, &good, &claims), &ALGS), Err(InvalidJwt::Claims));
        }
    }

    // <https://www.rfc-editor.org/rfc/rfc9864#section-2.2>, S102
    #[test]
    fn ed25519_by_its_newer_name() {
        let (signer, other) = (Signer::generate(SigningAlg::EdDSA), Signer::generate(SigningAlg::EdDSA));
        let named = header(&signer, "Ed25519");
        assert!(verify(&signed(&signer, &named, &claims()), &ALGS).is_ok());
        assert_eq!(verify(&signed(&other, &named, &claims()), &ALGS), Err(InvalidJwt::Signature));
        assert_eq!(verify(&signed(&signer, &named, &claims()), &["ES256"]), Err(InvalidJwt::Algorithm));
        let ec = Signer::generate(SigningAlg::ES256);
        assert_eq!(verify(&signed(&ec, &header(&ec, "Ed25519"), &claims()), &ALGS), Err(InvalidJwt::NoKey));
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove("jti");
        assert_eq!(verify(&signed(&signer, &named, &claims), &ALGS), Err(InvalidJwt::Claims));
    }

    #[test]
    fn each_kind_of_key_has_its_thumbprint() {
        for (alg, name) in [(SigningAlg::EdDSA, "EdDSA"), (SigningAlg::PS256, "PS256")] {
            let signer = Signer::generate(alg);
            let proof = verify(&signed(&signer, &header(&signer, name), &claims()), &ALGS).unwrap();
            assert_eq!(proof.jkt.len(), 43);
        }
    }
}
