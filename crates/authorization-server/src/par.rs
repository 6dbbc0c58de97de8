//! Pushed authorization requests: the client says what it wants before it sends a browser.
//! <https://www.rfc-editor.org/rfc/rfc9126>

use std::sync::Arc;

use actix_web::{
    HttpResponse,
    http::{StatusCode, header::CACHE_CONTROL},
    web::Data,
};
use protocol::{
    ErrorCode, Micros, OAuthError, SECOND,
    authorization::{AuthorizationRequest, Rejection, request_object, validate},
    seconds,
};
use serde::Serialize;
use store::pushed_requests::{MOST, PushedRequest};
use web::{ClientAuthentication, Core, OAuthFailure, Peer};

use crate::{
    State,
    authorize::{Checked, hinted, opened},
    crowd::Crowd,
};

/// > expires_in: A JSON number that represents the lifetime of the request URI in seconds […] typical values range from 5
/// > to 600.
///
/// <https://www.rfc-editor.org/rfc/rfc9126#section-2.2>. Whoever began in time may take the time that people take.
const LIFE: Micros = 90 * SECOND;
/// Bytes of what is kept of one: a long `state`, `claims` and details, and no more than one of each.
const LARGEST: usize = 24 * 1024;
/// What one network may have waiting of a public client.
const CROWD: Crowd = Crowd { name: "par", most: MOST / 10, span: LIFE };

#[derive(Serialize)]
struct Pushed {
    request_uri: String,
    /// Seconds.
    expires_in: i64,
}

// S73, S74
pub async fn push(
    core: Data<Core>,
    state: Data<State>,
    caller: ClientAuthentication,
    peer: Peer,
) -> Result<HttpResponse, OAuthFailure> {
    let checked = checked(&core, &state, &caller).await?;
    hinted(&core, &checked).await??;
    let parameters = serde_json::to_string(&checked.request).map_err(OAuthFailure::internal)?;
    // > If the request size was beyond the upper bound that the authorization server allows, the authorization server
    // > returns a 413 (Content Too Large) HTTP status code.
    // > https://www.rfc-editor.org/rfc/rfc9126#section-2.3
    if parameters.len() > LARGEST {
        let error = OAuthError::invalid_request("The request is too large.");
        return Err(OAuthFailure::new(StatusCode::PAYLOAD_TOO_LARGE, error));
    }
    CROWD.join(&core, &checked.client, peer).await?;
    let secret = core.random.secret();
    let now = core.now();
    let row = PushedRequest {
        digest: secret.digest().into(),
        client_id: checked.client.id.clone(),
        parameters,
        created_at: now,
        expires_at: now + LIFE,
    };
    if !core.store.push_request(row).await? {
        // > If the authorization server […] the client has exceeded the number of requests it is allowed […] 429
        let error =
            OAuthError::new(ErrorCode::TemporarilyUnavailable, "Too many requests wait for their people.");
        return Err(OAuthFailure::new(StatusCode::TOO_MANY_REQUESTS, error)
            .with_header(actix_web::http::header::RETRY_AFTER, "10"));
    }
    let request_uri = format!("{}{}", request_object::PUSHED, secret.expose());
    Ok(HttpResponse::Created()
        .insert_header((CACHE_CONTROL, "no-cache, no-store"))
        .json(Pushed { request_uri, expires_in: seconds(LIFE) }))
}

/// > The authorization server MUST […] 2. Reject the request if the request_uri authorization request parameter is
/// > provided. 3. Validate the pushed request as it would an authorization request sent to the authorization endpoint.
///
/// <https://www.rfc-editor.org/rfc/rfc9126#section-2.1>
async fn checked(core: &Core, state: &State, caller: &ClientAuthentication) -> Result<Checked, OAuthFailure> {
    let client = Arc::clone(&caller.client);
    let mut request = AuthorizationRequest::parse(caller.form.pairs());
    if request.request_uri.is_some() {
        return Err(OAuthError::invalid_request("A request_uri cannot be pushed.").into());
    }
    // Whoever named itself otherwise was refused by now.
    request.client_id = Some(client.id.clone());
    if let Some(object) = &request.request {
        if request.repeated.is_some() {
            return Err(OAuthError::invalid_request("A parameter came more than once.").into());
        }
        request = opened(core, state, &client, object).await?;
    }
    request.pushed = true;
    // > the authorization server MUST […] verify that [the dpop_jkt and the key of the proof] match […] or reject
    // <https://www.rfc-editor.org/rfc/rfc9449#section-10.1>
    if let Some(key) = caller.confirmation.as_ref().and_then(|shown| shown.jkt.as_ref()) {
        if request.dpop_jkt.as_ref().is_some_and(|asked| asked != key) {
            let why = "The dpop_jkt is not the key of the DPoP proof.";
            return Err(OAuthError::new(ErrorCode::InvalidDpopProof, why).into());
        }
        request.dpop_jkt = Some(key.clone());
    }
    match validate(&request, &client, &state.policy) {
        Ok(valid) => Ok(Checked { request, valid, client, pushed: None }),
        Err(Rejection::Show(error) | Rejection::Redirect { error, .. }) => Err(error.into()),
    }
}
