//! How the answer travels.

use serde::{Deserialize, Serialize};

use super::AuthorizationRequest;
use crate::OAuthError;

/// <https://openid.net/specs/oauth-v2-multiple-response-types-1_0.html#ResponseModes>,
/// <https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResponseMode {
    Query,
    FormPost,
}

impl ResponseMode {
    pub const ALL: [Self; 2] = [Self::Query, Self::FormPost];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::FormPost => "form_post",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }
}

pub fn check(request: &AuthorizationRequest) -> Result<(), OAuthError> {
    match request.response_mode.as_deref() {
        Some(text) if ResponseMode::parse(text).is_none() => {
            Err(OAuthError::invalid_request("The response_mode is not supported."))
        }
        _ => Ok(()),
    }
}
