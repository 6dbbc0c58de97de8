//! A request that waits for its person: what is kept in the row, and what the pages may know of it.

use serde::{Deserialize, Serialize};

use super::{AuthorizationRequest, Prompt, Prompts, ValidRequest};
use crate::{Scopes, redirect_uri};

/// The `parameters` of an interaction. The pages read it by these methods and need no OAuth of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// As it came; it is validated again at every return to the hub, because the client may have changed
    /// meanwhile.
    pub request: AuthorizationRequest,
    scopes: Scopes,
    redirect_uri: String,
}

impl Pending {
    pub fn new(request: AuthorizationRequest, valid: &ValidRequest) -> Self {
        Self { request, scopes: valid.consent_scopes.clone(), redirect_uri: valid.to.redirect_uri.clone() }
    }

    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// Every scope that this request is about; the consent page shows them.
    pub fn scopes(&self) -> &Scopes {
        &self.scopes
    }

    /// Where the person will land, as they should read it: a host, or the scheme of an app.
    pub fn host(&self) -> String {
        redirect_uri::display_host(&self.redirect_uri)
    }

    /// What `form-action` must allow beside `'self'`, because a form here ends in a redirect there (S27).
    pub fn form_action(&self) -> Option<String> {
        redirect_uri::form_action(&self.redirect_uri)
    }

    /// An address or name that the client would like to see in the form. Not to be trusted.
    pub fn login_hint(&self) -> Option<&str> {
        self.request.login_hint.as_deref()
    }

    pub fn ui_locales(&self) -> Option<&str> {
        self.request.ui_locales.as_deref()
    }

    /// The person should choose an account: no name is filled in for them.
    pub fn wants_account_choice(&self) -> bool {
        Prompts::parse(self.request.prompt.as_deref()).is_ok_and(|prompts| prompts.has(Prompt::SelectAccount))
    }
}
