//! How the answer travels.

use serde::{Deserialize, Serialize};

use super::{AuthorizationRequest, ResponseType};
use crate::OAuthError;

/// <https://openid.net/specs/oauth-v2-multiple-response-types-1_0.html#ResponseModes>,
/// <https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html>,
/// <https://openid.net/specs/oauth-v2-jarm.html#name-response-mode-query-jwt>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseMode {
    pub carrier: Carrier,
    /// The parameters are the claims of one signed JWT.
    pub signed: bool,
}

/// What takes the parameters to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Carrier {
    Query,
    Fragment,
    FormPost,
}

/// Every mode by name. `jwt` is the signed form of whatever a response type has by default.
const BY_NAME: [(&str, Option<Carrier>, bool); 7] = [
    ("query", Some(Carrier::Query), false),
    ("fragment", Some(Carrier::Fragment), false),
    ("form_post", Some(Carrier::FormPost), false),
    ("jwt", None, true),
    ("query.jwt", Some(Carrier::Query), true),
    ("fragment.jwt", Some(Carrier::Fragment), true),
    ("form_post.jwt", Some(Carrier::FormPost), true),
];

/// The names that a request may use.
pub const SUPPORTED: [&str; BY_NAME.len()] = {
    let mut names = [""; BY_NAME.len()];
    let mut place = 0;
    while place < names.len() {
        names[place] = BY_NAME[place].0;
        place += 1;
    }
    names
};

impl ResponseMode {
    pub const fn plain(carrier: Carrier) -> Self {
        Self { carrier, signed: false }
    }

    fn parse(name: &str, default: Carrier) -> Option<Self> {
        let (_, carrier, signed) = BY_NAME.into_iter().find(|(known, ..)| *known == name)?;
        Some(Self { carrier: carrier.unwrap_or(default), signed })
    }

    /// How an answer to this request travels, good or bad: where the mode is unknown or not allowed, as it does by
    /// default.
    pub fn of(request: &AuthorizationRequest) -> Self {
        let default = default_carrier(request);
        let asked = request.response_mode.as_deref().and_then(|name| Self::parse(name, default));
        match asked {
            None => Self::plain(default),
            Some(mode) if mode.leaks(default) => Self { carrier: default, ..mode },
            Some(mode) => mode,
        }
    }

    /// > The Response Mode "query" […] MUST NOT be used in conjunction with response types that issue an access token or
    /// > an ID token
    ///
    /// in one sentence what <https://openid.net/specs/oauth-v2-multiple-response-types-1_0.html#Security> and
    /// <https://openid.net/specs/oauth-v2-jarm.html#name-response-mode-query-jwt> say: a query stays in histories and logs.
    fn leaks(self, default: Carrier) -> bool {
        self.carrier == Carrier::Query && default == Carrier::Fragment
    }
}

/// > For purposes of this specification, the default Response Mode for the OAuth 2.0 code Response Type is the query
/// > encoding. For purposes of this specification, the default Response Mode for the OAuth 2.0 token Response Type is the
/// > fragment encoding. […] in cases where there is more than one value […] the default Response Mode is the fragment
/// > encoding.
///
/// <https://openid.net/specs/oauth-v2-multiple-response-types-1_0.html#ResponseModes>. What is refused is refused in the
/// way that what was asked for would have been answered.
fn default_carrier(request: &AuthorizationRequest) -> Carrier {
    let asked = request.response_type.as_deref().unwrap_or_default();
    if asked.split(' ').any(|word| matches!(word, "token" | "id_token")) {
        Carrier::Fragment
    } else {
        Carrier::Query
    }
}

pub fn check(request: &AuthorizationRequest, kind: ResponseType) -> Result<(), OAuthError> {
    let Some(name) = request.response_mode.as_deref() else { return Ok(()) };
    let default = default_carrier(request);
    debug_assert_eq!(default == Carrier::Query, kind == ResponseType::Code);
    match ResponseMode::parse(name, default) {
        None => Err(OAuthError::invalid_request("The response_mode is not supported.")),
        Some(mode) if mode.leaks(default) => Err(OAuthError::invalid_request(
            "Tokens must not travel in a query: choose another response_mode.",
        )),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: &str, mode: &str) -> (Carrier, bool, bool) {
        let request = AuthorizationRequest {
            response_type: Some(kind.into()),
            response_mode: (!mode.is_empty()).then(|| mode.into()),
            ..AuthorizationRequest::default()
        };
        let good = ResponseType::parse(kind).is_some_and(|kind| check(&request, kind).is_ok());
        let mode = ResponseMode::of(&request);
        (mode.carrier, mode.signed, good)
    }

    #[test]
    fn each_type_has_its_default_and_tokens_never_travel_in_a_query() {
        use Carrier::{FormPost, Fragment, Query};
        for (kind, mode, carrier, signed, good) in [
            ("code", "", Query, false, true),
            ("code", "jwt", Query, true, true),
            ("code", "query.jwt", Query, true, true),
            ("code", "fragment", Fragment, false, true),
            ("code", "form_post.jwt", FormPost, true, true),
            ("code", "web_message", Query, false, false),
            ("id_token", "", Fragment, false, true),
            ("id_token", "query", Fragment, false, false),
            ("code token", "jwt", Fragment, true, true),
            ("code token", "query.jwt", Fragment, true, false),
            ("code id_token", "form_post", FormPost, false, true),
            ("token", "", Fragment, false, false),
            ("", "", Query, false, false),
        ] {
            assert_eq!(of(kind, mode), (carrier, signed, good), "{kind}, {mode}");
        }
    }
}
