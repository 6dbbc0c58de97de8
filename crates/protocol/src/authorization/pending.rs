//! A request that waits for its person: what is kept in the row, and what the pages may know of it.

use serde::{Deserialize, Serialize};

use super::{AuthorizationRequest, Prompt, Prompts, ValidRequest};
use crate::{Scopes, details::Sentence, device, redirect_uri};

/// The `parameters` of an interaction. The pages read it by these methods and need no OAuth of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// As it came; it is validated again at every return to the hub, because the client may have changed
    /// meanwhile.
    pub request: AuthorizationRequest,
    scopes: Scopes,
    redirect_uri: String,
    /// APIs of others that it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// What is asked for in detail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sentences: Vec<Sentence>,
    /// Where a device waits instead of a redirect URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Device>,
}

/// The device that waits for this person's answer (RFC 8628).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// What the database knows it by.
    pub digest: Vec<u8>,
    /// What the person typed, and should see on the device.
    user_code: String,
}

impl Device {
    /// As the device shows it.
    pub fn user_code(&self) -> String {
        device::shown(&self.user_code)
    }
}

impl Pending {
    pub fn of_device(digest: Vec<u8>, user_code: String, scopes: Scopes) -> Self {
        Self {
            request: AuthorizationRequest::default(),
            scopes,
            redirect_uri: String::new(),
            resources: Vec::new(),
            sentences: Vec::new(),
            device: Some(Device { digest, user_code }),
        }
    }

    pub fn new(request: AuthorizationRequest, valid: &ValidRequest) -> Self {
        Self {
            request,
            scopes: valid.consent_scopes.clone(),
            redirect_uri: valid.to.redirect_uri.clone(),
            resources: valid.resources.clone(),
            sentences: valid.sentences.clone(),
            device: None,
        }
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
