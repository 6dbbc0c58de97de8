//! A registration as it arrives.

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header::CONTENT_TYPE};
use futures_util::future::LocalBoxFuture;
use keyring::client_secret;
use protocol::{Client, ErrorCode, OAuthError};
use serde_json::{Map, Value};
use web::{Core, OAuthFailure, Refused, form::read_body};

/// Key sets are the longest part of it.
const LARGEST: usize = 64 * 1024;

/// A JSON object.
pub struct Document(pub Map<String, Value>);

impl FromRequest for Document {
    type Error = Refused;
    type Future = LocalBoxFuture<'static, Result<Self, Refused>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
            let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
            if !essence.eq_ignore_ascii_case("application/json") {
                let why = "The request must be application/json.";
                return Err(OAuthFailure::from(OAuthError::invalid_request(why)).into());
            }
            let body = read_body(&request, &mut payload, LARGEST).await?;
            // serde_json goes 128 levels deep and no further (S109).
            match serde_json::from_slice(&body) {
                Ok(document) => Ok(Document(document)),
                Err(_) => {
                    let why = "The request must be a JSON object.";
                    let error = OAuthError::new(ErrorCode::InvalidClientMetadata, why);
                    Err(OAuthFailure::from(error).into())
                }
            }
        })
    }
}

/// > The updated client metadata fields request MUST NOT include the "registration_access_token",
/// > "registration_client_uri", "client_secret_expires_at", or "client_id_issued_at" fields … The client MUST include its
/// > "client_id" field in the request, and it MUST be the same as its currently issued client identifier. If the client
/// > includes the "client_secret" field in the request, the value of this field MUST match the currently issued client
/// > secret for that client.
///
/// <https://www.rfc-editor.org/rfc/rfc7592#section-2.2>
// S77
pub fn names_itself(core: &Core, document: &Map<String, Value>, client: &Client) -> Result<(), OAuthError> {
    const OURS: [&str; 4] = [
        "registration_access_token",
        "registration_client_uri",
        "client_secret_expires_at",
        "client_id_issued_at",
    ];
    if let Some(name) = OURS.into_iter().find(|name| document.contains_key(*name)) {
        return Err(OAuthError::invalid_request(format!("The member {name} is not the client's to say.")));
    }
    if document.get("client_id").and_then(Value::as_str) != Some(&client.id) {
        return Err(OAuthError::invalid_request("The client_id must be the client's own."));
    }
    let same = |secret: &Value| {
        let digest = secret.as_str().map(|secret| keyring::digest(secret.as_bytes()));
        let sealed = || Some(client_secret::open(client, core.ring.master())?.digest().to_vec());
        let known = client.secret_digest.clone().or_else(sealed);
        digest.zip(known).is_some_and(|(digest, known)| keyring::same(&digest, &known))
    };
    match document.get("client_secret") {
        Some(secret) if !same(secret) => {
            Err(OAuthError::invalid_request("The client_secret is not the client's own."))
        }
        _ => Ok(()),
    }
}
