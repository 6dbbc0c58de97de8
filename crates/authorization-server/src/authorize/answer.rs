//! The way back to the client: by query, by fragment or by a form that posts itself, plain or signed.

use actix_web::{HttpResponse, http::StatusCode};
use keyring::Token;
use protocol::{
    Client,
    authorization::{Carrier, Response, ReturnAddress},
    redirect_uri,
};
use views::{FormPostPage, Locale};
use web::{Core, PageError};

/// By 303: 307 would send a form that was posted to us, password and all, on to the client.
/// <https://www.rfc-editor.org/rfc/rfc9700#section-4.12>
// S10, S25
pub fn send(
    core: &Core,
    to: &ReturnAddress,
    response: &Response<'_>,
    client: &Client,
    locale: Locale,
) -> Result<HttpResponse, PageError> {
    let issuer = &core.site.issuer;
    let fields = if to.mode.signed {
        let claims = to.signed_claims(response, issuer, &client.id, core.now());
        let jwt = core.ring.sign(client.response_alg(), Token::AuthorizationResponse, &claims);
        // > The authorization response parameters […] are sent as a JWT in the parameter response
        // <https://openid.net/specs/oauth-v2-jarm.html#name-response-encoding>
        vec![("response", jwt.map_err(PageError::internal)?.into())]
    } else {
        to.plain(response, issuer)
    };
    match to.mode.carrier {
        Carrier::Query | Carrier::Fragment => Ok(web::next::see_other(&to.location(&fields))),
        Carrier::FormPost => {
            let page = FormPostPage {
                action: to.redirect_uri.clone(),
                fields: fields
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value.into_owned()))
                    .collect(),
                client: client.name.clone(),
            };
            let form_action = redirect_uri::form_action(&to.redirect_uri);
            Ok(web::page(StatusCode::OK, page.render(locale), form_action.as_deref()))
        }
    }
}
