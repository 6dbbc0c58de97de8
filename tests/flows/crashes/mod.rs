//! The real binary, killed at any moment (SIGKILL) and started again: what it answered holds, what it did not answer
//! happened wholly or not at all (I1, I2, I7, I8, I10).
//!
//! The moment of each kill is random within the time that the step takes. The journeys over tokens and the photo go on
//! until a kill came before the commit and another one after it; which gap between two effects a single kill meets is
//! chance.

mod commands;
mod persistence;
mod photos;
mod stop;
mod tokens;

use std::time::Duration;

pub use tests::Place;

/// Rounds of one crash journey, and how many there may be until both sides of the commit were hit.
const ROUNDS: usize = 12;
const MOST_ROUNDS: usize = 40;

/// Whether kills came on both sides of the commit: without both, a journey has shown half of what it is for.
#[derive(Debug, Default)]
struct Sides {
    before: usize,
    after: usize,
}

impl Sides {
    /// For the loop's condition: enough rounds, and both sides.
    fn wants_more(&self) -> bool {
        let rounds = self.before + self.after;
        rounds < ROUNDS || (rounds < MOST_ROUNDS && (self.before == 0 || self.after == 0))
    }

    /// Within what time after its start the next request is killed: half as long again as one takes here, earlier each
    /// time while every kill came too late, later while every one came too early.
    fn window(&self, milliseconds: f64) -> Duration {
        let factor = match (self.before, self.after) {
            (0, late) => 1.5 / (1 + late) as f64,
            (early, 0) => 1.5 * (1 + early) as f64,
            _ => 1.5,
        };
        Duration::from_secs_f64(milliseconds * factor / 1000.0)
    }

    fn assert_both(&self) {
        assert!(self.before > 0 && self.after > 0, "every kill came on one side of the commit: {self:?}");
        eprintln!("kills before and after the commit: {self:?}");
    }
}

/// A moment within `longest`.
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
