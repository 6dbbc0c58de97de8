//! Who asks, on routes that take a client's token as well as the browser's own session (CONTRACT §5, §7).
//!
//! A session is carried by a cookie, which other sites' pages send too: what changes something needs the CSRF token
//! beside it, in the header `X-CSRFToken` or in a field. The types hold this: a [`Caller`] tells nobody's name until
//! [`Caller::reads`] or [`Caller::changes`] was asked.

use std::marker::PhantomData;

use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use actix_web::{FromRequest, HttpRequest, ResponseError, dev::Payload};
use futures_util::future::LocalBoxFuture;
use views::Message;

use crate::scope::Scope;
use crate::{Bearer, Refused, SignedIn, form};

/// The field of seed 002; [`form::CSRF_FIELD`] is as good.
pub const CSRF_FIELDS: [&str; 2] = ["csrfmiddlewaretoken", form::CSRF_FIELD];
const CSRF_HEADER: &str = "x-csrftoken";

/// A person, by a token with the scope `S` or by the session of their browser.
#[derive(Debug)]
pub struct Caller<S> {
    actor: Actor,
    scope: PhantomData<fn() -> S>,
}

/// Who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    pub user_id: String,
    /// The client whose token it was, or `personal:{id}` for a token of the person's own; none in their browser.
    pub client_id: Option<String>,
    /// The browser's session; none for a token.
    pub sid: Option<String>,
}

impl Actor {
    /// The client, where it is one: not the person's browser, nor a token of their own.
    pub fn client(&self) -> Option<&str> {
        self.client_id.as_deref().filter(|id| !id.starts_with(crate::access::PERSONAL))
    }
}

impl<S> Caller<S> {
    /// For what changes nothing.
    pub fn reads(self) -> Actor {
        self.actor
    }

    /// Whose tries are counted before the body, and with it the CSRF token, is read. Not yet a permission.
    pub fn counts_for(&self) -> &str {
        &self.actor.user_id
    }

    /// For what changes something. `field`: the CSRF token of the body, where it had one.
    pub fn changes(self, request: &HttpRequest, field: Option<&str>) -> Result<Actor, Refused> {
        if self.actor.sid.is_some() {
            posted(request, field)?;
        }
        Ok(self.actor)
    }
}

/// The same check for routes that take the browser's session alone: 403 without the CSRF token in the header or `field`.
pub fn posted(request: &HttpRequest, field: Option<&str>) -> Result<(), Refused> {
    form::posted(request, csrf_header(request).or(field))
}

pub(crate) fn csrf_header(request: &HttpRequest) -> Option<&str> {
    request.headers().get(CSRF_HEADER).and_then(|value| value.to_str().ok())
}

/// Nobody is signed in: a token would do as well.
///
/// > A server that generates a 401 (Unauthorized) response MUST send a WWW-Authenticate header field
///
/// <https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1>
fn either_way(request: &HttpRequest, refused: Refused) -> Refused {
    match refused.status_code() {
        StatusCode::UNAUTHORIZED => {
            Refused::new(request, StatusCode::UNAUTHORIZED, "sign_in_required", Message::CallerMissing)
                .with(WWW_AUTHENTICATE, "Bearer")
        }
        _ => refused,
    }
}

impl<S: Scope> FromRequest for Caller<S> {
    type Error = Refused;
    type Future = LocalBoxFuture<'static, Result<Self, Refused>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            // A token that is there is the one that counts, good or bad.
            let actor = if request.headers().contains_key(AUTHORIZATION) {
                let bearer = Bearer::<S>::extract(&request).await?;
                Actor { user_id: bearer.user_id().to_owned(), client_id: Some(bearer.sender()), sid: None }
            } else {
                let signed_in = SignedIn::extract(&request).await;
                let SignedIn { user, session } =
                    signed_in.map_err(|refused| either_way(&request, refused))?;
                Actor { user_id: user.id, client_id: None, sid: Some(session.sid) }
            };
            Ok(Caller { actor, scope: PhantomData })
        })
    }
}
