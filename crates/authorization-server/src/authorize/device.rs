//! The hub, where a device waits instead of a client's redirect URI: the same detours, another end.
//! <https://www.rfc-editor.org/rfc/rfc8628#section-3.3>

use actix_web::HttpResponse;
use protocol::{
    Scopes,
    authorization::{ACR_PASSWORD, Device, Pending},
    device::{Step, decide},
};
use store::{
    codes::{Ground, Issued},
    grants::Grant,
    interactions::Interaction,
};
use views::Message;
use web::{InteractionId, PageError, SignedIn, paths};

use super::{act::Detour, lead, visit::Visit};

/// `device`: of `pending`, which is what `row` keeps.
pub async fn advance(
    visit: &Visit,
    id: &InteractionId,
    row: &Interaction,
    pending: &Pending,
    device: &Device,
) -> Result<HttpResponse, PageError> {
    let store = &visit.core.store;
    // The client may have been changed or disabled since the device began.
    let client = store.client(&row.client_id).await?.filter(|client| client.is_active).ok_or_else(over)?;
    let scopes = pending.scopes().intersect(&client.allowed_scopes());
    let agreed = row.consented.as_deref().and_then(|text| Scopes::parse(text).ok());
    match decide(visit.signed_in.is_some(), agreed.as_ref(), &scopes, row.denied) {
        Step::SignIn => Ok(lead(id, Detour::SignIn)),
        Step::Consent => Ok(lead(id, Detour::Consent)),
        Step::Deny => {
            store.deny_device(&device.digest, &row.digest).await?;
            Ok(done("denied"))
        }
        Step::Approve => {
            let Some(person) = &visit.signed_in else {
                return Err(PageError::internal("a device was approved with nobody signed in"));
            };
            let ground = Ground {
                interaction: Some(row.digest.clone()),
                consent: scopes.clone(),
                listens: client.metadata.listens_to_logout(),
                ..Ground::default()
            };
            let grant = grant(visit, person, &row.client_id, scopes);
            match store.approve_device(&device.digest, grant, ground, visit.core.now()).await? {
                Issued::Written => Ok(done("connected")),
                Issued::Over => Err(over()),
                Issued::SignedOut => Ok(lead(id, Detour::SignIn)),
                Issued::Withdrawn => Ok(lead(id, Detour::Consent)),
            }
        }
    }
}

/// It lives as long as the device may still come for its tokens; what it gets then says how long it goes on.
fn grant(visit: &Visit, person: &SignedIn, client_id: &str, scopes: Scopes) -> Grant {
    let now = visit.core.now();
    Grant {
        id: visit.core.random.id(),
        client_id: client_id.to_owned(),
        user_id: person.user.id.clone(),
        sid: Some(person.session.sid.clone()),
        // The page of this very device has shown it.
        offline: scopes.contains("offline_access"),
        scopes,
        claims: None,
        auth_time: person.session.auth_time,
        amr: person.session.amr.clone(),
        created_at: now,
        expires_at: now + visit.state.policy.device_code_ttl,
        revoked_at: None,
        confirmation: None,
        resources: None,
        authorization_details: None,
        acr: Some(ACR_PASSWORD.to_owned()),
    }
}

/// By 303, so that the page can be loaded again.
fn done(how: &str) -> HttpResponse {
    web::next::see_other(&format!("{}?done={how}", paths::DEVICE))
}

/// The device does not wait any more, or another tab was first.
fn over() -> PageError {
    PageError::bad_request(Message::DeviceOver)
}
