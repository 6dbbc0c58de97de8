//! The successful answer.

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_TYPE, PRAGMA},
};
use protocol::details::Detail;
use serde::Serialize;
use web::OAuthFailure;

use crate::mint::Minted;

/// <https://www.rfc-editor.org/rfc/rfc6749#section-5.1>
#[derive(Serialize)]
pub struct Tokens {
    pub access_token: String,
    pub token_type: &'static str,
    /// Seconds.
    pub expires_in: i64,
    pub scope: String,
    /// What an exchange gave (RFC 8693).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_token_type: Option<&'static str>,
    /// What the access token is for in detail.
    ///
    /// > the AS MUST also return the authorization_details as granted by the resource owner and assigned to the respective
    /// > access token.
    ///
    /// <https://www.rfc-editor.org/rfc/rfc9396#section-7>
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorization_details: Vec<Detail>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
}

impl Tokens {
    /// An access token alone.
    pub fn new(minted: Minted) -> Self {
        Self {
            access_token: minted.token,
            token_type: minted.token_type,
            expires_in: minted.expires_in,
            scope: minted.scope,
            authorization_details: minted.details,
            issued_token_type: None,
            refresh_token: None,
            id_token: None,
        }
    }

    /// > The authorization server MUST include the HTTP "Cache-Control" response header field with a value of
    /// > "no-store" in any response containing tokens, credentials, or other sensitive information, as well
    /// > as the "Pragma" response header field with a value of "no-cache".
    ///
    /// <https://www.rfc-editor.org/rfc/rfc6749#section-5.1>
    // S48
    pub fn into_response(self) -> Result<HttpResponse, OAuthFailure> {
        let body = serde_json::to_vec(&self).map_err(OAuthFailure::internal)?;
        Ok(HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, "application/json"))
            .insert_header((CACHE_CONTROL, "no-store"))
            .insert_header((PRAGMA, "no-cache"))
            .body(body))
    }
}
