//! A client on its own behalf.

use crate::{Client, ErrorCode, OAuthError, Scopes};

/// Scopes that are about a person; without one they mean nothing.
const OF_A_PERSON: [&str; 2] = ["openid", "offline_access"];

/// > The client credentials grant type MUST only be used by confidential clients.
///
/// <https://www.rfc-editor.org/rfc/rfc6749#section-4.4>
///
/// > the client is requesting access to the protected resources under its control, or those of another resource owner that
/// > have been previously arranged with the authorization server
///
/// Nothing has been arranged with a client that let itself in: the APIs of others (`[resources]`) are not its own to open.
/// With a person it may, since the person is asked.
// S65
pub fn check(client: &Client, asked: Option<&str>) -> Result<Scopes, OAuthError> {
    if client.is_public() {
        return Err(OAuthError::new(
            ErrorCode::UnauthorizedClient,
            "Only confidential clients may use this grant.",
        ));
    }
    let may = |scopes: Scopes| {
        let scopes = if client.let_itself_in() { scopes.intersect(&Scopes::known()) } else { scopes };
        scopes.without(&of_a_person())
    };
    let Some(asked) = asked else { return Ok(may(client.scopes.clone())) };
    let refuse = |why: &'static str| Err(OAuthError::new(ErrorCode::InvalidScope, why));
    let Ok(asked) = Scopes::parse(asked) else {
        return refuse("The scope holds a character that is not allowed.");
    };
    let scopes = may(asked.intersect(&client.allowed_scopes()));
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
    use crate::{
        client::{BY_ANYBODY, BY_DOCUMENT},
        samples,
    };

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

    // S65: scopes of `[resources]` are given by an administrator, or by a person who is asked.
    #[test]
    fn who_let_itself_in_has_no_scopes_of_other_apis() {
        let scopes = |registered_by: &str, asked| {
            let client = Client {
                registered_by: registered_by.into(),
                scopes: Scopes::parse("email orders.write").unwrap(),
                ..samples::client()
            };
            check(&client, asked).map(|scopes| scopes.to_string()).map_err(|error| error.code)
        };
        for itself in [BY_ANYBODY, BY_DOCUMENT] {
            assert_eq!(scopes(itself, None).as_deref(), Ok("email"));
            assert_eq!(scopes(itself, Some("email orders.write")).as_deref(), Ok("email"));
            assert_eq!(scopes(itself, Some("orders.write")), Err(ErrorCode::InvalidScope));
        }
        for let_in in [crate::client::BY_ADMINISTRATOR, "token:t1"] {
            assert_eq!(scopes(let_in, Some("orders.write")).as_deref(), Ok("orders.write"));
        }
    }
}
