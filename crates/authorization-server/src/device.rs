//! The device authorization endpoint: a device without a browser begins. <https://www.rfc-editor.org/rfc/rfc8628#section-3.1>
//!
//! The person types the code at `/device` (room `account`), the hub ([`crate::authorize`]) writes down the answer, and
//! the device hears it at the token endpoint.

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER},
    },
    web::Data,
};
use protocol::{
    ErrorCode, OAuthError, authorization::cut_scopes, device, parameters::RESOURCE, seconds, token::GrantType,
};
use serde::Serialize;
use store::device_codes::{Begun, DeviceCode, MOST};
use web::{ClientAuthentication, Core, OAuthFailure, Peer, paths};

use crate::{State, crowd::Crowd, mint::kept_list};

/// <https://www.rfc-editor.org/rfc/rfc8628#section-3.2>
#[derive(Serialize)]
struct Answer<'a> {
    device_code: &'a str,
    user_code: &'a str,
    verification_uri: String,
    verification_uri_complete: String,
    expires_in: i64,
    interval: i64,
}

/// One in 2^34 that a code is taken, times as many as wait.
const TRIES: usize = 4;

// S75
pub async fn authorize(
    core: Data<Core>,
    state: Data<State>,
    caller: ClientAuthentication,
    peer: Peer,
) -> Result<HttpResponse, OAuthFailure> {
    let (client, parameters) = (&*caller.client, caller.form.oauth());
    if parameters.repeated_but(RESOURCE).is_some() {
        return Err(OAuthError::invalid_request("A parameter came more than once.").into());
    }
    if !client.allows_grant(GrantType::DeviceCode.as_str()) {
        let why = "The client is not registered for the grant of devices.";
        return Err(OAuthError::new(ErrorCode::UnauthorizedClient, why).into());
    }
    let scopes = cut_scopes(parameters.one("scope"), client, &state.policy)?;
    // Its people are asked for scopes alone.
    if parameters.one("authorization_details").is_some() {
        let why = "A device cannot ask in detail.";
        return Err(OAuthError::new(ErrorCode::InvalidAuthorizationDetails, why).into());
    }
    let resources: Vec<String> = parameters.every(RESOURCE).map(str::to_owned).collect();
    let resources = state.policy.named_resources(&resources, client)?;
    // A tenth of what may wait, for as long as it does: a house full of devices behind one address is no crowd.
    let crowd = Crowd { name: "device", most: MOST / 10, span: state.policy.device_code_ttl };
    crowd.join(&core, client, peer).await?;
    let (now, secret) = (core.now(), core.random.secret());
    let code = DeviceCode {
        digest: secret.digest().into(),
        user_code: Vec::new(),
        client_id: client.id.clone(),
        scopes,
        resources: kept_list(&resources)?,
        authorization_details: None,
        state: device::PENDING.into(),
        grant_id: None,
        poll_interval: device::INTERVAL,
        poll_after: now,
        created_at: now,
        expires_at: now + state.policy.device_code_ttl,
    };
    let user_code = device::shown(&begin(&core, code).await?);
    let page = core.site.url(paths::DEVICE);
    let body = serde_json::to_vec(&Answer {
        device_code: secret.expose(),
        user_code: &user_code,
        verification_uri_complete: format!("{page}?user_code={user_code}"),
        verification_uri: page,
        expires_in: seconds(state.policy.device_code_ttl),
        interval: seconds(device::INTERVAL),
    });
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(body.map_err(OAuthFailure::internal)?))
}

/// Written under a user code that no other device shows.
async fn begin(core: &Core, code: DeviceCode) -> Result<String, OAuthFailure> {
    for _ in 0..TRIES {
        let user_code = device::user_code(&core.random.bytes());
        let digest = keyring::digest(user_code.as_bytes()).to_vec();
        match core.store.insert_device_code(DeviceCode { user_code: digest, ..code.clone() }).await? {
            Begun::Written => return Ok(user_code),
            Begun::Taken => {}
            Begun::TooMany => {
                let busy =
                    OAuthError::new(ErrorCode::TemporarilyUnavailable, "Too many devices are waiting.");
                let failure = OAuthFailure::new(StatusCode::TOO_MANY_REQUESTS, busy);
                return Err(failure.with_header(RETRY_AFTER, "60"));
            }
        }
    }
    Err(OAuthFailure::internal("no user code is free"))
}
