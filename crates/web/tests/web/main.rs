//! The extractors and the middleware in a real actix application on a real SQLite database; only the clock stands still.

#![expect(clippy::unwrap_used, reason = "these are tests, their helpers too")]

mod bearer;
mod browsers;
mod clients;
mod documents;
mod dpop;
mod house;
mod hygiene;
mod keys;
mod outbound;
mod personal;
mod step_up;
