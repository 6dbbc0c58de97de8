//! The authorization request as it came: every parameter that we know, nothing checked yet.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::hints::LONGEST_JWT;
use crate::parameters::{Parameters, RESOURCE};

/// Serialised into the row that waits for the person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuthorizationRequest {
    pub client_id: Option<String>,
    pub redirect_uri: Option<String>,
    pub response_type: Option<String>,
    pub response_mode: Option<String>,
    pub scope: Option<String>,
    pub state: Option<String>,
    pub nonce: Option<String>,
    pub code_challenge: Option<String>,
    pub code_challenge_method: Option<String>,
    pub prompt: Option<String>,
    pub max_age: Option<String>,
    pub login_hint: Option<String>,
    pub id_token_hint: Option<String>,
    pub ui_locales: Option<String>,
    pub claims: Option<String>,
    /// RFC 8707; the one parameter that may come several times.
    pub resources: Vec<String>,
    /// RFC 9396, JSON.
    pub authorization_details: Option<String>,
    /// The key that the code shall be bound to (RFC 9449, section 10).
    pub dpop_jkt: Option<String>,
    pub request: Option<String>,
    pub request_uri: Option<String>,
    pub registration: Option<String>,
    /// The first parameter that came twice. `client_id` and `redirect_uri` come first, because with them
    /// repeated nobody knows where an error may be sent.
    pub repeated: Option<String>,
    /// It was pushed (RFC 9126). Nothing that a client sends says so.
    pub pushed: bool,
    /// It came in a request object with a good signature.
    pub signed: bool,
}

impl AuthorizationRequest {
    /// Unknown parameters are ignored, and so are those that ask for a manner of display that we do not vary by
    /// (`display`, `claims_locales`, `acr_values`).
    ///
    /// > The authorization server MUST ignore unrecognized request parameters.
    ///
    /// <https://www.rfc-editor.org/rfc/rfc6749#section-3.1>
    pub fn parse(pairs: &[(String, String)]) -> Self {
        let parameters = Parameters(pairs);
        // How the refusal of a request object should travel may stand only inside it, and reading that trusts it no more
        // than any other parameter. A good one takes the place of all this.
        let object = parameters.one("request").and_then(unverified);
        let in_object = |name: &str| Some(object.as_ref()?.get(name)?.as_str()?.to_owned());
        let unsafe_repeat =
            ["client_id", "redirect_uri"].into_iter().find(|name| parameters.is_repeated(name));
        Self {
            client_id: parameters.owned("client_id"),
            redirect_uri: parameters.owned("redirect_uri"),
            response_type: parameters.owned("response_type"),
            response_mode: parameters.owned("response_mode").or_else(|| in_object("response_mode")),
            scope: parameters.owned("scope"),
            state: parameters.owned("state").or_else(|| in_object("state")),
            nonce: parameters.owned("nonce"),
            code_challenge: parameters.owned("code_challenge"),
            code_challenge_method: parameters.owned("code_challenge_method"),
            prompt: parameters.owned("prompt"),
            max_age: parameters.owned("max_age"),
            login_hint: parameters.owned("login_hint"),
            id_token_hint: parameters.owned("id_token_hint"),
            ui_locales: parameters.owned("ui_locales"),
            claims: parameters.owned("claims"),
            resources: parameters.every(RESOURCE).map(str::to_owned).collect(),
            authorization_details: parameters.owned("authorization_details"),
            dpop_jkt: parameters.owned("dpop_jkt"),
            request: parameters.owned("request"),
            request_uri: parameters.owned("request_uri"),
            registration: parameters.owned("registration"),
            repeated: unsafe_repeat.or_else(|| parameters.repeated_but(RESOURCE)).map(str::to_owned),
            pushed: false,
            signed: false,
        }
    }

    pub fn asks_openid(&self) -> bool {
        self.scope.as_deref().is_some_and(|scope| scope.split(' ').any(|token| token == "openid"))
    }
}

/// The claims of a JWT that nobody has verified.
fn unverified(jwt: &str) -> Option<Value> {
    let claims = jwt.split('.').nth(1).filter(|claims| claims.len() <= LONGEST_JWT)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}
