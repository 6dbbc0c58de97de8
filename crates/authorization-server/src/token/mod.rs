//! The token endpoint: who asks, for what, by which rule.
//! <https://www.rfc-editor.org/rfc/rfc6749#section-3.2>
//!
//! A file for each grant; [`issue`] makes the tokens at the [`crate::mint`], [`answer`] sends them.

mod answer;
mod client_credentials;
mod code;
mod device;
mod exchange;
mod family;
mod issue;
mod jwt_bearer;
mod refresh;

use actix_web::{HttpResponse, web::Data};
use protocol::{Client, OAuthError, confirmation, token::TokenRequest};
use web::{ClientAuthentication, Core, OAuthFailure};

use self::issue::Issuer;
use crate::State;

pub async fn token(
    core: Data<Core>,
    state: Data<State>,
    caller: ClientAuthentication,
) -> Result<HttpResponse, OAuthFailure> {
    let client = &*caller.client;
    let issuer = Issuer::new(&core, &state, &caller);
    let request = TokenRequest::parse(caller.form.pairs(), client, &state.policy)?;
    confirmation::check_shown(client, caller.confirmation.as_ref())?;
    let grant_type = request.grant_type();
    let tokens = match request {
        TokenRequest::Code(request) => code::redeem(&issuer, &request).await?,
        TokenRequest::Refresh(request) => refresh::renew(&issuer, &request).await?,
        TokenRequest::ClientCredentials { scope } => {
            client_credentials::grant(&issuer, scope.as_deref()).await?
        }
        TokenRequest::Device { device_code } => device::fetch(&issuer, &device_code).await?,
        TokenRequest::Exchange(request) => exchange::exchange(&issuer, &request).await?,
        TokenRequest::JwtBearer(request) => jwt_bearer::redeem(&issuer, &request).await?,
    };
    metrics::counter!("visage_tokens_issued_total", "grant_type" => grant_type.as_str()).increment(1);
    tokens.into_response()
}

/// `invalid_grant` for something that was used before: worth an operator's look, since somebody may have
/// stolen it.
fn replayed(what: &'static str, client: &Client) -> OAuthFailure {
    metrics::counter!("visage_replays_total", "kind" => what).increment(1);
    tracing::warn!(client_id = %client.id, "{what} came twice: its grant is revoked");
    OAuthFailure::from(OAuthError::invalid_grant()).because(format!("{what} came twice"))
}
