//! Session management: what lets a client's page notice that the session has changed, without asking us.
//! <https://openid.net/specs/openid-connect-session-1_0.html>

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::channels::origin;

/// The value that an answer carries; the `check_session_iframe` computes it again from the browser's state as it is then.
/// None for apps that have no origin, and so no page that could ask.
///
/// > The Session State value is initially calculated on the server, and the same Session State value is also recalculated
/// > by the OP iframe in the browser client. […] it is RECOMMENDED […] based on a salted cryptographic hash of Client ID,
/// > origin URL, and OP User Agent state.
///
/// <https://openid.net/specs/openid-connect-session-1_0.html#CreatingUpdatingSessions>
pub fn session_state(client_id: &str, redirect_uri: &str, browser_state: &str, salt: &str) -> Option<String> {
    let origin = origin(redirect_uri)?;
    let hash = Sha256::digest(format!("{client_id} {origin} {browser_state} {salt}"));
    let mut state = String::with_capacity(64 + 1 + salt.len());
    for byte in hash {
        // Writing into a String cannot fail.
        let _ = write!(state, "{byte:02x}");
    }
    state.push('.');
    state.push_str(salt);
    Some(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_depends_on_all_of_its_parts_and_shows_the_salt() {
        let state = |client, uri, browser, salt| session_state(client, uri, browser, salt).unwrap();
        let one = state("c1", "https://app.example/cb?x", "b1", "salt");
        // printf 'c1 https://app.example b1 salt' | sha256sum
        assert_eq!(one, "408d499e533b7dc548c09ab5e24a65cb96562ac5262bacde062ffe4124c5fc8e.salt");
        assert_eq!(
            one,
            state("c1", "https://app.example:443/other", "b1", "salt"),
            "the origin alone counts"
        );
        for other in [
            state("c2", "https://app.example/cb", "b1", "salt"),
            state("c1", "https://app.example:8443/cb", "b1", "salt"),
            state("c1", "https://app.example/cb", "b2", "salt"),
            state("c1", "https://app.example/cb", "b1", "pepper"),
        ] {
            assert_ne!(one, other);
        }
        assert_eq!(session_state("c1", "com.example.app:/cb", "b1", "salt"), None);
    }
}
