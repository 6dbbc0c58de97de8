//! The `prompt` parameter.

use crate::OAuthError;

/// <https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prompt {
    None,
    Login,
    Consent,
    SelectAccount,
}

impl Prompt {
    pub const ALL: [Self; 4] = [Self::None, Self::Login, Self::Consent, Self::SelectAccount];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Login => "login",
            Self::Consent => "consent",
            Self::SelectAccount => "select_account",
        }
    }
}

/// The set of prompts of one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prompts(Vec<Prompt>);

impl Prompts {
    pub fn has(&self, prompt: Prompt) -> bool {
        self.0.contains(&prompt)
    }

    /// > If this parameter contains none with any other value, an error is returned.
    ///
    /// <https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest>
    ///
    /// > If the OpenID Provider receives a prompt value that it does not support (not declared in the
    /// > prompt_values_supported metadata field) the OP SHOULD respond with an HTTP 400 (Bad Request) status
    /// > code and an error value of invalid_request.
    ///
    /// <https://openid.net/specs/openid-connect-prompt-create-1_0.html>
    pub fn parse(text: Option<&str>) -> Result<Self, OAuthError> {
        let mut prompts = Vec::new();
        for word in text.unwrap_or_default().split(' ').filter(|word| !word.is_empty()) {
            let Some(prompt) = Prompt::ALL.into_iter().find(|prompt| prompt.as_str() == word) else {
                return Err(OAuthError::invalid_request("The prompt is not supported."));
            };
            if !prompts.contains(&prompt) {
                prompts.push(prompt);
            }
        }
        if prompts.len() > 1 && prompts.contains(&Prompt::None) {
            return Err(OAuthError::invalid_request("The prompt none excludes every other."));
        }
        Ok(Self(prompts))
    }
}
