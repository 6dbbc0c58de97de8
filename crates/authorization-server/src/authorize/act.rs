//! Obeys the decision.

use actix_web::HttpResponse;
use protocol::{
    Micros, OAuthError, Scopes,
    authorization::{ACR_PASSWORD, Decision, Granted, Response},
    claims::ClaimsRequest,
};
use store::codes::{Code, Ground, Issued};
use views::Message;
use web::{InteractionId, PageError, SignedIn};

use super::{answer, request::Checked, visit::Visit};

/// One request at the moment of its decision.
pub struct Journey<'a> {
    pub visit: &'a Visit,
    /// For whom it was decided.
    pub signed_in: Option<&'a SignedIn>,
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

pub enum Step {
    Answer(HttpResponse),
    Detour(Detour),
    /// What the decision stood on has gone while it was obeyed: it must be made again.
    Lost(Lost),
}

pub enum Lost {
    Session,
    Consent,
}

pub async fn obey(journey: &Journey<'_>, decision: Decision) -> Result<Step, PageError> {
    match decision {
        Decision::SignIn { .. } => Ok(Step::Detour(Detour::SignIn)),
        Decision::Consent { .. } => Ok(Step::Detour(Detour::Consent)),
        Decision::Refuse(error) => refuse(journey, &error).await.map(Step::Answer),
        Decision::Permit { scopes, offline, claims, on_record } => {
            permit(journey, Permission { scopes, offline, claims, on_record }).await
        }
    }
}

struct Permission {
    scopes: Scopes,
    offline: bool,
    claims: ClaimsRequest,
    on_record: Scopes,
}

async fn refuse(journey: &Journey<'_>, error: &OAuthError) -> Result<HttpResponse, PageError> {
    if let Some(id) = journey.interaction
        && !journey.visit.core.store.end_interaction(&id.digest()).await?
    {
        return Err(over());
    }
    send(journey, &Response::Error(error))
}

/// Writes the code, and with it ends the interaction: however often the page is submitted, one code comes of
/// it.
// S23, S32, I1
async fn permit(journey: &Journey<'_>, permission: Permission) -> Result<Step, PageError> {
    let Some(SignedIn { user, session }) = journey.signed_in else {
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
        scopes: permission.scopes,
        offline: permission.offline,
        nonce: valid.nonce.clone(),
        claims: claims_text(&permission.claims)?,
        auth_time: session.auth_time,
        amr: session.amr.clone(),
        failures: 0,
        grant_id: None,
        created_at: journey.now,
        expires_at: journey.now + journey.visit.state.policy.code_ttl,
        used_at: None,
        dpop_jkt: None,
        resources: None,
        authorization_details: None,
        acr: Some(ACR_PASSWORD.to_owned()),
    };
    let ground = Ground {
        interaction: journey.interaction.map(|id| id.digest().into()),
        consent: permission.on_record,
        listens: journey.checked.client.metadata.listens_to_logout(),
    };
    match core.store.issue_code(code, ground).await? {
        Issued::Written => {
            let granted = Granted { code: Some(secret.expose().to_owned()), ..Granted::default() };
            send(journey, &Response::Granted(granted)).map(Step::Answer)
        }
        Issued::Over => Err(over()),
        Issued::SignedOut => Ok(Step::Lost(Lost::Session)),
        Issued::Withdrawn => Ok(Step::Lost(Lost::Consent)),
    }
}

/// As it is kept with the grant; nothing where nothing was asked for by name.
fn claims_text(claims: &ClaimsRequest) -> Result<Option<String>, PageError> {
    if claims.is_empty() {
        return Ok(None);
    }
    serde_json::to_string(claims).map(Some).map_err(PageError::internal)
}

fn send(journey: &Journey<'_>, response: &Response<'_>) -> Result<HttpResponse, PageError> {
    let Checked { valid, client, .. } = journey.checked;
    answer::send(&journey.visit.core, &valid.to, response, client, journey.visit.locale)
}

/// Another tab or a second click was first.
fn over() -> PageError {
    PageError::bad_request(Message::InteractionExpired)
}
