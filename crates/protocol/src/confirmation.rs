//! Who alone may use a token: the holder of a key, shown by DPoP or by a client certificate.

use serde::{Deserialize, Serialize};

/// The `cnf` claim, with the two ways of showing possession that we know. At most one is set.
///
/// > the value is the base64url encoding of the JWK SHA-256 Thumbprint of the DPoP public key
///
/// <https://www.rfc-editor.org/rfc/rfc9449#section-6.1>,
/// <https://www.rfc-editor.org/rfc/rfc8705#section-3.1>
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jkt: Option<String>,
    #[serde(default, rename = "x5t#S256", skip_serializing_if = "Option::is_none")]
    pub x5t_s256: Option<String>,
}

impl Confirmation {
    pub fn of_key(thumbprint: impl Into<String>) -> Self {
        Self { jkt: Some(thumbprint.into()), x5t_s256: None }
    }

    pub fn of_certificate(thumbprint: impl Into<String>) -> Self {
        Self { jkt: None, x5t_s256: Some(thumbprint.into()) }
    }
}
