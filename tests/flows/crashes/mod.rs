//! The real binary, killed at any moment (SIGKILL) and started again: what it answered holds, what it did not answer
//! happened wholly or not at all (I1, I2, I7, I8, I10).
//!
//! The moment of each kill is random within the time that the step takes, so that over the rounds every gap between
//! two effects is hit: before, inside and after the transaction, between the objects of a photo, before and after the answer.

mod commands;
mod photos;
mod place;
mod stop;
mod tokens;

use std::time::Duration;

pub use place::Place;

/// Rounds of one crash journey.
const ROUNDS: usize = 12;

/// A moment within `longest`, in steps of 50 microseconds.
fn moment(longest: Duration) -> Duration {
    let [a, b] = keyring::Random::system().bytes::<2>();
    let part = f64::from(u16::from_be_bytes([a, b])) / f64::from(u16::MAX);
    longest.mul_f64(part)
}

/// Waits up to ten seconds.
pub async fn eventually(what: &str, holds: impl AsyncFn() -> bool) {
    for _ in 0..200 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("within ten seconds it does not come true that {what}");
}

/// The same journey as two tests.
macro_rules! on_both_engines {
    ($($journey:ident),+) => {$(
        mod $journey {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$journey(tests::Engine::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                super::$journey(tests::Engine::Postgres).await;
            }
        }
    )+};
}
use on_both_engines;
