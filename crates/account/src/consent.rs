//! `GET` and `POST /consent`: a person says yes or no to a client.
//!
//! What is agreed to stands in the interaction's row; the form carries the decision and nothing else (S41).

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use protocol::{Scopes, authorization::Device};
use store::{audit::AuditRow, consents::Consent};
use views::{ConsentPage, Message};
use web::{Browser, Core, PageError, Params, Posted, Query, SignedIn, form::FromParams, paths};

use crate::{cards, waiting::Waiting};

pub struct Answer {
    decision: Decision,
    for_everyone: bool,
}

#[derive(Clone, Copy)]
enum Decision {
    Allow,
    Deny,
}

impl FromParams for Answer {
    fn from_params(params: &Params) -> Option<Answer> {
        let decision = match params.get("decision")? {
            "allow" => Decision::Allow,
            "deny" => Decision::Deny,
            _ => return None,
        };
        Some(Answer { decision, for_everyone: params.get("for_everyone") == Some("yes") })
    }
}

pub async fn show(
    core: Data<Core>,
    request: HttpRequest,
    browser: Browser,
    Query(query): Query,
    person: SignedIn,
) -> Result<HttpResponse, PageError> {
    let waiting = waiting(&core, &browser, &query).await?;
    let before = agreed_before(&core, &person, &waiting).await?;
    let profile = cards::profile(&core, &person.user.id).await?;
    let locale = waiting.locale(&request);
    let page = ConsentPage {
        csrf: browser.csrf(),
        action: waiting.next().carried_by(paths::CONSENT),
        client: cards::client(&core, &waiting.client, waiting.pending.host(), locale),
        device: waiting.pending.device.as_ref().map(Device::user_code),
        person: cards::person(&core, &profile, 56),
        scopes: waiting.pending.scopes().iter().map(str::to_owned).collect(),
        details: waiting
            .pending
            .sentences
            .iter()
            .map(|said| said.in_language(locale.tag()).to_owned())
            .collect(),
        resources: waiting.pending.resources.clone(),
        more: !before.is_empty() && !waiting.pending.scopes().is_subset(&before),
        may_approve_for_everyone: person.user.is_admin,
    };
    let form_action = waiting.pending.form_action();
    Ok(web::page(StatusCode::OK, page.render(locale), form_action.as_deref()))
}

pub async fn submit(
    core: Data<Core>,
    browser: Browser,
    Query(query): Query,
    person: SignedIn,
    answer: Posted<Answer>,
) -> Result<HttpResponse, PageError> {
    let waiting = waiting(&core, &browser, &query).await?;
    match answer.decision {
        Decision::Deny => {
            core.store.deny_interaction(&waiting.row.digest).await?;
        }
        Decision::Allow => allow(&core, &person, &waiting, answer.for_everyone).await?,
    }
    Ok(waiting.next().see_other())
}

async fn allow(core: &Core, person: &SignedIn, waiting: &Waiting, everyone: bool) -> Result<(), PageError> {
    // The box is on an administrator's page only; a form that has it without is not ours.
    if everyone && !person.user.is_admin {
        return Err(PageError::forbidden(Message::Forbidden));
    }
    let (now, asked) = (core.now(), waiting.pending.scopes());
    let consent = Consent {
        user_id: person.user.id.clone(),
        client_id: waiting.client.id.clone(),
        scopes: asked.clone(),
        granted_at: now,
        updated_at: now,
    };
    core.store.record_consent(consent, &waiting.row.digest, everyone).await?;
    if everyone {
        core.store
            .record(AuditRow {
                id: core.random.id(),
                at: now,
                actor: Some(person.user.id.clone()),
                action: "client.approved_for_everyone".into(),
                subject: waiting.client.id.clone(),
                detail: serde_json::json!({ "scopes": asked.to_string() }).to_string(),
            })
            .await?;
    }
    Ok(())
}

async fn agreed_before(core: &Core, person: &SignedIn, waiting: &Waiting) -> Result<Scopes, PageError> {
    let consent = core.store.consent(&person.user.id, &waiting.client.id).await?;
    Ok(consent.map(|consent| consent.scopes).unwrap_or_default())
}

/// This page makes no sense without a request behind it.
async fn waiting(core: &Core, browser: &Browser, query: &Params) -> Result<Waiting, PageError> {
    let waiting = Waiting::named(core, browser, query).await?;
    waiting.ok_or_else(|| PageError::bad_request(Message::InteractionExpired))
}
