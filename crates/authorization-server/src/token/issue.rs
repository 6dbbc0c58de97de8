//! The tokens of one answer of the token endpoint.

use std::ops::Deref;

use protocol::{Confirmation, Scopes, parameters::RESOURCE, token};
use store::grants::Grant;
use web::{ClientAuthentication, Core, OAuthFailure};

use super::answer::Tokens;
use crate::{
    State,
    mint::{AccessToken, IdToken, Mint, MintError, Wanted},
};

/// The mint, for a caller at the token endpoint.
pub struct Issuer<'a> {
    mint: Mint<'a>,
    /// Which key the caller has shown to hold.
    pub confirmation: Option<&'a Confirmation>,
    /// The resources that it names.
    resources: Vec<String>,
    /// The details that it names.
    pub details: Option<&'a str>,
}

impl<'a> Deref for Issuer<'a> {
    type Target = Mint<'a>;

    fn deref(&self) -> &Mint<'a> {
        &self.mint
    }
}

impl<'a> Issuer<'a> {
    pub fn new(core: &'a Core, state: &'a State, caller: &'a ClientAuthentication) -> Self {
        let parameters = caller.form.oauth();
        Self {
            mint: Mint::new(core, &state.policy, &caller.client),
            confirmation: caller.confirmation.as_ref(),
            resources: parameters.every(RESOURCE).map(str::to_owned).collect(),
            details: parameters.one("authorization_details"),
        }
    }

    /// For a client on its own behalf: one signature, nothing written.
    pub async fn for_client(&self, scopes: &Scopes) -> Result<Tokens, OAuthFailure> {
        Ok(Tokens::new(self.access_token(self.plain(None, scopes)).await?))
    }

    /// For a person: an access token and, with `openid`, an ID token.
    ///
    /// `nonce` is of the authorization request; a refreshed ID token has none.
    pub async fn for_grant(
        &self,
        grant: &Grant,
        scopes: &Scopes,
        nonce: Option<&str>,
    ) -> Result<Tokens, OAuthFailure> {
        let mut tokens = self.without_id_token(grant, scopes).await?;
        if scopes.contains("openid") {
            let what = IdToken { grant, nonce, access_token: Some(&tokens.access_token), front: None };
            tokens.id_token = Some(self.id_token(what).await?);
        }
        Ok(tokens)
    }

    /// For a person who did not sign in here: the access token alone.
    pub async fn without_id_token(&self, grant: &Grant, scopes: &Scopes) -> Result<Tokens, OAuthFailure> {
        Ok(Tokens::new(self.access_token(self.plain(Some(grant), scopes)).await?))
    }

    /// Whether the tokens that are asked for can be made, before a code or a refresh token is spent for them.
    pub fn check(&self, grant: &Grant, scopes: &Scopes) -> Result<(), MintError> {
        self.mint.check(&self.plain(Some(grant), scopes))
    }

    /// What refresh tokens of a new grant are bound to, as it is kept.
    pub fn binding(&self) -> Result<Option<String>, MintError> {
        let binding = token::binding(self.client, self.confirmation);
        Ok(binding.map(serde_json::to_string).transpose()?)
    }

    fn plain<'b>(&'b self, grant: Option<&'b Grant>, scopes: &'b Scopes) -> AccessToken<'b> {
        let wanted = Wanted { resources: &self.resources, brought: None, details: self.details };
        let confirmation = self.confirmation.cloned();
        AccessToken { grant, scopes, confirmation, act: None, until: None, wanted }
    }
}
