//! How an answer is encrypted to a client that registered it: the names of JSON Web Algorithms, and what is meant where
//! a registration leaves one out.
//! <https://www.rfc-editor.org/rfc/rfc7518#section-4.1>, <https://www.rfc-editor.org/rfc/rfc7518#section-5.1>

use crate::ClientMetadata;

/// How the content's key reaches the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyEncryption {
    /// RSA-OAEP with SHA-256.
    RsaOaep256,
    /// Diffie-Hellman with an ephemeral key of ours, on P-256 or X25519; the agreed key is the content's.
    EcdhEs,
}

/// How the content itself is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContentEncryption {
    A128CbcHs256,
    A256Gcm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encryption {
    pub alg: KeyEncryption,
    pub enc: ContentEncryption,
}

impl KeyEncryption {
    pub const ALL: [Self; 2] = [Self::RsaOaep256, Self::EcdhEs];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RsaOaep256 => "RSA-OAEP-256",
            Self::EcdhEs => "ECDH-ES",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|alg| alg.as_str() == text)
    }
}

impl ContentEncryption {
    pub const ALL: [Self; 2] = [Self::A128CbcHs256, Self::A256Gcm];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A128CbcHs256 => "A128CBC-HS256",
            Self::A256Gcm => "A256GCM",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|enc| enc.as_str() == text)
    }
}

/// Why a pair of names is no encryption that we do; the member that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEncryption {
    #[error("its alg is not one of RSA-OAEP-256, ECDH-ES")]
    Alg,
    #[error("its enc is not one of A128CBC-HS256, A256GCM")]
    Enc,
    /// > When id_token_encrypted_response_enc is included, id_token_encrypted_response_alg MUST also be provided.
    #[error("its enc is given without an alg")]
    EncAlone,
}

impl Encryption {
    /// The pair that a registration names; none where it names none.
    ///
    /// > If id_token_encrypted_response_alg is specified, the default id_token_encrypted_response_enc value is A128CBC-HS256.
    ///
    /// <https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata>
    pub fn registered(alg: Option<&str>, enc: Option<&str>) -> Result<Option<Self>, BadEncryption> {
        let Some(alg) = alg else {
            return if enc.is_some() { Err(BadEncryption::EncAlone) } else { Ok(None) };
        };
        let alg = KeyEncryption::parse(alg).ok_or(BadEncryption::Alg)?;
        let enc = enc.map_or(Some(ContentEncryption::A128CbcHs256), ContentEncryption::parse);
        Ok(Some(Self { alg, enc: enc.ok_or(BadEncryption::Enc)? }))
    }
}

impl ClientMetadata {
    /// How ID tokens for this client are encrypted, if they are.
    pub fn id_token_encryption(&self) -> Result<Option<Encryption>, BadEncryption> {
        let (alg, enc) = (&self.id_token_encrypted_response_alg, &self.id_token_encrypted_response_enc);
        Encryption::registered(alg.as_deref(), enc.as_deref())
    }

    /// How userinfo answers for this client are encrypted, if they are.
    pub fn userinfo_encryption(&self) -> Result<Option<Encryption>, BadEncryption> {
        let (alg, enc) = (&self.userinfo_encrypted_response_alg, &self.userinfo_encrypted_response_enc);
        Encryption::registered(alg.as_deref(), enc.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_has_a_meaning() {
        let registered = Encryption::registered;
        let (rsa, ecdh) = (KeyEncryption::RsaOaep256, KeyEncryption::EcdhEs);
        let pair = |alg, enc| Ok(Some(Encryption { alg, enc }));
        assert_eq!(registered(None, None), Ok(None));
        assert_eq!(registered(Some("RSA-OAEP-256"), None), pair(rsa, ContentEncryption::A128CbcHs256));
        assert_eq!(registered(Some("ECDH-ES"), Some("A256GCM")), pair(ecdh, ContentEncryption::A256Gcm));
        assert_eq!(registered(None, Some("A256GCM")), Err(BadEncryption::EncAlone));
        for alg in ["RSA1_5", "RSA-OAEP", "dir", "none", "A128KW", "ecdh-es", ""] {
            assert_eq!(registered(Some(alg), None), Err(BadEncryption::Alg), "{alg}");
        }
        assert_eq!(registered(Some("ECDH-ES"), Some("A256CBC")), Err(BadEncryption::Enc));
    }
}
