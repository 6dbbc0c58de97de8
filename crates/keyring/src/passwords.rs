//! Passwords: Argon2id, 19 MiB, two passes, one lane (OWASP's first choice), some 19 ms of one core each.
//!
//! So many at once as there are cores, a short queue behind them, and then [`Busy`]: a storm of sign-ins must neither starve
//! the rest of the house nor fill the memory (F39).

use std::sync::{Arc, OnceLock};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;

use crate::{Random, Secret};

const MIN_CHARS: usize = 8;
const MAX_CHARS: usize = 128;

#[derive(Clone)]
pub struct Passwords(Arc<Pool>);

struct Pool {
    /// Running and waiting together; full means [`Busy`].
    places: Arc<Semaphore>,
    /// Running.
    cores: Arc<Semaphore>,
    random: Random,
    /// Hashed once, to compare with where there is no person: takes as long as a real one (S42).
    nobody: OnceLock<String>,
}

/// Too many sign-ins at once: come back in a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being checked at once")]
pub struct Busy;

/// Why a new password is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    #[error("a password needs at least 8 characters")]
    TooShort,
    #[error("a password has at most 128 characters")]
    TooLong,
    #[error("a password must not contain the NUL character")]
    Nul,
    #[error("this password is among the first that anybody would try")]
    Common,
}

impl Passwords {
    /// `cores` hashes at once, `queue` more that wait.
    pub fn new(cores: usize, queue: usize, random: Random) -> Passwords {
        let cores = cores.max(1);
        Passwords(Arc::new(Pool {
            places: Arc::new(Semaphore::new(cores + queue)),
            cores: Arc::new(Semaphore::new(cores)),
            random,
            nobody: OnceLock::new(),
        }))
    }

    /// NFC, 8 to 128 characters, no NUL, not a common one (S43).
    pub fn check(password: &Secret) -> Result<(), WeakPassword> {
        let text = normalised(password);
        let length = text.chars().count();
        if text.contains('\0') {
            Err(WeakPassword::Nul)
        } else if length < MIN_CHARS {
            Err(WeakPassword::TooShort)
        } else if length > MAX_CHARS {
            Err(WeakPassword::TooLong)
        } else if is_common(&text) {
            Err(WeakPassword::Common)
        } else {
            Ok(())
        }
    }

    /// The PHC string for the database. Checks nothing: see [`Passwords::check`].
    pub async fn hash(&self, password: &Secret) -> Result<String, Busy> {
        let text = normalised(password);
        let salt = self.0.random.bytes::<16>();
        self.run(move |_| hashed(&text, &salt)).await
    }

    /// Whether this is the password behind `hash`. Without a hash (no such person, no password) the answer is no,
    /// after the same time.
    pub async fn verify(&self, password: &Secret, hash: Option<&str>) -> Result<bool, Busy> {
        let text = normalised(password);
        let hash = hash.map(str::to_owned);
        self.run(move |pool| {
            // Longer than any password that we ever took: not hashed in full, yet as slow as any other.
            let possible = text.chars().count() <= MAX_CHARS;
            let text = if possible { text.as_str() } else { "" };
            let nobody = || pool.nobody.get_or_init(|| hashed("nobody", &pool.random.bytes::<16>())).clone();
            let known = hash.is_some();
            matches(text, &hash.unwrap_or_else(nobody)) && possible && known
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Pool) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let place = self.0.places.clone().try_acquire_owned().map_err(|_| Busy)?;
        let core = self.0.cores.clone().acquire_owned().await.map_err(|_| Busy)?;
        let pool = self.0.clone();
        // The permits travel with the work: whoever hangs up does not free a core that still hashes.
        let done = tokio::task::spawn_blocking(move || {
            let result = work(&pool);
            drop((core, place));
            result
        });
        done.await.map_err(|_| Busy)
    }
}

/// The same characters typed on two keyboards may be different bytes.
fn normalised(password: &Secret) -> String {
    password.expose().nfc().collect()
}

fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
}

