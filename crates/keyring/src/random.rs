//! The one source of randomness. Everything that needs a random value is handed a [`Random`] (STYLE 9), so that
//! a test can replay it with a seed.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::Secret;

#[derive(Clone)]
pub struct Random(Source);

#[derive(Clone)]
enum Source {
    /// aws-lc's generator, seeded by the operating system.
    System,
    /// Replayable, for tests.
    Seeded(Arc<Mutex<StdRng>>),
}

impl Random {
    pub fn system() -> Random {
        Random(Source::System)
    }

    /// The same seed gives the same values in the same order.
    pub fn seeded(seed: u64) -> Random {
        Random(Source::Seeded(Arc::new(Mutex::new(StdRng::seed_from_u64(seed)))))
    }

    #[expect(clippy::expect_used, reason = "without randomness nothing that follows would be safe")]
    pub fn fill(&self, bytes: &mut [u8]) {
        match &self.0 {
            Source::System => aws_lc_rs::rand::fill(bytes).expect("the system's generator works"),
            Source::Seeded(generator) => {
                generator.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes);
            }
        }
    }

    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// 256 bits, base64url: codes, refresh tokens, sessions, client secrets (S23, S108).
    pub fn secret(&self) -> Secret {
        Secret::new(URL_SAFE_NO_PAD.encode(self.bytes::<32>()))
    }

    /// 128 bits, 26 lowercase letters and digits: identifiers that are no secrets.
    pub fn id(&self) -> String {
        // RFC 4648 base32 in lower case: safe in URLs, file names and DNS, whatever folds the case.
        const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let mut number = u128::from_be_bytes(self.bytes::<16>());
        let mut id = String::with_capacity(26);
        for _ in 0..26 {
            id.push(char::from(ALPHABET[(number & 31) as usize]));
            number >>= 5;
        }
        id
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Random")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // S23, S108: at least 128 (identifiers) and 256 (secrets) bits.
    #[test]
    fn ids_and_secrets_have_their_length() {
        let random = Random::system();
        assert_eq!(random.id().len(), 26);
        assert_eq!(random.secret().expose().len(), 43);
        assert_ne!(random.id(), random.id());
    }

    #[test]
    fn a_seed_replays() {
        assert_eq!(Random::seeded(7).id(), Random::seeded(7).id());
        assert_ne!(Random::seeded(7).id(), Random::seeded(8).id());
    }
}
