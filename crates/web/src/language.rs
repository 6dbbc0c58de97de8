//! The language of an answer, as an extractor: `ui_locales`, then `Accept-Language`.

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::http::header::ACCEPT_LANGUAGE;
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use views::Locale;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Language(pub Locale);

impl Language {
    pub fn of(request: &HttpRequest) -> Language {
        let header = request.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let query = request.query_string();
        let asked = if query.contains("ui_locales=") {
            url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "ui_locales")
        } else {
            None
        };
        Language(Locale::negotiate(asked.as_ref().map(|(_, value)| value.as_ref()), header))
    }
}

impl FromRequest for Language {
    type Error = Infallible;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Language::of(request)))
    }
}
