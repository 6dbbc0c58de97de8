//! The answer on its way back to the client.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::form_urlencoded::byte_serialize;

use super::{ResponseMode, response_mode::Carrier};
use crate::{Micros, OAuthError, SECOND, seconds};

/// How long a signed answer is good for: it is read at once.
const SIGNED_LIFE: Micros = 5 * 60 * SECOND;

/// Where and how an answer reaches the client; only [`super::validate`] makes one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnAddress {
    pub redirect_uri: String,
    pub mode: ResponseMode,
    pub state: Option<String>,
}

/// What is said there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response<'a> {
    Granted(Granted),
    Error(&'a OAuthError),
}

/// What a person's yes gives at once, by response type.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Granted {
    pub code: Option<String>,
    pub access_token: Option<FrontToken>,
    pub id_token: Option<String>,
    /// <https://openid.net/specs/openid-connect-session-1_0.html#CreatingUpdatingSessions>
    pub session_state: Option<String>,
}

/// An access token that leaves the authorization endpoint itself.
#[derive(Clone, PartialEq, Eq)]
pub struct FrontToken {
    pub token: String,
    pub token_type: &'static str,
    /// Seconds.
    pub expires_in: i64,
    pub scope: String,
}

impl fmt::Debug for Granted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Granted").finish_non_exhaustive()
    }
}

/// The parameters of an answer in their order.
pub type Fields<'a> = Vec<(&'static str, Cow<'a, str>)>;

impl ReturnAddress {
    /// The parameters of the answer, `state` among them, without the issuer's name.
    pub fn parameters<'a>(&'a self, response: &'a Response<'_>) -> Fields<'a> {
        let mut fields: Fields<'a> = match response {
            Response::Granted(granted) => granted.fields(),
            Response::Error(error) => {
                vec![
                    ("error", error.code.as_str().into()),
                    ("error_description", (&*error.description).into()),
                ]
            }
        };
        if let Some(state) = &self.state {
            fields.push(("state", state.into()));
        }
        fields
    }

    /// The fields that travel unless they are signed.
    ///
    /// > In authorization responses to the client, including error responses, an authorization server
    /// > supporting this specification MUST indicate its identity by including the iss parameter in the
    /// > response.
    ///
    /// <https://www.rfc-editor.org/rfc/rfc9207#section-2>
    // S10
    pub fn plain<'a>(&'a self, response: &'a Response<'_>, issuer: &'a str) -> Fields<'a> {
        let mut fields = self.parameters(response);
        fields.push(("iss", issuer.into()));
        fields
    }

    /// What is signed where the mode says so, by [`crate::Client::response_alg`]; it travels as the one field `response`.
    /// Its own `iss` does what the parameter does elsewhere.
    ///
    /// > iss: The issuer URL of the authorization server that created the response […] aud: The client_id of the client
    /// > the response is intended for […] exp: expiration of the JWT. A maximum JWT lifetime of 10 minutes is RECOMMENDED.
    ///
    /// <https://openid.net/specs/oauth-v2-jarm.html#name-the-jwt-response-document>
    pub fn signed_claims(
        &self,
        response: &Response<'_>,
        issuer: &str,
        client_id: &str,
        now: Micros,
    ) -> Map<String, Value> {
        let mut claims = Map::new();
        for (name, value) in self.parameters(response) {
            claims.insert(name.to_owned(), value.into_owned().into());
        }
        claims.insert("iss".to_owned(), issuer.into());
        claims.insert("aud".to_owned(), client_id.into());
        claims.insert("iat".to_owned(), seconds(now).into());
        claims.insert("exp".to_owned(), seconds(now + SIGNED_LIFE).into());
        claims
    }

    /// The `Location` of an answer by query or fragment.
    ///
    /// > The endpoint URI MAY include an "application/x-www-form-urlencoded" formatted query component, which
    /// > MUST be retained when adding additional query parameters.
    ///
    /// <https://www.rfc-editor.org/rfc/rfc6749#section-3.1.2>
    // S4: the registered text is kept byte for byte, so nothing is parsed and written again.
    pub fn location(&self, fields: &Fields<'_>) -> String {
        match self.mode.carrier {
            Carrier::Fragment => with_fragment(&self.redirect_uri, fields),
            Carrier::Query | Carrier::FormPost => with_query(&self.redirect_uri, fields),
        }
    }
}

