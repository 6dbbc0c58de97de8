//! From parameters to a valid request of a known client.

use std::sync::Arc;

use actix_web::HttpResponse;
use protocol::{
    Client, OAuthError,
    authorization::{AuthorizationRequest, Rejection, Response, ReturnAddress, ValidRequest, validate},
};
use store::StoreError;
use views::{Locale, Message};
use web::{Core, PageError};

use super::answer;
use crate::State;

pub struct Checked {
    pub request: AuthorizationRequest,
    pub valid: ValidRequest,
    pub client: Arc<Client>,
}

impl Checked {
    pub fn refuse(self, error: OAuthError) -> Refused {
        Refused::Back { to: self.valid.to, error, client: self.client }
    }
}

/// A request that goes no further.
pub enum Refused {
    Show(OAuthError),
    Back { to: ReturnAddress, error: OAuthError, client: Arc<Client> },
}

impl Refused {
    // S1, S2, S29: a registered address hears at once, everybody else is shown our own page.
    pub fn answer(self, core: &Core, locale: Locale) -> Result<HttpResponse, PageError> {
        match self {
            Refused::Show(error) => Err(PageError::oauth(Message::ClientUntrusted, error)),
            Refused::Back { to, error, client } => {
                answer::send(core, &to, &Response::Error(&error), &client, locale)
            }
        }
    }
}

pub async fn check(
    core: &Core,
    state: &State,
    pairs: &[(String, String)],
) -> Result<Result<Checked, Refused>, StoreError> {
    check_again(core, state, AuthorizationRequest::parse(pairs)).await
}

/// A stored request is checked like a new one: the client may have been changed or disabled meanwhile.
pub async fn check_again(
    core: &Core,
    state: &State,
    request: AuthorizationRequest,
) -> Result<Result<Checked, Refused>, StoreError> {
    let client = match request.client_id.as_deref() {
        Some(id) => core.store.client(id).await?,
        None => None,
    };
    let Some(client) = client else {
        return Ok(Err(Refused::Show(OAuthError::invalid_request("The client is not known here."))));
    };
    Ok(match validate(&request, &client, &state.policy) {
        Ok(valid) => Ok(Checked { request, valid, client }),
        Err(Rejection::Show(error)) => Err(Refused::Show(error)),
        Err(Rejection::Redirect { to, error }) => Err(Refused::Back { to, error, client }),
    })
}
