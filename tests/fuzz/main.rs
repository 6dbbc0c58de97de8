//! Every parser of text that somebody else wrote, fed with what nobody would write: none panics, hangs or overflows, and
//! what each lets through is what it promises. Each target runs for [`EACH`] under `cargo test`, on stable; the same ones
//! run under libFuzzer with `cargo bolero test -p tests --test fuzz <target>`.
//!
//! [`text`] makes the input; the targets are sorted by who reads it: [`requests`] (OAuth parameters), [`registrations`],
//! [`tokens`] (JWTs and key sets), [`headers`] (HTTP), [`certificates`], [`photos`] (keys and crop boxes).

#![expect(clippy::unwrap_used, reason = "these are tests, their helpers too")]

use std::time::Duration;

/// A minute in all, by two cores.
const EACH: Duration = Duration::from_secs(3);

/// Runs a target on texts that are made of `words` and of noise. A macro, so that each target has its own name.
macro_rules! fuzz {
    ($words:expr, $target:expr) => {{
        let target = crate::text::taking($target);
        let words: &[&str] = $words;
        bolero::check!()
            .with_test_time(crate::EACH)
            .with_iterations(usize::MAX)
            .with_max_len(256)
            .for_each(|bytes: &[u8]| target(&crate::text::of(bytes, words)));
    }};
}

mod certificates;
mod headers;
mod photos;
mod registrations;
mod requests;
mod text;
mod tokens;
