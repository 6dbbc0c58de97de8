//! `GET /api/auth/profile`.

use crate::fields::{self, Reader};
use actix_web::HttpResponse;
use actix_web::web::Data;
use web::scope::Profile;
use web::{ApiError, Bearer, Core, json};

pub async fn show(bearer: Bearer<Profile>, core: Data<Core>) -> Result<HttpResponse, ApiError> {
    let profile = core.store.profile(bearer.user_id()).await?.ok_or_else(ApiError::token_invalid)?;
    // A person's own token has no client that could keep an address.
    let stable = match &bearer.grant {
        Some(grant) => core.picture_stable(grant).await?,
        None => None,
    };
    Ok(json(&fields::profile(&profile, &core.pictures, Reader { stable, ..Reader::of(&bearer) })?))
}
