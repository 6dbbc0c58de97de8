//! Device authorization: the codes, who may begin, what a poll hears, what the person is asked.
//! <https://www.rfc-editor.org/rfc/rfc8628>

use crate::{Micros, SECOND, Scopes};

/// What a device waits for, as it is kept.
pub const PENDING: &str = "pending";
pub const DENIED: &str = "denied";
pub const APPROVED: &str = "approved";

/// > interval OPTIONAL. The minimum amount of time in seconds that the client SHOULD wait between polling requests to the
/// > token endpoint. If no value is provided, clients MUST use 5 as the default.
///
/// <https://www.rfc-editor.org/rfc/rfc8628#section-3.2>
pub const INTERVAL: Micros = 5 * SECOND;

/// > the interval MUST be increased by 5 seconds for this and all subsequent requests.
///
/// <https://www.rfc-editor.org/rfc/rfc8628#section-3.5>
pub const SLOW_DOWN: Micros = 5 * SECOND;

/// > it is RECOMMENDED that the character set […] "BCDFGHJKLMNPQRSTVWXZ" […] without vowels […] An example user code
/// > following this guideline, "WDJB-MJHT", 20^8 entropy
///
/// <https://www.rfc-editor.org/rfc/rfc8628#section-6.1>: 34 bits, for ten minutes, with few guesses.
// S75
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const LENGTH: usize = 8;

/// A new code to show. Bytes that would make some letters likelier than others are left out: give enough of them.
pub fn user_code(random: &[u8; 64]) -> String {
    let fair = random.iter().filter(|byte| **byte < 240);
    fair.take(LENGTH).map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect()
}

/// As it is shown: `WDJB-MJHT`.
pub fn shown(user_code: &str) -> String {
    match user_code.split_at_checked(LENGTH / 2) {
        Some((first, second)) if !second.is_empty() => format!("{first}-{second}"),
        _ => user_code.to_owned(),
    }
}

/// > the server should ignore any characters like dashes […] and be case-insensitive
///
/// <https://www.rfc-editor.org/rfc/rfc8628#section-6.1>. `None` for what can be no code of ours, which is no guess.
pub fn normalised(typed: &str) -> Option<String> {
    let letters = typed.chars().filter(|c| c.is_alphanumeric()).take(LENGTH + 1);
    let code: String = letters.map(|c| c.to_ascii_uppercase()).collect();
    let ours = code.len() == LENGTH && code.bytes().all(|byte| LETTERS.contains(&byte));
    ours.then_some(code)
}

/// What the person's browser is led to next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    SignIn,
    Consent,
    Deny,
    Approve,
}

/// > the authorization server SHOULD display information about the device so that the user can notice if a software client
/// > was attempting to impersonate a hardware device. […] it is RECOMMENDED to inform the user that they are authorizing
/// > a device during the user-interaction step and to confirm that the device is in their possession.
///
/// <https://www.rfc-editor.org/rfc/rfc8628#section-5.4>. So everybody is asked each time: neither an earlier yes nor
/// trust in the client stands for it. `agreed`: the yes on the page of this very device.
// S75
pub fn decide(is_signed_in: bool, agreed: Option<&Scopes>, wanted: &Scopes, is_denied: bool) -> Step {
    if is_denied {
        Step::Deny
    } else if !is_signed_in {
        Step::SignIn
    } else if agreed.is_some_and(|agreed| wanted.is_subset(agreed)) {
        Step::Approve
    } else {
        Step::Consent
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // S75
    #[test]
    fn what_is_typed_may_look_different() {
        for typed in ["WDJB-MJHT", "wdjbmjht", " wdjb mjht ", "WDJB–MJHT"] {
            assert_eq!(normalised(typed).as_deref(), Some("WDJBMJHT"), "{typed:?}");
        }
        for typed in ["", "WDJB-MJH", "WDJB-MJHTT", "AEIO-UAEI", "WDJB-MJH1", "ÉDJB-MJHT"] {
            assert_eq!(normalised(typed), None, "{typed:?}");
        }
        assert_eq!(shown("WDJBMJHT"), "WDJB-MJHT");
        assert_eq!((shown(""), shown("é")), (String::new(), "é".to_owned()));
    }

    // S75
    #[test]
    fn everybody_is_asked_each_time() {
        let wanted = Scopes::parse("openid profile").unwrap();
        let less = Scopes::parse("openid").unwrap();
        assert_eq!(decide(false, None, &wanted, false), Step::SignIn);
        assert_eq!(decide(true, None, &wanted, false), Step::Consent);
        assert_eq!(decide(true, Some(&less), &wanted, false), Step::Consent);
        assert_eq!(decide(true, Some(&wanted), &wanted, false), Step::Approve);
        assert_eq!(decide(false, Some(&wanted), &wanted, false), Step::SignIn);
        assert_eq!(decide(true, Some(&wanted), &wanted, true), Step::Deny);
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_read_or_refused(typed in ".{0,40}") {
            if let Some(code) = normalised(&typed) {
                prop_assert_eq!(normalised(&shown(&code)), Some(code));
            }
        }

        #[test]
        fn every_code_can_be_typed_in_again(random: [u8; 32]) {
            let mut bytes = [0; 64];
            bytes[..32].copy_from_slice(&random);
            let code = user_code(&bytes);
            prop_assert_eq!(normalised(&code), Some(code));
        }
    }
}
