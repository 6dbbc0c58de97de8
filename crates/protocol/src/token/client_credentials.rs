//! A client on its own behalf.

use crate::{Client, ErrorCode, OAuthError, Scopes};

/// Scopes that are about a person; without one they mean nothing.
const OF_A_PERSON: [&str; 2] = ["openid", "offline_access"];

/// > The client credentials grant type MUST only be used by confidential clients.
///
/// <https://www.rfc-editor.org/rfc/rfc6749#section-4.4>
// S65
pub fn check(client: &Client, asked: Option<&str>) -> Result<Scopes, OAuthError> {
    if client.is_public() {
        return Err(OAuthError::new(
            ErrorCode::UnauthorizedClient,
            "Only confidential clients may use this grant.",
        ));
    }
    let Some(asked) = asked else { return Ok(client.scopes.without(&of_a_person())) };
    let refuse = |why: &'static str| Err(OAuthError::new(ErrorCode::InvalidScope, why));
    let Ok(asked) = Scopes::parse(asked) else {
        return refuse("The scope holds a character that is not allowed.");
    };
    let scopes = asked.intersect(&client.allowed_scopes()).without(&of_a_person());
    if scopes.is_empty() {
        refuse("None of the scopes is one that the client may have by itself.")
    } else {
        Ok(scopes)
    }
}

fn of_a_person() -> Scopes {
    Scopes::from_iter(OF_A_PERSON)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    // S65
    #[test]
    fn a_client_alone_has_no_person_s_scopes() {
        let scopes =
            |asked| check(&samples::client(), asked).map(|scopes| scopes.to_string()).map_err(|e| e.code);
        assert_eq!(scopes(None).as_deref(), Ok(""));
        assert_eq!(scopes(Some("openid email offline_access")).as_deref(), Ok("email"));
        assert_eq!(scopes(Some("openid")), Err(ErrorCode::InvalidScope));
        let named = Client { scopes: Scopes::parse("openid profile").unwrap(), ..samples::client() };
        assert_eq!(check(&named, None).unwrap().to_string(), "profile");
        assert_eq!(check(&samples::public_client(), None).unwrap_err().code, ErrorCode::UnauthorizedClient);
    }
}
