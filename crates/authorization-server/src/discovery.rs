//! Discovery and keys: what we say about ourselves, public and cacheable.

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue},
    web::Data,
};
use web::Core;

use crate::State;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// Clients may keep the document for so long; it changes with a restart only.
const KEEP_METADATA: HeaderValue = HeaderValue::from_static("public, max-age=300");
/// [`keyring::rotation::JWKS_MAX_AGE`]: no key signs before this age has passed since it was published.
const KEEP_KEYS: HeaderValue = HeaderValue::from_static("public, max-age=60");

/// Both addresses answer the same document.
///
/// <https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig>,
/// <https://www.rfc-editor.org/rfc/rfc8414#section-3>
// S90
pub async fn metadata(state: Data<State>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, JSON))
        .insert_header((CACHE_CONTROL, KEEP_METADATA))
        .body(state.metadata.clone())
}

/// > Protected resources supporting metadata MUST make a JSON document containing metadata […] available
///
/// <https://www.rfc-editor.org/rfc/rfc9728#section-3>
pub async fn protected_resource(state: Data<State>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, JSON))
        .insert_header((CACHE_CONTROL, KEEP_METADATA))
        .body(state.resource.clone())
}

/// > This contains the signing key(s) the RP uses to validate signatures from the OP.
///
/// <https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata>
// S92, S93
pub async fn jwks(core: Data<Core>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, JSON))
        .insert_header((CACHE_CONTROL, KEEP_KEYS))
        .body(core.ring.jwks_json())
}

#[cfg(test)]
mod tests {
    use super::*;

    // S93
    #[test]
    fn keys_may_be_kept_for_as_long_as_the_plan_of_rotation_counts_on() {
        let planned = protocol::seconds(keyring::rotation::JWKS_MAX_AGE);
        assert_eq!(KEEP_KEYS, format!("public, max-age={planned}"));
    }
}
