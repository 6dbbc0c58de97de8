//! Administrators, by the session of their browser: no token of any client stands for one.
//!
//! As with a [`crate::Caller`], the type tells nobody's name until it was asked for what: what changes something needs
//! the browser's CSRF token in the header `X-CSRFToken`.

use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use futures_util::future::LocalBoxFuture;
use store::users::User;
use views::Message;

use crate::caller::csrf_header;
use crate::{Refused, SignedIn, form};

/// A person who may administer this provider. Others are refused: 401 who is not signed in, 403 who is.
#[derive(Clone, Debug)]
pub struct Administrator(User);

impl Administrator {
    /// For what changes nothing.
    pub fn reads(self) -> User {
        self.0
    }

    /// For what changes something.
    pub fn changes(self, request: &HttpRequest) -> Result<User, Refused> {
        form::posted(request, csrf_header(request))?;
        Ok(self.0)
    }
}

impl FromRequest for Administrator {
    type Error = Refused;
    type Future = LocalBoxFuture<'static, Result<Self, Refused>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let SignedIn { user, .. } = SignedIn::extract(&request).await?;
            match user.is_admin {
                true => Ok(Administrator(user)),
                false => Err(Refused::new(&request, StatusCode::FORBIDDEN, "forbidden", Message::Forbidden)),
            }
        })
    }
}