#[expect(clippy::expect_used, reason = "the parameters are constants that the test below runs")]
fn hashed(text: &str, salt: &[u8]) -> String {
    argon2().hash_password_with_salt(text.as_bytes(), salt).expect("Argon2 runs").to_string()
}

fn matches(text: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| argon2().verify_password(text.as_bytes(), &hash).is_ok())
}

/// Compared in lower case and without what people put at the end to please a rule: digits and `!`.
fn is_common(text: &str) -> bool {
    let folded = text.to_lowercase();
    let stem = folded.trim_end_matches(|c: char| c.is_ascii_digit() || "!?.*#@$".contains(c));
    let listed = |word: &str| COMMON.split_ascii_whitespace().any(|common| common == word);
    let first = folded.chars().next();
    let one_character = folded.chars().all(|c| Some(c) == first);
    one_character || is_run(&folded) || listed(&folded) || (stem.len() < folded.len() && listed(stem))
}

/// Every character follows its neighbour: 12345678, abcdefgh, 87654321.
fn is_run(text: &str) -> bool {
    let codes: Vec<i64> = text.chars().map(|c| i64::from(u32::from(c))).collect();
    let steps = |by: i64| codes.windows(2).all(|pair| pair[1] - pair[0] == by);
    steps(1) || steps(-1)
}

const COMMON: &str = include_str!("common-passwords.txt");

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<(), WeakPassword> {
        Passwords::check(&Secret::new(text))
    }

    // S43
    #[test]
    fn the_rules_of_new_passwords() {
        for good in ["correct horse battery staple", "пароль-не-простой", &"ab".repeat(64), "kL9#vv2m"]
        {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("", WeakPassword::TooShort),
            ("short 1", WeakPassword::TooShort),
            // Eight code points, but four characters once composed.
            ("e\u{301}e\u{301}e\u{301}e\u{301}", WeakPassword::TooShort),
            (&"x1".repeat(65), WeakPassword::TooLong),
            ("nul\0nul\0nul", WeakPassword::Nul),
            ("password", WeakPassword::Common),
            ("Password123!", WeakPassword::Common),
            ("QWERTYUIOP", WeakPassword::Common),
            ("aaaaaaaaaaaa", WeakPassword::Common),
            ("123456789", WeakPassword::Common),
            ("hgfedcba", WeakPassword::Common),
        ] {
            assert_eq!(check(bad), Err(why), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_hash_verifies_its_password_alone() {
        let passwords = Passwords::new(2, 8, Random::seeded(1));
        let hash = passwords.hash(&Secret::new("caf\u{e9} au lait")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify(&Secret::new("cafe\u{301} au lait"), Some(&hash)).await.unwrap());
        let long = "x".repeat(60_000);
        for wrong in ["cafe au lait", "", long.as_str()] {
            assert!(!passwords.verify(&Secret::new(wrong), Some(&hash)).await.unwrap());
        }
        assert!(!passwords.verify(&Secret::new("nobody"), None).await.unwrap());
        assert!(!passwords.verify(&Secret::new(""), Some("not a hash")).await.unwrap());
    }

    // F39: more than the pool and its queue hold is refused at once, and a caller who gives up frees nothing early.
    #[tokio::test]
    async fn a_storm_meets_a_bounded_queue() {
        let passwords = Passwords::new(1, 2, Random::seeded(1));
        let secret = Secret::new("correct horse battery staple");
        let tries = (0..20).map(|_| passwords.hash(&secret));
        let (done, busy): (Vec<_>, Vec<_>) =
            futures_util::future::join_all(tries).await.into_iter().partition(Result::is_ok);
        assert_eq!((done.len(), busy.len()), (3, 17));
        assert!(passwords.hash(&secret).await.is_ok(), "the places are free again");
    }
}
