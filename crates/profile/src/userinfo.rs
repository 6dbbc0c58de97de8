//! `GET` and `POST /api/auth/userinfo`: who the token's person is, for the scopes that were granted.
//! <https://openid.net/specs/openid-connect-core-1_0.html#UserInfo>
//!
//! The answer is kept as bytes beside the token's access, which is read anew as soon as anything that it depends on
//! changes: the usual request costs a digest, a look-up and a comparison.

use crate::fields::{self, Reader};
use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use actix_web::web::Data;
use bytes::Bytes;
use keyring::Token;
use keyring::encrypt::CannotEncrypt;
use protocol::claims::ClaimsRequest;
use protocol::{Client, SigningAlg};
use serde_json::{Map, Value};
use views::Message;
use web::bearer::BearerOrForm;
use web::scope::OpenId;
use web::{ApiError, Bearer, Core};

pub async fn show(bearer: Bearer<OpenId>, core: Data<Core>) -> Result<HttpResponse, ApiError> {
    let body = match bearer.userinfo.get() {
        Some(kept) => kept,
        None => make(&bearer, &core).await?,
    };
    Ok(answer(body))
}

/// The token may be a field of the form that is posted (S82).
pub async fn show_posted(
    BearerOrForm(bearer): BearerOrForm<OpenId>,
    core: Data<Core>,
) -> Result<HttpResponse, ApiError> {
    show(bearer, core).await
}

async fn make(bearer: &Bearer<OpenId>, core: &Core) -> Result<Bytes, ApiError> {
    let profile = core.store.profile(bearer.user_id()).await?.ok_or_else(ApiError::token_invalid)?;
    let asked = bearer.grant.as_ref().and_then(|grant| grant.claims.as_deref());
    let asked = ClaimsRequest::parse(asked).map_err(ApiError::internal)?;
    let client = match &bearer.client_id {
        // A person's own token has no client: it asks for nothing by name, and nobody registered how it is answered.
        None => None,
        Some(id) => Some(core.store.client(id).await?.ok_or_else(ApiError::token_invalid)?),
    };
    // What the client may not have any more it does not get by name either (I6).
    let asked = match &client {
        None => asked,
        Some(client) => asked.within(&client.allowed_scopes()),
    };
    let named = asked.for_userinfo();
    // A person's own token has no client that could keep an address.
    let stable = match &bearer.grant {
        Some(grant) if bearer.has("profile") || named.contains(&"picture_stable") => {
            core.picture_stable(grant).await?
        }
        _ => None,
    };
    let fields =
        fields::userinfo(&profile, &core.pictures, Reader { named: &named, stable, ..Reader::of(bearer) })?;
    let body = match client {
        None => serde_json::to_vec(&fields).map_err(ApiError::internal)?,
        Some(client) => as_registered(core, &client, fields).await?,
    };
    Ok(bearer.userinfo.keep(body.into()))
}

/// As JSON, or signed, encrypted or both where the client registered that.
///
/// > If the UserInfo Response is signed and/or encrypted, then the Claims are returned in a JWT and the content-type MUST
/// > be application/jwt. […] If both signing and encryption are requested, the response MUST be signed then encrypted,
/// > with the result being a Nested JWT.
///
/// <https://openid.net/specs/openid-connect-core-1_0.html#UserInfoResponse>
// S84
async fn as_registered(
    core: &Core,
    client: &Client,
    mut fields: Map<String, Value>,
) -> Result<Vec<u8>, ApiError> {
    let metadata = &client.metadata;
    let body = match metadata.userinfo_signed_response_alg.as_deref().and_then(SigningAlg::parse) {
        None => serde_json::to_vec(&fields).map_err(ApiError::internal)?,
        Some(alg) => {
            // > If signed, the UserInfo Response MUST contain the Claims iss (issuer) and aud (audience) as members.
            fields.insert("iss".to_owned(), core.site.issuer.clone().into());
            fields.insert("aud".to_owned(), client.id.clone().into());
            core.ring.sign(alg, Token::UserInfo, &fields).map_err(ApiError::internal)?.into_bytes()
        }
    };
    match metadata.userinfo_encryption().map_err(ApiError::internal)? {
        None => Ok(body),
        Some(how) => {
            let is_jwt = !is_json(&body);
            // Nothing leaves in clear; the client's keys are the client's to repair.
            let no_key =
                |_: CannotEncrypt| ApiError::bad_request("encryption_key_missing", Message::InvalidRequest);
            let sealed = core.encrypted(client, how, &body, is_jwt).await.map_err(no_key)?;
            Ok(sealed.into_bytes())
        }
    }
}

/// A JWT in compact form never begins like an object.
fn is_json(body: &[u8]) -> bool {
    body.first() == Some(&b'{')
}

fn answer(body: Bytes) -> HttpResponse {
    let kind = if is_json(&body) { "application/json" } else { "application/jwt" };
    let mut response = HttpResponse::Ok().body(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