impl Granted {
    fn fields(&self) -> Fields<'_> {
        let mut fields: Fields<'_> = Vec::new();
        if let Some(code) = &self.code {
            fields.push(("code", code.into()));
        }
        if let Some(id_token) = &self.id_token {
            fields.push(("id_token", id_token.into()));
        }
        // <https://www.rfc-editor.org/rfc/rfc6749#section-4.2.2>
        if let Some(front) = &self.access_token {
            fields.push(("access_token", (&front.token).into()));
            fields.push(("token_type", front.token_type.into()));
            fields.push(("expires_in", front.expires_in.to_string().into()));
            fields.push(("scope", (&front.scope).into()));
        }
        if let Some(session_state) = &self.session_state {
            fields.push(("session_state", session_state.into()));
        }
        fields
    }
}

/// Adds parameters to a URI without touching what is there. Spaces become `%20`, which every decoder
/// understands.
pub fn with_query<V: AsRef<str>>(uri: &str, fields: &[(&str, V)]) -> String {
    let mut location = uri.to_owned();
    for (name, value) in fields {
        location.push(match location.find('?') {
            None => '?',
            Some(_) if location.ends_with(['?', '&']) => {
                append(&mut location, name, value.as_ref());
                continue;
            }
            Some(_) => '&',
        });
        append(&mut location, name, value.as_ref());
    }
    location
}

/// A redirect URI has no fragment of its own (S3).
fn with_fragment(uri: &str, fields: &Fields<'_>) -> String {
    let mut location = uri.to_owned();
    let mut mark = '#';
    for (name, value) in fields {
        location.push(mark);
        append(&mut location, name, value);
        mark = '&';
    }
    location
}

fn append(location: &mut String, name: &str, value: &str) {
    location.push_str(name);
    location.push('=');
    for part in byte_serialize(value.as_bytes()) {
        location.push_str(if part == "+" { "%20" } else { part });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    fn address(uri: &str, carrier: Carrier, state: Option<String>) -> ReturnAddress {
        ReturnAddress { redirect_uri: uri.into(), mode: ResponseMode::plain(carrier), state }
    }

    fn location(to: &ReturnAddress, response: &Response<'_>) -> String {
        to.location(&to.plain(response, "https://op"))
    }

    fn code() -> Response<'static> {
        Response::Granted(Granted { code: Some("c".into()), ..Granted::default() })
    }

    // S4
    #[test]
    fn a_registered_query_is_kept() {
        let kept = location(&address("https://app.example/cb?foo=b%61r", Carrier::Query, None), &code());
        assert_eq!(kept, "https://app.example/cb?foo=b%61r&code=c&iss=https%3A%2F%2Fop");
        let app = location(&address("com.example.app:/cb", Carrier::Query, None), &code());
        assert_eq!(app, "com.example.app:/cb?code=c&iss=https%3A%2F%2Fop");
        let front = location(&address("https://app.example/cb?foo=b%61r", Carrier::Fragment, None), &code());
        assert_eq!(front, "https://app.example/cb?foo=b%61r#code=c&iss=https%3A%2F%2Fop");
    }

    #[test]
    fn everything_that_leaves_at_once_has_its_name() {
        let front =
            FrontToken { token: "a".into(), token_type: "Bearer", expires_in: 600, scope: "openid".into() };
        let all = Response::Granted(Granted {
            code: Some("c".into()),
            access_token: Some(front),
            id_token: Some("i".into()),
            session_state: Some("s".into()),
        });
        let to = address("https://app.example/cb", Carrier::Fragment, Some("x y".into()));
        assert_eq!(
            location(&to, &all),
            "https://app.example/cb#code=c&id_token=i&access_token=a&token_type=Bearer&expires_in=600&scope=openid\
             &session_state=s&state=x%20y&iss=https%3A%2F%2Fop"
        );
        let claims = Value::Object(to.signed_claims(&code(), "https://op", "c1", 1000 * SECOND));
        assert_eq!(
            claims,
            serde_json::json!({
                "code": "c", "state": "x y", "iss": "https://op", "aud": "c1", "iat": 1000, "exp": 1300,
            })
        );
    }

    proptest! {
        // S10, S11
        #[test]
        fn state_and_issuer_come_back_unchanged(state in ".{1,80}") {
            let error = OAuthError::invalid_request("no");
            for response in [code(), Response::Error(&error)] {
                for carrier in [Carrier::Query, Carrier::Fragment] {
                    let to = address("https://app.example/cb", carrier, Some(state.clone()));
                    let url = Url::parse(&location(&to, &response)).unwrap();
                    let (taken, other) = match carrier {
                        Carrier::Fragment => (url.fragment(), url.query()),
                        _ => (url.query(), url.fragment()),
                    };
                    let fields = url::form_urlencoded::parse(taken.unwrap().as_bytes());
                    let fields: Vec<(String, String)> = fields.into_owned().collect();
                    let find = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
                    prop_assert_eq!(find("state"), Some(state.clone()));
                    prop_assert_eq!(find("iss"), Some("https://op".to_owned()));
                    prop_assert_eq!(other, None);
                }
            }
        }
    }
}
