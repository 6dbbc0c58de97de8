//! A device that asks for its tokens.

use crate::{Client, ErrorCode, Micros, OAuthError, device};

/// What was kept when the device began, and what its person has answered.
#[derive(Clone, Copy, Debug)]
pub struct DeviceRecord<'a> {
    pub client_id: &'a str,
    /// [`device::PENDING`], [`device::DENIED`] or [`device::APPROVED`].
    pub state: &'a str,
    pub expires_at: Micros,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Poll {
    /// The person said yes: the tokens are ready.
    Fetch,
    /// No answer yet. Whether the device asks too often is for the database to say.
    Wait,
    Refuse(OAuthError),
}

/// <https://www.rfc-editor.org/rfc/rfc8628#section-3.5>
// S66
pub fn poll(record: &DeviceRecord<'_>, client: &Client, now: Micros) -> Poll {
    if record.client_id != client.id {
        return Poll::Refuse(OAuthError::invalid_grant());
    }
    // > expired_token: The "device_code" has expired, and the device authorization session has concluded.
    if now >= record.expires_at {
        let why = "The device code has expired. Begin again.";
        return Poll::Refuse(OAuthError::new(ErrorCode::ExpiredToken, why));
    }
    match record.state {
        device::PENDING => Poll::Wait,
        device::APPROVED => Poll::Fetch,
        // > access_denied: The authorization request was denied.
        _ => Poll::Refuse(OAuthError::new(ErrorCode::AccessDenied, "The person said no.")),
    }
}

/// What a poll hears while nobody has answered.
pub fn pending() -> OAuthError {
    OAuthError::new(ErrorCode::AuthorizationPending, "The person has not answered yet.")
}

/// > slow_down: A variant of "authorization_pending", the authorization request is still pending and polling should
/// > continue, but the interval MUST be increased by 5 seconds for this and all subsequent requests.
pub fn slow_down() -> OAuthError {
    OAuthError::new(ErrorCode::SlowDown, "Too often: wait 5 seconds longer between polls from now on.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    // S66
    #[test]
    fn each_state_has_its_answer() {
        let polled = |client_id, state, now| {
            let record = DeviceRecord { client_id, state, expires_at: 100 };
            match poll(&record, &samples::client(), now) {
                Poll::Refuse(error) => error.code.as_str(),
                Poll::Wait => "wait",
                Poll::Fetch => "fetch",
            }
        };
        assert_eq!(polled("c1", device::PENDING, 99), "wait");
        assert_eq!(polled("c1", device::APPROVED, 99), "fetch");
        assert_eq!(polled("c1", device::DENIED, 99), "access_denied");
        assert_eq!(polled("c1", device::APPROVED, 100), "expired_token");
        assert_eq!(polled("c2", device::APPROVED, 99), "invalid_grant");
    }
}
