//! `GET` and `POST /api/auth/userinfo`: who the token's person is, for the scopes that were granted.
//! <https://openid.net/specs/openid-connect-core-1_0.html#UserInfo>
//!
//! The answer is kept as bytes beside the token's access, which is read anew as soon as anything that it depends on
//! changes: the usual request costs a digest, a look-up and a comparison.

use crate::fields;
use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use actix_web::web::Data;
use bytes::Bytes;
use protocol::claims::ClaimsRequest;
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
    // What the client may not have any more it does not get by name either (I6). A person's own token asks for nothing
    // by name.
    let asked = match &bearer.client_id {
        None => asked,
        Some(id) => {
            let client = core.store.client(id).await?.ok_or_else(ApiError::token_invalid)?;
            asked.within(&client.allowed_scopes())
        }
    };
    let named = asked.for_userinfo();
    // A person's own token has no client that could keep an address.
    let stable = match &bearer.grant {
        Some(grant) if bearer.has("profile") || named.contains(&"picture_stable") => {
            core.picture_stable(grant).await?
        }
        _ => None,
    };
    let fields = fields::userinfo(&profile, &core.pictures, &bearer.scopes, &named, stable)?;
    let body = serde_json::to_vec(&fields).map_err(ApiError::internal)?;
    Ok(bearer.userinfo.keep(body.into()))
}

fn answer(body: Bytes) -> HttpResponse {
    let mut response = HttpResponse::Ok().body(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
