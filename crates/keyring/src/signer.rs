//! One signing key, parsed once and kept: `jsonwebtoken::encode` parses the private key again at every call, which
//! costs 1.8 to 2.6 times as much (facts/database.md §3).

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaEncoding, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::SigningAlg;
use serde_json::json;

pub(crate) enum Signer {
    /// With the padding of its algorithm: one key never signs with two.
    Rsa(RsaKeyPair, SigningAlg),
    Ecdsa(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

/// The bytes are no private key of the named algorithm, or the key could not sign.
#[derive(Debug, thiserror::Error)]
#[error("the private key cannot be used")]
pub(crate) struct BadKey;

impl Signer {
    #[expect(clippy::expect_used, reason = "fails only without memory or randomness; nothing could go on")]
    pub(crate) fn generate(alg: SigningAlg) -> Signer {
        const MADE: &str = "a key can be made";
        match alg {
            SigningAlg::RS256 | SigningAlg::PS256 => {
                Signer::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).expect(MADE), alg)
            }
            SigningAlg::ES256 => {
                Signer::Ecdsa(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect(MADE))
            }
            SigningAlg::EdDSA => Signer::Ed(Ed25519KeyPair::generate().expect(MADE)),
        }
    }

    pub(crate) fn from_pkcs8(alg: SigningAlg, pkcs8: &[u8]) -> Result<Signer, BadKey> {
        let signer = match alg {
            SigningAlg::RS256 | SigningAlg::PS256 => {
                RsaKeyPair::from_pkcs8(pkcs8).map(|key| Signer::Rsa(key, alg))
            }
            SigningAlg::ES256 => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map(Signer::Ecdsa)
            }
            SigningAlg::EdDSA => Ed25519KeyPair::from_pkcs8(pkcs8).map(Signer::Ed),
        };
        signer.map_err(|_| BadKey)
    }

    #[expect(clippy::expect_used, reason = "a key that was just made has an encoding")]
    pub(crate) fn to_pkcs8(&self) -> Vec<u8> {
        const ENCODES: &str = "a key encodes";
        match self {
            Signer::Rsa(key, _) => {
                let der: Pkcs8V1Der<'_> = key.as_der().expect(ENCODES);
                der.as_ref().to_vec()
            }
            Signer::Ecdsa(key) => key.to_pkcs8v1().expect(ENCODES).as_ref().to_vec(),
            Signer::Ed(key) => key.to_pkcs8().expect(ENCODES).as_ref().to_vec(),
        }
    }

    /// Only public members, with `use`, `alg` and `kid` (S92).
    pub(crate) fn public_jwk(&self, kid: &str) -> String {
        let base64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let jwk = match self {
            Signer::Rsa(key, alg) => {
                let public = key.public_key();
                json!({
                    "kty": "RSA", "use": "sig", "alg": alg.as_str(), "kid": kid,
                    "n": base64(public.modulus().big_endian_without_leading_zero()),
                    "e": base64(public.exponent().big_endian_without_leading_zero()),
                })
            }
            Signer::Ecdsa(key) => {
                // The uncompressed point: 4, then both coordinates.
                let (x, y) = key.public_key().as_ref()[1..].split_at(32);
                json!({
                    "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid,
                    "x": base64(x), "y": base64(y),
                })
            }
            Signer::Ed(key) => json!({
                "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": kid,
                "x": base64(key.public_key().as_ref()),
            }),
        };
        jwk.to_string()
    }

    /// Appends the base64url signature of `message` to it.
    pub(crate) fn sign_onto(&self, message: &mut String) -> Result<(), BadKey> {
        // aws-lc draws its own nonces; the argument is there for ring's sake.
        let random = SystemRandom::new();
        let bytes = message.as_bytes();
        let mut rsa = [0; 512];
        let signature: &[u8] = match self {
            Signer::Rsa(key, alg) => {
                let padding: &'static dyn RsaEncoding =
                    if *alg == SigningAlg::PS256 { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                let signature = rsa.get_mut(..key.public_modulus_len()).ok_or(BadKey)?;
                key.sign(padding, &random, bytes, signature).map_err(|_| BadKey)?;
                signature
            }
            Signer::Ecdsa(key) => {
                let signature = key.sign(&random, bytes).map_err(|_| BadKey)?;
                rsa[..64].copy_from_slice(signature.as_ref());
                &rsa[..64]
            }
            Signer::Ed(key) => {
                let signature = key.try_sign(bytes).map_err(|_| BadKey)?;
                rsa[..64].copy_from_slice(signature.as_ref());
                &rsa[..64]
            }
        };
        message.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, message);
        Ok(())
    }
}
