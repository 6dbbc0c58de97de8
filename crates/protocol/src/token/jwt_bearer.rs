//! Assertions of issuers that the operator trusts to vouch for people.
//! <https://www.rfc-editor.org/rfc/rfc7523>

use crate::{
    Client, ErrorCode, Micros, OAuthError, SECOND, Scopes,
    client::BY_ADMINISTRATOR,
    client_assertion::{Assertion, UseOnce, use_once},
};

/// One that lives longer than this is no fresh word of its issuer.
const LONGEST_LIFE: Micros = 3600 * SECOND;

/// `[issuers.NAME]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedIssuer {
    pub name: String,
    /// As in its assertions' `iss`.
    pub issuer: String,
    pub jwks_uri: String,
    pub people: PeopleBy,
    /// The most that its word gives; empty: nothing.
    pub scopes: Scopes,
    /// Clients that may bring its word; empty: every client with the grant that an administrator registered.
    pub clients: Vec<String>,
}

/// Whom `sub` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeopleBy {
    /// Our own subject.
    Subject,
    /// Their e-mail address.
    Email,
}

/// What the client brings.
#[derive(Clone, PartialEq, Eq)]
pub struct JwtBearerRequest {
    pub assertion: String,
    pub scope: Option<String>,
}

impl std::fmt::Debug for JwtBearerRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JwtBearerRequest").field("scope", &self.scope).finish_non_exhaustive()
    }
}

impl TrustedIssuer {
    pub fn hears(&self, client: &Client) -> bool {
        if self.clients.is_empty() {
            client.registered_by == BY_ADMINISTRATOR
        } else {
            self.clients.contains(&client.id)
        }
    }
}

/// Whether the claims of an assertion whose signature holds are good here; what must be remembered of it.
///
/// > The JWT MUST contain an "iss" (issuer) claim […] a "sub" (subject) claim […] an "aud" (audience) claim containing a
/// > value that identifies the authorization server as an intended audience […] an "exp" (expiration time) claim
///
/// <https://www.rfc-editor.org/rfc/rfc7523#section-3>. We want a `jti` as well: each is good once.
// S106
pub fn check_assertion(
    assertion: &Assertion<'_>,
    issuer: &TrustedIssuer,
    audiences: &[&str],
    now: Micros,
) -> Result<UseOnce, OAuthError> {
    let ours = assertion.iss == issuer.issuer
        && !assertion.sub.is_empty()
        && assertion.aud.iter().any(|aud| audiences.contains(aud));
    ours.then(|| use_once(assertion, LONGEST_LIFE, now)).flatten().ok_or_else(OAuthError::invalid_grant)
}

/// What the client gets for it: no ID token, since nobody signed in here, and no refresh token:
///
/// > it is NOT RECOMMENDED that the authorization server issue a refresh token
///
/// <https://www.rfc-editor.org/rfc/rfc7521#section-4.1>
pub fn assertion_scopes(
    client: &Client,
    issuer: &TrustedIssuer,
    asked: Option<&str>,
) -> Result<Scopes, OAuthError> {
    let refuse = |why: &'static str| Err(OAuthError::new(ErrorCode::InvalidScope, why));
    let may =
        issuer.scopes.intersect(&client.allowed_scopes()).without(&Scopes::from_iter(["offline_access"]));
    let scopes = match asked.map(Scopes::parse) {
        None => may,
        Some(Ok(asked)) => asked.intersect(&may),
        Some(Err(_)) => return refuse("The scope holds a character that is not allowed."),
    };
    if scopes.is_empty() {
        refuse("None of the scopes is one that this issuer can give.")
    } else {
        Ok(scopes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    const NOW: i64 = 1_800_000_000;

    fn issuer() -> TrustedIssuer {
        TrustedIssuer {
            name: "staff".into(),
            issuer: "https://idp.example".into(),
            jwks_uri: "https://idp.example/jwks".into(),
            people: PeopleBy::Subject,
            scopes: Scopes::parse("openid profile").unwrap(),
            clients: Vec::new(),
        }
    }

    fn good() -> Assertion<'static> {
        Assertion {
            iss: "https://idp.example",
            sub: "ada",
            aud: &["https://op"],
            exp: NOW + 600,
            iat: Some(NOW),
            nbf: None,
            jti: Some("one"),
        }
    }

    // S106
    #[test]
    fn each_claim_is_looked_at() {
        let holds = |assertion| check_assertion(&assertion, &issuer(), &["https://op"], NOW * SECOND).is_ok();
        assert!(holds(good()));
        for bad in [
            Assertion { iss: "https://other.example", ..good() },
            Assertion { sub: "", ..good() },
            Assertion { aud: &["https://other"], ..good() },
            Assertion { exp: NOW - 60, ..good() },
            Assertion { exp: NOW + 7200, ..good() },
            Assertion { nbf: Some(NOW + 60), ..good() },
            Assertion { jti: None, ..good() },
        ] {
            assert!(!holds(bad), "{bad:?}");
        }
    }

    #[test]
    fn no_more_than_the_issuer_can_give() {
        let scopes =
            |asked| assertion_scopes(&samples::client(), &issuer(), asked).map(|scopes| scopes.to_string());
        assert_eq!(scopes(None).as_deref(), Ok("openid profile"));
        assert_eq!(scopes(Some("profile email")).as_deref(), Ok("profile"));
        assert!(scopes(Some("email")).is_err());
        let closed = TrustedIssuer { scopes: Scopes::none(), ..issuer() };
        assert!(assertion_scopes(&samples::client(), &closed, None).is_err());
    }

    #[test]
    fn clients_that_registered_themselves_are_heard_only_by_name() {
        let stranger = Client { registered_by: "open".into(), ..samples::client() };
        assert!(issuer().hears(&samples::client()) && !issuer().hears(&stranger));
        let named = TrustedIssuer { clients: vec!["c1".into()], ..issuer() };
        let other = Client { id: "c2".into(), ..samples::client() };
        assert!(named.hears(&stranger) && !named.hears(&other));
    }
}
