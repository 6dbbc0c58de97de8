//! What everything that is sent to clients again and again has in common: how long to wait, and how a failure is told.

use protocol::{Micros, SECOND};
use web::outbound::Refused;

const LONGEST_WAIT: Micros = 3600 * SECOND;
const ERROR_CHARS: usize = 200;

/// Twice as long each time.
pub fn pause(failures: i64) -> Micros {
    SECOND.saturating_mul(1 << failures.clamp(0, 12)).min(LONGEST_WAIT)
}

pub fn shown(error: &Refused) -> String {
    match error {
        Refused::Address => {
            "its address is none that we may connect to; see `outbound.allow_networks`".to_owned()
        }
        error => short(&error.to_string()),
    }
}

/// On one line, so that nobody writes into our log or terminal.
pub fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(ERROR_CHARS).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        assert_eq!([0, 1, 5].map(pause), [SECOND, 2 * SECOND, 32 * SECOND]);
        assert_eq!(pause(i64::MAX), LONGEST_WAIT);
        assert_eq!(pause(-1), SECOND);
    }
}
