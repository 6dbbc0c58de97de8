//! What every step of the endpoint needs of the request: the house, the browser, and who is signed in.

use std::{future::Future, pin::Pin};

use actix_web::{Error, FromRequest, HttpRequest, dev::Payload, web::Data};
use views::Locale;
use web::{Browser, Core, Language, MaybeSignedIn, SignedIn};

use crate::State;

pub struct Visit {
    pub core: Data<Core>,
    pub state: Data<State>,
    pub browser: Browser,
    pub signed_in: Option<SignedIn>,
    pub locale: Locale,
}

type Parts = (Data<Core>, Data<State>, Browser, MaybeSignedIn, Language);

impl FromRequest for Visit {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let parts = Parts::from_request(request, payload);
        Box::pin(async move {
            let (core, state, browser, signed_in, language) = parts.await?;
            Ok(Visit { core, state, browser, signed_in: signed_in.into_inner(), locale: language.0 })
        })
    }
}
