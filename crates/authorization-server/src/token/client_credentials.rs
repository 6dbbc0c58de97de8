//! `grant_type=client_credentials`. The client comes from memory and nothing is written: this costs one
//! signature.

use protocol::token::check_client_credentials;
use web::OAuthFailure;

use super::{answer::Tokens, issue::Issuer};

// S65
pub async fn grant(issuer: &Issuer<'_>, scope: Option<&str>) -> Result<Tokens, OAuthFailure> {
    let scopes = check_client_credentials(issuer.client, scope)?;
    issuer.for_client(&scopes).await
}
