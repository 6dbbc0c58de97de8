//! From parameters to a valid request of a known client.

use std::sync::Arc;

use actix_web::HttpResponse;
use protocol::{
    Client, OAuthError,
    authorization::{
        AuthorizationRequest, Rejection, Response, ReturnAddress, ValidRequest, return_address, validate,
    },
};
use store::StoreError;
use views::{Locale, Message};
use web::{Core, PageError, Peer};

use super::{
    answer,
    carried::{self, Meant},
};
use crate::State;

pub struct Checked {
    pub request: AuthorizationRequest,
    pub valid: ValidRequest,
    pub client: Arc<Client>,
    /// The pushed request that is spent with the answer.
    pub pushed: Option<Vec<u8>>,
}

impl Checked {
    pub fn refuse(self, error: OAuthError) -> Refused {
        Refused::Back { to: self.valid.to, error, client: self.client }
    }
}

/// A request that goes no further.
pub enum Refused {
    Show(OAuthError),
    /// What was pushed or signed cannot be used, and no address is trusted to hear of it.
    Useless(OAuthError),
    Back {
        to: ReturnAddress,
        error: OAuthError,
        client: Arc<Client>,
    },
}

impl Refused {
    // S1, S2, S29: a registered address hears at once, everybody else is shown our own page.
    pub fn answer(self, core: &Core, locale: Locale) -> Result<HttpResponse, PageError> {
        match self {
            Refused::Show(error) => Err(PageError::oauth(Message::ClientUntrusted, error)),
            Refused::Useless(error) => Err(PageError::oauth(Message::InteractionExpired, error)),
            Refused::Back { to, error, client } => {
                answer::send(core, &to, &Response::Error(&error), &client, locale)
            }
        }
    }
}

pub async fn check(
    core: &Core,
    state: &State,
    peer: Peer,
    pairs: &[(String, String)],
) -> Result<Result<Checked, Refused>, StoreError> {
    let came = AuthorizationRequest::parse(pairs);
    let client = match came.client_id.as_deref() {
        Some(id) => core.client(id, peer).await?,
        None => None,
    };
    let Some(client) = client else { return Ok(Err(unknown())) };
    Ok(match carried::meant(core, state, &client, came.clone()).await? {
        Ok(Meant { request, pushed }) => judge(state, request, client, pushed),
        // Nothing inside an object that does not hold says where its refusal may go; what stands beside it may.
        Err(error) => Err(match return_address(&came, &client) {
            Ok((to, true)) => Refused::Back { to, error, client },
            Ok((_, false)) | Err(_) => Refused::Useless(error),
        }),
    })
}

/// A stored request is checked like a new one: the client may have been changed or disabled meanwhile.
pub async fn check_again(
    core: &Core,
    state: &State,
    request: AuthorizationRequest,
    pushed: Option<Vec<u8>>,
) -> Result<Result<Checked, Refused>, StoreError> {
    let Some(client) = client(core, &request).await? else { return Ok(Err(unknown())) };
    Ok(judge(state, request, client, pushed))
}

async fn client(core: &Core, request: &AuthorizationRequest) -> Result<Option<Arc<Client>>, StoreError> {
    match request.client_id.as_deref() {
        Some(id) => core.store.client(id).await,
        None => Ok(None),
    }
}

fn unknown() -> Refused {
    Refused::Show(OAuthError::invalid_request("The client is not known here."))
}

fn judge(
    state: &State,
    request: AuthorizationRequest,
    client: Arc<Client>,
    pushed: Option<Vec<u8>>,
) -> Result<Checked, Refused> {
    match validate(&request, &client, &state.policy) {
        Ok(valid) => Ok(Checked { request, valid, client, pushed }),
        Err(Rejection::Show(error)) => Err(Refused::Show(error)),
        Err(Rejection::Redirect { to, error }) => Err(Refused::Back { to, error, client }),
    }
}
