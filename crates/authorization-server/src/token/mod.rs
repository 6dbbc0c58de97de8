//! The token endpoint: who asks, for what, by which rule. <https://www.rfc-editor.org/rfc/rfc6749#section-3.2>
//!
//! A file for each grant; [`issue`] makes the tokens, [`answer`] sends them.

mod answer;
mod client_credentials;
mod code;
mod issue;
mod refresh;

use actix_web::{HttpResponse, web::Data};
use protocol::token::TokenRequest;
use web::{ClientAuthentication, Core, OAuthFailure};

use self::issue::Issuer;
use crate::State;

pub async fn token(
    core: Data<Core>,
    state: Data<State>,
    caller: ClientAuthentication,
) -> Result<HttpResponse, OAuthFailure> {
    let client = &*caller.client;
    let issuer = Issuer::new(&core, &state.policy, client);
    let tokens = match TokenRequest::parse(caller.form.pairs(), client, &state.policy)? {
        TokenRequest::Code(request) => code::redeem(&issuer, &request).await?,
        TokenRequest::Refresh(request) => refresh::renew(&issuer, &request).await?,
        TokenRequest::ClientCredentials { scope } => client_credentials::grant(&issuer, scope.as_deref())?,
    };
    tokens.into_response()
}
