//! The authorization request: parse, [`validate`], [`decide`], answer.
//!
//! [`validate`] shows the order of the rules; each rule is a file here.

mod acr;
mod carriage;
mod decide;
mod hints;
mod id_token;
mod max_age;
mod pending;
mod pkce;
mod prompt;
mod request;
pub mod request_object;
mod response;
mod response_mode;
mod response_type;
mod return_to;
mod scope;
mod sizes;

pub use acr::{PASSWORD as ACR_PASSWORD, SUPPORTED as ACR_VALUES};
pub use decide::{Decision, Person, Situation, decide};
pub use pending::{Device, Pending};
pub use pkce::{METHODS as CODE_CHALLENGE_METHODS, proves};
pub use prompt::{Prompt, Prompts};
pub use request::AuthorizationRequest;
pub use response::{Fields, FrontToken, Granted, Response, ReturnAddress, with_query};
pub use response_mode::{Carrier, ResponseMode, SUPPORTED as RESPONSE_MODES};
pub use response_type::{IMPLICIT, ResponseType};
pub use return_to::find as return_address;
pub use scope::cut as cut_scopes;

use crate::{
    Client, OAuthError, Policy, Scopes,
    claims::ClaimsRequest,
    details::{Detail, Sentence},
    fapi2,
};

/// A request that obeys every rule; what is left to find out is who the person is and whether they agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidRequest {
    pub to: ReturnAddress,
    /// The redirect URI was part of the request, so the token request must repeat it.
    pub redirect_uri_given: bool,
    pub response_type: ResponseType,
    /// What the client may have of what it asked for; never empty.
    pub scopes: Scopes,
    /// What the person is asked: these scopes, and those that cover the claims asked for by name.
    pub consent_scopes: Scopes,
    pub nonce: Option<String>,
    pub code_challenge: Option<String>,
    pub prompts: Prompts,
    /// Seconds.
    pub max_age: Option<i64>,
    pub login_hint: Option<String>,
    /// As it came: whoever holds the keys must verify it before [`decide`].
    pub id_token_hint: Option<String>,
    pub claims: ClaimsRequest,
    pub ui_locales: Option<String>,
    /// What its tokens are for; nothing: ourselves.
    pub resources: Vec<String>,
    /// What is asked for in detail.
    pub details: Vec<Detail>,
    /// The same in words.
    pub sentences: Vec<Sentence>,
    /// The key that its code is bound to.
    pub dpop_jkt: Option<String>,
}

/// Why a request goes no further, and who may hear of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// Client or redirect URI cannot be trusted: our own page, never a redirect.
    Show(OAuthError),
    /// Everything else goes back to the client.
    Redirect { to: ReturnAddress, error: OAuthError },
}

/// Checks a request against the registration of its client and the operator's policy, rule by rule.
pub fn validate(
    request: &AuthorizationRequest,
    client: &Client,
    policy: &Policy,
) -> Result<ValidRequest, Rejection> {
    // Until this has succeeded nothing may be sent to the address that the request names.
    let (to, redirect_uri_given) = return_to::find(request, client).map_err(Rejection::Show)?;
    let back = |error| Rejection::Redirect { to: to.clone(), error };

    sizes::check(request).map_err(back)?;
    carriage::check(request, client, policy).map_err(back)?;
    fapi2::check_request(request, client).map_err(back)?;
    let response_type = response_type::check(request, client, policy).map_err(back)?;
    response_mode::check(request, response_type).map_err(back)?;
    let scopes = scope::asked(request, client, response_type, policy).map_err(back)?;
    id_token::check(request, response_type, &scopes).map_err(back)?;
    let code_challenge = pkce::check(request, client, policy, response_type).map_err(back)?;
    let prompts = Prompts::parse(request.prompt.as_deref()).map_err(back)?;
    let max_age = max_age::of(request, client).map_err(back)?;
    let claims = ClaimsRequest::parse(request.claims.as_deref()).map_err(back)?;
    hints::check(request).map_err(back)?;
    let resources = policy.named_resources(&request.resources, client).map_err(back)?;
    let details = policy.details(request.authorization_details.as_deref(), client).map_err(back)?;

    Ok(ValidRequest {
        redirect_uri_given,
        response_type,
        consent_scopes: scopes.union(&claims.scopes().intersect(&client.allowed_scopes())),
        scopes,
        nonce: request.nonce.clone(),
        code_challenge,
        prompts,
        max_age,
        login_hint: request.login_hint.clone(),
        id_token_hint: request.id_token_hint.clone(),
        claims,
        ui_locales: request.ui_locales.clone(),
        resources,
        sentences: policy.detail_sentences(&details),
        details,
        dpop_jkt: request.dpop_jkt.clone(),
        to,
    })
}

#[cfg(test)]
mod front_tests;
#[cfg(test)]
mod tests;
