//! Obeys the decision.

use actix_web::HttpResponse;
use protocol::{
    Micros, OAuthError,
    authorization::{Decision, Response},
};
use store::codes::Issued;
use views::Message;
use web::{InteractionId, PageError, SignedIn};

use super::{
    answer,
    give::{Outcome, Permission, give},
    request::Checked,
    visit::Visit,
};

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

async fn refuse(journey: &Journey<'_>, error: &OAuthError) -> Result<HttpResponse, PageError> {
    let store = &journey.visit.core.store;
    match (journey.interaction, &journey.checked.pushed) {
        (Some(id), _) if !store.end_interaction(&id.digest()).await? => return Err(over()),
        (None, Some(pushed)) => store.end_pushed_request(pushed).await?,
        _ => {}
    }
    send(journey, &Response::Error(error))
}

async fn permit(journey: &Journey<'_>, permission: Permission) -> Result<Step, PageError> {
    let Some(person) = journey.signed_in else {
        return Err(PageError::internal("a request was permitted with nobody signed in"));
    };
    match give(journey, person, permission).await? {
        Outcome::Granted(granted) => send(journey, &Response::Granted(granted)).map(Step::Answer),
        Outcome::Refused(error) => send(journey, &Response::Error(&error)).map(Step::Answer),
        Outcome::Lost(Issued::SignedOut) => Ok(Step::Lost(Lost::Session)),
        Outcome::Lost(Issued::Withdrawn) => Ok(Step::Lost(Lost::Consent)),
        Outcome::Lost(Issued::Over | Issued::Written) => Err(over()),
    }
}

fn send(journey: &Journey<'_>, response: &Response<'_>) -> Result<HttpResponse, PageError> {
    let Checked { valid, client, .. } = journey.checked;
    answer::send(&journey.visit.core, &valid.to, response, client, journey.visit.locale)
}

/// Another tab or a second click was first.
fn over() -> PageError {
    PageError::bad_request(Message::InteractionExpired)
}
