//! The authorization endpoint. `GET` decides at once; `POST` stores and leads to the hub; the hub,
//! `GET /oauth2/authorize/{interaction}`, is where every detour returns and decides again.
//!
//! - [`request`]: from parameters to a valid request, or to the answer that refuses it.
//! - [`situation`]: reads what the decision depends on. [`act`]: obeys the decision. [`answer`]: the way back
//!   to the client.

mod act;
mod answer;
mod request;
mod situation;

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use protocol::authorization::{Decision, Pending, decide};
use store::interactions::Interaction;
use views::Message;
use web::{Browser, Core, Form, InteractionId, Language, MaybeSignedIn, Next, PageError, Query};

use self::{
    act::{Detour, Journey},
    request::Checked,
};
use crate::State;

/// > Authorization Servers MUST support the use of the HTTP GET and POST methods […] at the Authorization
/// > Endpoint.
///
/// <https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest>
pub async fn get(
    core: Data<Core>,
    state: Data<State>,
    query: Query,
    browser: Browser,
    signed_in: MaybeSignedIn,
    language: Language,
) -> Result<HttpResponse, PageError> {
    let checked = match request::check(&core, &state, query.0.pairs()).await? {
        Ok(checked) => checked,
        Err(refused) => return refused.answer(&core, language.0),
    };
    let signed_in = signed_in.into_inner();
    let now = core.now();
    let decision = match situation::read(&core, &checked, signed_in.as_ref()).await? {
        Ok(facts) => decide(&checked.valid, &facts.situation(&checked.client, now, now)),
        Err(error) => Decision::Refuse(error),
    };
    let journey = Journey {
        core: &core,
        state: &state,
        checked: &checked,
        signed_in,
        now,
        locale: language.0,
        interaction: None,
    };
    match act::obey(&journey, decision).await? {
        Ok(response) => Ok(response),
        Err(detour) => {
            let id = store_request(&core, &checked, browser.digest().into()).await?;
            Ok(lead(&id, detour))
        }
    }
}

/// A POST from another site carries no Lax cookie, so that nobody is signed in here; the 303 asks again with
/// cookies.
// S18, S36
pub async fn post(
    core: Data<Core>,
    state: Data<State>,
    form: Form,
    language: Language,
) -> Result<HttpResponse, PageError> {
    match request::check(&core, &state, form.0.pairs()).await? {
        Ok(checked) => {
            let id = store_request(&core, &checked, Vec::new()).await?;
            Ok(Next::Authorize(id).see_other())
        }
        Err(refused) => refused.answer(&core, language.0),
    }
}

/// The hub. `?cancel=1` is the way to say no on the sign-in page.
pub async fn hub(
    request: HttpRequest,
    core: Data<Core>,
    state: Data<State>,
    id: Path<String>,
    browser: Browser,
    signed_in: MaybeSignedIn,
    language: Language,
) -> Result<HttpResponse, PageError> {
    let gone = || PageError::bad_request(Message::InteractionExpired);
    let id = InteractionId::parse(&id).ok_or_else(gone)?;
    let mut interaction = find(&core, &id, &browser).await?;
    interaction.denied |= request.query_string() == "cancel=1";
    let pending = Pending::from_json(&interaction.parameters).map_err(PageError::internal)?;
    let checked = match request::check_again(&core, &state, pending.request).await? {
        Ok(checked) => checked,
        Err(refused) => return refused.answer(&core, language.0),
    };
    let signed_in = signed_in.into_inner();
    let now = core.now();
    let decision = match situation::read(&core, &checked, signed_in.as_ref()).await? {
        Ok(facts) => {
            let facts = facts.answered(&interaction);
            decide(&checked.valid, &facts.situation(&checked.client, interaction.created_at, now))
        }
        Err(error) => Decision::Refuse(error),
    };
    let journey = Journey {
        core: &core,
        state: &state,
        checked: &checked,
        signed_in,
        now,
        locale: language.0,
        interaction: Some(&id),
    };
    match act::obey(&journey, decision).await? {
        Ok(response) => Ok(response),
        Err(detour) => Ok(lead(&id, detour)),
    }
}

/// The interaction, for the browser that began it; the first that opens one that came by POST becomes that
/// browser.
// S28
async fn find(core: &Core, id: &InteractionId, browser: &Browser) -> Result<Interaction, PageError> {
    let (digest, own) = (id.digest(), browser.digest());
    let found = core.store.interaction_of_any_browser(&digest, core.now()).await?;
    let Some(interaction) = found else { return Err(PageError::bad_request(Message::InteractionExpired)) };
    let mine = interaction.browser == own
        || (interaction.browser.is_empty() && core.store.bind_interaction(&digest, &own).await?);
    if mine { Ok(interaction) } else { Err(PageError::forbidden(Message::InteractionForeign)) }
}

async fn store_request(core: &Core, checked: &Checked, browser: Vec<u8>) -> Result<InteractionId, PageError> {
    let id = InteractionId::new(&core.random.secret());
    let now = core.now();
    let pending = Pending::new(checked.request.clone(), &checked.valid);
    let interaction = Interaction {
        digest: id.digest().into(),
        browser,
        client_id: checked.client.id.clone(),
        parameters: pending.to_json().map_err(PageError::internal)?,
        consented: None,
        denied: false,
        created_at: now,
        expires_at: now + core.limits.interaction,
    };
    core.store.insert_interaction(interaction).await?;
    Ok(id)
}

fn lead(id: &InteractionId, detour: Detour) -> HttpResponse {
    let path = match detour {
        Detour::SignIn => web::paths::LOGIN,
        Detour::Consent => web::paths::CONSENT,
    };
    web::next::see_other(&Next::Authorize(id.clone()).carried_by(path))
}
