//! Brute force is slowed on all nodes together, and nobody can be locked out by somebody else (S42).
//!
//! A try is charged to counters before the password is looked at:
//!
//! | who tries | charged to | free tries | then |
//! |---|---|---|---|
//! | a browser that has signed in as this person before | that browser and person | 5 | 1 s, doubling up to 15 min |
//! | any other | the network address and account together | 5 | 1 s, doubling up to 15 min |
//! | | the account, from wherever | 50 | 1 s, doubling up to 5 min, for those who tried twice themselves |
//! | | the network address, for whichever account | 100 an hour | 1 s, doubling up to 5 min |
//!
//! Codes that devices show are guessed at by anybody: charged are the browser (5 free tries, then as above) and, since a
//! new browser costs nothing, the network address (20 an hour, then 1 s, doubling up to 5 min).
//!
//! So guessing from one place blocks that place, guessing from many places slows new browsers, and the person's own
//! browsers go on working. Nor can anybody who keeps on guessing shut the person out of a browser that is new: from
//! every network two tries a day are heard, however many others are blocked (and each costs the guesser a network of its
//! own). Counters of people who do not exist behave the same.

use protocol::{Micros, SECOND};
use store::{Store, StoreError, attempts::Counter};
use web::Peer;

const HOUR: Micros = 3600 * SECOND;
/// Tries from one network that no other network's guessing blocks.
const HEARD: i64 = 2;

/// The counters of one try.
pub struct Trial {
    counters: Vec<Counter>,
    /// Begins anew once the secret was right.
    clear: Vec<Vec<u8>>,
    /// Shared with others: a right secret takes back its own charge only.
    uncharge: Vec<Vec<u8>>,
}

impl Trial {
    /// By a browser that never signed in as this person. `email` as it is stored: trimmed, in lower case.
    pub fn by_stranger(email: &str, peer: Peer) -> Trial {
        let network = peer.network();
        let pair = digest("pair", &[email, &network]);
        let account = digest("account", &[email]);
        let address = digest("address", &[&network]);
        Trial {
            counters: vec![
                Counter { digest: pair.clone(), delay: few, forget_after: 24 * HOUR, spares: 0 },
                Counter { digest: account.clone(), delay: many, forget_after: 24 * HOUR, spares: HEARD },
                Counter { digest: address.clone(), delay: most, forget_after: HOUR, spares: 0 },
            ],
            clear: vec![pair, account],
            uncharge: vec![address],
        }
    }

    /// By a browser that has signed in as this person before.
    pub fn by_known_browser(user_id: &str, device: &str) -> Trial {
        Trial::alone(digest("browser", &[user_id, device]))
    }

    /// By the person who is signed in, and has to prove it once more.
    pub fn by_signed_in(user_id: &str, sid: &str) -> Trial {
        Trial::alone(digest("session", &[user_id, sid]))
    }

    /// Somebody who types the code that a device shows.
    // S75
    pub fn of_user_code(browser: &[u8], peer: Peer) -> Trial {
        let browser = keyring::digest(&[b"user code\0", browser].concat()).to_vec();
        let address = digest("user code address", &[&peer.network()]);
        Trial {
            counters: vec![
                Counter { digest: browser.clone(), delay: few, forget_after: 24 * HOUR, spares: 0 },
                Counter { digest: address.clone(), delay: codes, forget_after: HOUR, spares: 0 },
            ],
            clear: vec![browser],
            uncharge: vec![address],
        }
    }

    fn alone(digest: Vec<u8>) -> Trial {
        let counters =
            vec![Counter { digest: digest.clone(), delay: few, forget_after: 24 * HOUR, spares: 0 }];
        Trial { counters, clear: vec![digest], uncharge: Vec::new() }
    }

    /// Charges the try. `Some(seconds)`: not now, and the password must not be looked at.
    pub async fn begin(&self, store: &Store, now: Micros) -> Result<Option<u64>, StoreError> {
        let until = store.begin_try(self.counters.clone(), now).await?;
        Ok(until.map(|until| u64::try_from((until - now + SECOND - 1) / SECOND).unwrap_or(1).max(1)))
    }

    /// The password was not looked at after all.
    pub async fn never_happened(self, store: &Store) -> Result<(), StoreError> {
        let all = self.counters.into_iter().map(|counter| counter.digest).collect();
        store.forgive_try(Vec::new(), all).await
    }

    /// The password was right.
    pub async fn succeed(self, store: &Store) -> Result<(), StoreError> {
        store.forgive_try(self.clear, self.uncharge).await
    }
}

fn few(failures: i64) -> Micros {
    backoff(failures - 5, 15 * 60 * SECOND)
}

fn many(failures: i64) -> Micros {
    backoff(failures - 50, 5 * 60 * SECOND)
}

fn codes(failures: i64) -> Micros {
    backoff(failures - 20, 5 * 60 * SECOND)
}

fn most(failures: i64) -> Micros {
    backoff(failures - 100, 5 * 60 * SECOND)
}

/// Nothing up to `over` = 0, then 1 s, 2 s, 4 s … up to `longest`.
fn backoff(over: i64, longest: Micros) -> Micros {
    match over.clamp(0, 20) {
        0 => 0,
        over => (SECOND << (over - 1)).min(longest),
    }
}

/// The table knows nobody's address: only digests.
fn digest(kind: &str, parts: &[&str]) -> Vec<u8> {
    let mut text = String::from(kind);
    for part in parts {
        text.push('\0');
        text.push_str(part);
    }
    keyring::digest(text.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_grows_and_ends_growing() {
        let seconds: Vec<i64> = (1..=18).map(|failures| few(failures) / SECOND).collect();
        assert_eq!(seconds, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
        assert_eq!(few(i64::MAX), 900 * SECOND);
        assert_eq!((many(50), many(51), most(100), most(i64::MAX)), (0, SECOND, 0, 300 * SECOND));
    }

    #[test]
    fn counters_of_different_kinds_never_meet() {
        let stranger = Trial::by_stranger("a@example.test", Peer("192.0.2.7".parse().expect("an address")));
        let mut digests: Vec<_> = stranger.counters.iter().map(|c| c.digest.clone()).collect();
        digests.push(Trial::by_known_browser("a@example.test", "192.0.2.7").counters[0].digest.clone());
        digests.push(Trial::by_signed_in("a@example.test", "192.0.2.7").counters[0].digest.clone());
        digests.sort();
        digests.dedup();
        assert_eq!(digests.len(), 5);
    }
}
