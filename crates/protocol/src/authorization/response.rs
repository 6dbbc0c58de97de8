//! The answer on its way back to the client.

use serde::{Deserialize, Serialize};
use url::form_urlencoded::byte_serialize;

use super::ResponseMode;
use crate::OAuthError;

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
    Code(&'a str),
    Error(&'a OAuthError),
}

impl ReturnAddress {
    /// The parameters of the answer in their order.
    ///
    /// > In authorization responses to the client, including error responses, an authorization server
    /// > supporting this specification MUST indicate its identity by including the iss parameter in the
    /// > response.
    ///
    /// <https://www.rfc-editor.org/rfc/rfc9207#section-2>
    // S10
    pub fn fields<'a>(&'a self, response: &Response<'a>, issuer: &'a str) -> Vec<(&'static str, &'a str)> {
        let mut fields = match response {
            Response::Code(code) => vec![("code", *code)],
            Response::Error(error) => {
                vec![("error", error.code.as_str()), ("error_description", &*error.description)]
            }
        };
        if let Some(state) = &self.state {
            fields.push(("state", state));
        }
        fields.push(("iss", issuer));
        fields
    }

    /// The `Location` of an answer by query.
    ///
    /// > The endpoint URI MAY include an "application/x-www-form-urlencoded" formatted query component, which
    /// > MUST be retained when adding additional query parameters.
    ///
    /// <https://www.rfc-editor.org/rfc/rfc6749#section-3.1.2>
    // S4: the registered text is kept byte for byte, so nothing is parsed and written again.
    pub fn location(&self, response: &Response<'_>, issuer: &str) -> String {
        with_query(&self.redirect_uri, &self.fields(response, issuer))
    }
}

/// Adds parameters to a URI without touching what is there. Spaces become `%20`, which every decoder
/// understands.
pub fn with_query(uri: &str, fields: &[(&str, &str)]) -> String {
    let mut location = uri.to_owned();
    for (name, value) in fields {
        location.push(match location.find('?') {
            None => '?',
            Some(_) if location.ends_with(['?', '&']) => {
                append(&mut location, name, value);
                continue;
            }
            Some(_) => '&',
        });
        append(&mut location, name, value);
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

    fn address(uri: &str, state: Option<String>) -> ReturnAddress {
        ReturnAddress { redirect_uri: uri.into(), mode: ResponseMode::Query, state }
    }

    // S4
    #[test]
    fn a_registered_query_is_kept() {
        let location =
            address("https://app.example/cb?foo=b%61r", None).location(&Response::Code("c"), "https://op");
        assert_eq!(location, "https://app.example/cb?foo=b%61r&code=c&iss=https%3A%2F%2Fop");
        let app = address("com.example.app:/cb", None).location(&Response::Code("c"), "https://op");
        assert_eq!(app, "com.example.app:/cb?code=c&iss=https%3A%2F%2Fop");
    }

    proptest! {
        // S10, S11
        #[test]
        fn state_and_issuer_come_back_unchanged(state in ".{1,80}") {
            let error = OAuthError::invalid_request("no");
            for response in [Response::Code("c"), Response::Error(&error)] {
                let location = address("https://app.example/cb", Some(state.clone())).location(&response, "https://op");
                let url = Url::parse(&location).unwrap();
                let find = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
                prop_assert_eq!(find("state"), Some(state.clone()));
                prop_assert_eq!(find("iss"), Some("https://op".to_owned()));
                prop_assert_eq!(url.fragment(), None);
            }
        }
    }
}
