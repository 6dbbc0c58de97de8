//! Photos in quantity, with real processes: moving from store to store, import, verification, backup; and chaos.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod backup;
mod chaos;
mod moving;
mod quantity;
