//! `/oauth2/check_session`: the frame in which a client's page asks whether the session is still the same.

use actix_web::{
    HttpResponse,
    http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName},
};

/// Anybody may frame it: it shows nothing, holds nothing but a script, and tells only those who know the hash.
///
/// > This page accepts postMessage requests from the relevant RP iframe and uses postMessage to post back the login status
/// > of the End-User at the OP.
///
/// <https://openid.net/specs/openid-connect-session-1_0.html#OPiframe>
// S27
pub async fn check_session() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; script-src 'self'; base-uri 'none'; form-action 'none'",
        ))
        .insert_header((HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"))
        .body(views::check_session())
}
