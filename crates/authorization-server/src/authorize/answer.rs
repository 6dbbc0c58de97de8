//! The way back to the client, by query or by a form that posts itself.

use actix_web::{HttpResponse, http::StatusCode};
use protocol::{
    Client,
    authorization::{Response, ResponseMode, ReturnAddress},
    redirect_uri,
};
use views::{FormPostPage, Locale};
use web::Core;

/// By 303: 307 would send a form that was posted to us, password and all, on to the client.
/// <https://www.rfc-editor.org/rfc/rfc9700#section-4.12>
// S10, S25
pub fn send(
    core: &Core,
    to: &ReturnAddress,
    response: &Response<'_>,
    client: &Client,
    locale: Locale,
) -> HttpResponse {
    let issuer = &core.site.issuer;
    match to.mode {
        ResponseMode::Query => web::next::see_other(&to.location(response, issuer)),
        ResponseMode::FormPost => {
            let fields = to.fields(response, issuer);
            let page = FormPostPage {
                action: to.redirect_uri.clone(),
                fields: fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
                client: client.name.clone(),
            };
            let form_action = redirect_uri::form_action(&to.redirect_uri);
            web::page(StatusCode::OK, page.render(locale), form_action.as_deref())
        }
    }
}
