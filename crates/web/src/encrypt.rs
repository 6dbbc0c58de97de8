//! Answers that only one client shall read: to a key of its own set, wherever that stands.

use keyring::InvalidJwt;
use keyring::encrypt::{CannotEncrypt, encrypt};
use protocol::{Client, Encryption};

use crate::Core;

impl Core {
    /// A JWE for this client. `is_jwt`: the content is a signed JWT.
    ///
    /// # Errors
    /// The client's set has no key that fits, or its `jwks_uri` does not answer: nothing may leave in clear then.
    pub async fn encrypted(
        &self,
        client: &Client,
        how: Encryption,
        content: &[u8],
        is_jwt: bool,
    ) -> Result<String, CannotEncrypt> {
        let attempt = |jwks: &str| match encrypt(jwks, how, content, is_jwt, &self.random) {
            Err(CannotEncrypt::NoKey) => Err(InvalidJwt::NoKey),
            outcome => Ok(outcome),
        };
        self.with_client_keys(client, attempt).await.unwrap_or(Err(CannotEncrypt::NoKey))
    }
}
