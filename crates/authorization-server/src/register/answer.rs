//! What a client is told of its registration.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, PRAGMA};
use keyring::Secret;
use protocol::{Client, registration};
use serde_json::Value;
use url::form_urlencoded::byte_serialize;
use web::{Core, paths};

/// > The server responds with an HTTP 201 Created status code and a body of type "application/json"
///
/// <https://www.rfc-editor.org/rfc/rfc7591#section-3.2.1>
pub fn created(core: &Core, client: &Client, token: &Secret, secret: Option<&Secret>) -> HttpResponse {
    json(StatusCode::CREATED, core, client, token, secret)
}

/// <https://www.rfc-editor.org/rfc/rfc7592#section-3>
pub fn described(core: &Core, client: &Client, token: &Secret, secret: Option<&Secret>) -> HttpResponse {
    json(StatusCode::OK, core, client, token, secret)
}

pub fn removed() -> HttpResponse {
    HttpResponse::NoContent().insert_header((CACHE_CONTROL, "no-store")).finish()
}

/// The secret comes where it is new: we keep only its digest. The registration access token is the one that was shown.
fn json(
    status: StatusCode,
    core: &Core,
    client: &Client,
    token: &Secret,
    secret: Option<&Secret>,
) -> HttpResponse {
    let mut members = registration::described(client);
    // > registration_client_uri … The location of the client configuration endpoint … a fully qualified URL
    // > https://www.rfc-editor.org/rfc/rfc7592#section-3
    let id: String = byte_serialize(client.id.as_bytes()).collect();
    members.insert(
        "registration_client_uri".to_owned(),
        core.site.url(&format!("{}/{id}", paths::REGISTER)).into(),
    );
    members.insert("registration_access_token".to_owned(), token.expose().into());
    if let Some(secret) = secret {
        members.insert("client_secret".to_owned(), secret.expose().into());
    }
    // > client_secret_expires_at: REQUIRED if "client_secret" is issued. … 0 if it will not expire.
    if client.auth_method.has_secret() {
        members.insert("client_secret_expires_at".to_owned(), 0.into());
    }
    HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, "application/json"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((PRAGMA, "no-cache"))
        .body(Value::Object(members).to_string())
}
