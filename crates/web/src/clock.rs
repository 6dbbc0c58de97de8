//! The clock. Everything that compares times is handed one, so that a test can turn it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::SystemTime;

use protocol::Micros;

pub trait Clock: Send + Sync {
    /// Unix time in microseconds.
    fn now(&self) -> Micros;
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Clock for System {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
    fn now(&self) -> Micros {
        match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_micros()).unwrap_or(Micros::MAX),
            // A clock before 1970 is wrong; nothing is valid then.
            Err(_) => 0,
        }
    }
}

/// Stands still until a test moves it. Clones show the same time.
#[derive(Clone, Debug)]
pub struct Manual(Arc<AtomicI64>);

impl Manual {
    pub fn at(now: Micros) -> Manual {
        Manual(Arc::new(AtomicI64::new(now)))
    }

    pub fn set(&self, now: Micros) {
        self.0.store(now, Ordering::SeqCst);
    }

    pub fn advance(&self, by: Micros) {
        self.0.fetch_add(by, Ordering::SeqCst);
    }
}

impl Clock for Manual {
    fn now(&self) -> Micros {
        self.0.load(Ordering::SeqCst)
    }
}
