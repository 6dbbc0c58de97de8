//! Obeys the decision.

use actix_web::HttpResponse;
use protocol::{
    Micros, OAuthError, Scopes,
    authorization::{Decision, Response},
    claims::ClaimsRequest,
};
use store::codes::Code;
use views::Message;
use web::{InteractionId, PageError, SignedIn};

use super::{answer, request::Checked, visit::Visit};

/// One request at the moment of its decision.
pub struct Journey<'a> {
    pub visit: &'a Visit,
    pub checked: &'a Checked,
    pub now: Micros,
    /// The row that waits, where the request had to wait.
    pub interaction: Option<&'a InteractionId>,
}

/// A page of another room that must come first.
pub enum Detour {
    SignIn,
    Consent,
}

pub async fn obey(
    journey: &Journey<'_>,
    decision: Decision,
) -> Result<Result<HttpResponse, Detour>, PageError> {
    match decision {
        Decision::SignIn { .. } => Ok(Err(Detour::SignIn)),
        Decision::Consent { .. } => Ok(Err(Detour::Consent)),
        Decision::Refuse(error) => refuse(journey, &error).await.map(Ok),
        Decision::Permit { scopes, offline, claims } => {
            permit(journey, scopes, offline, &claims).await.map(Ok)
        }
    }
}

async fn refuse(journey: &Journey<'_>, error: &OAuthError) -> Result<HttpResponse, PageError> {
    if let Some(id) = journey.interaction
        && !journey.visit.core.store.end_interaction(&id.digest()).await?
    {
        return Err(over());
    }
    Ok(send(journey, &Response::Error(error)))
}

/// Writes the code, and with it ends the interaction: however often the page is submitted, one code comes of
/// it.
// S23, S32
async fn permit(
    journey: &Journey<'_>,
    scopes: Scopes,
    offline: bool,
    claims: &ClaimsRequest,
) -> Result<HttpResponse, PageError> {
    let Some(SignedIn { user, session }) = &journey.visit.signed_in else {
        return Err(PageError::internal("a request was permitted with nobody signed in"));
    };
    let (core, valid) = (&journey.visit.core, &journey.checked.valid);
    let secret = core.random.secret();
    let code = Code {
        digest: secret.digest().into(),
        client_id: journey.checked.client.id.clone(),
        user_id: user.id.clone(),
        sid: Some(session.sid.clone()),
        redirect_uri: valid.to.redirect_uri.clone(),
        redirect_uri_given: valid.redirect_uri_given,
        code_challenge: valid.code_challenge.clone(),
        scopes,
        offline,
        nonce: valid.nonce.clone(),
        claims: claims_text(claims)?,
        auth_time: session.auth_time,
        amr: session.amr.clone(),
        failures: 0,
        grant_id: None,
        created_at: journey.now,
        expires_at: journey.now + journey.visit.state.policy.code_ttl,
        used_at: None,
    };
    match journey.interaction {
        Some(id) => {
            if !core.store.issue_code(code, &id.digest()).await? {
                return Err(over());
            }
        }
        None => core.store.insert_code(code).await?,
    }
    Ok(send(journey, &Response::Code(secret.expose())))
}

/// As it is kept with the grant; nothing where nothing was asked for by name.
fn claims_text(claims: &ClaimsRequest) -> Result<Option<String>, PageError> {
    if claims.is_empty() {
        return Ok(None);
    }
    serde_json::to_string(claims).map(Some).map_err(PageError::internal)
}

fn send(journey: &Journey<'_>, response: &Response<'_>) -> HttpResponse {
    let Checked { valid, client, .. } = journey.checked;
    answer::send(&journey.visit.core, &valid.to, response, client, journey.visit.locale)
}

/// Another tab or a second click was first.
fn over() -> PageError {
    PageError::bad_request(Message::InteractionExpired)
}
