//! Discovery and keys: what we say about ourselves, public and cacheable.

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    web::Data,
};
use web::Core;

use crate::State;

/// Clients may keep the document for so long; it changes with a restart only.
const METADATA_MAX_AGE: u32 = 300;

/// Both addresses answer the same document.
///
/// <https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig>,
/// <https://www.rfc-editor.org/rfc/rfc8414#section-3>
// S90
pub async fn metadata(state: Data<State>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json"))
        .insert_header((CACHE_CONTROL, format!("public, max-age={METADATA_MAX_AGE}")))
        .body(state.metadata.clone())
}

/// > This contains the signing key(s) the RP uses to validate signatures from the OP.
///
/// <https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata>. No key signs before this
/// age has passed since it was published.
// S92, S93
pub async fn jwks(core: Data<Core>) -> HttpResponse {
    let max_age = protocol::seconds(keyring::rotation::JWKS_MAX_AGE);
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json"))
        .insert_header((CACHE_CONTROL, format!("public, max-age={max_age}")))
        .body(core.ring.jwks_json())
}
