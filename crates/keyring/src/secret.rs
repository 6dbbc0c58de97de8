//! Secrets in plain text. Only their digest ever reaches the database (STYLE 10).

use std::fmt;

use subtle::ConstantTimeEq;

/// A secret as the person or the client knows it: shown once, never stored, never logged.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    pub fn new(plain: impl Into<String>) -> Secret {
        Secret(plain.into())
    }

    /// The plain text, for the one place that hands it to its owner.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the database keeps: SHA-256 is enough for values of 256 random bits.
    pub fn digest(&self) -> [u8; 32] {
        digest(self.0.as_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// SHA-256.
pub fn digest(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref());
    out
}

/// SHA-256 of what comes in pieces.
pub struct Digester(aws_lc_rs::digest::Context);

impl Default for Digester {
    fn default() -> Self {
        Self(aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256))
    }
}

impl Digester {
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub fn finish(self) -> [u8; 32] {
        let mut out = [0; 32];
        out.copy_from_slice(self.0.finish().as_ref());
        out
    }
}

/// Compares without telling by its time where the two differ (S113).
pub fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_shows_itself() {
        let secret = Secret::new("hunter2hunter2");
        assert!(!format!("{secret:?}").contains("hunter2"));
        assert!(same(&secret.digest(), &digest(b"hunter2hunter2")));
        assert!(!same(b"a", b"ab"));
    }
}
