//! The authorization endpoint. `GET` decides at once; `POST` stores and leads to the hub; the hub,
//! `GET /oauth2/authorize/{interaction}`, is where every detour returns and decides again.
//!
//! - [`visit`]: who comes. [`carried`]: what counts of it. [`request`]: from parameters to a valid request, or to the answer that refuses it.
//! - [`situation`]: reads what the decision depends on. [`act`]: obeys the decision. [`give`]: what
//!   a yes gives. [`answer`]: the way back to the client. [`device`]: a device waits instead.

mod act;
mod answer;
mod carried;
mod device;
mod give;
mod request;
mod situation;
mod visit;

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use protocol::{
    Micros, SECOND,
    authorization::{Decision, Pending, decide},
};
use store::interactions::Interaction;
use views::Message;
use web::{Browser, Core, Form, InteractionId, Language, Next, PageError, Peer, Query};

use self::{
    act::{Detour, Journey, Lost, Step},
    visit::Visit,
};
pub use self::{
    carried::{Fetched, opened},
    request::Checked,
    situation::hinted,
};
use crate::State;

/// > Authorization Servers MUST support the use of the HTTP GET and POST methods […] at the Authorization
/// > Endpoint.
///
/// <https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest>
pub async fn get(visit: Visit, peer: Peer, query: Query) -> Result<HttpResponse, PageError> {
    let checked = match request::check(&visit.core, &visit.state, peer, query.0.pairs()).await? {
        Ok(checked) => checked,
        Err(refused) => return refused.answer(&visit.core, visit.locale),
    };
    match advance(&visit, &checked, None).await? {
        Ok(response) => Ok(response),
        Err(detour) => {
            let id = store_request(&visit.core, &checked, visit.browser.digest().into()).await?;
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
    peer: Peer,
    form: Form,
    language: Language,
) -> Result<HttpResponse, PageError> {
    match request::check(&core, &state, peer, form.0.pairs()).await? {
        Ok(checked) => {
            // It must not wait unverified: anybody can post.
            if let Err(error) = situation::hinted(&core, &checked).await? {
                return checked.refuse(error).answer(&core, language.0);
            }
            let id = store_request(&core, &checked, Vec::new()).await?;
            Ok(Next::Authorize(id).see_other())
        }
        Err(refused) => refused.answer(&core, language.0),
    }
}

/// How long a request that came by POST waits for its browser, which follows the redirect at once.
const UNOPENED: Micros = 2 * 60 * SECOND;

/// The hub. `?cancel=1` is the way to say no on the sign-in page.
pub async fn hub(visit: Visit, http: HttpRequest, id: Path<String>) -> Result<HttpResponse, PageError> {
    let gone = || PageError::bad_request(Message::InteractionExpired);
    let id = InteractionId::parse(&id).ok_or_else(gone)?;
    let mut row = find(&visit.core, &id, &visit.browser).await?;
    row.denied |= http.query_string() == "cancel=1";
    let pending = Pending::from_json(&row.parameters).map_err(PageError::internal)?;
    if let Some(device) = &pending.device {
        return device::advance(&visit, &id, &row, &pending, device).await;
    }
    let checked =
        match request::check_again(&visit.core, &visit.state, pending.request, row.pushed.clone()).await? {
            Ok(checked) => checked,
            Err(refused) => return refused.answer(&visit.core, visit.locale),
        };
    match advance(&visit, &checked, Some(Waiting { id: &id, row: &row })).await? {
        Ok(response) => Ok(response),
        Err(detour) => Ok(lead(&id, detour)),
    }
}

/// Decides and obeys: an answer for the client, or a page that must come first. Whoever signs out or withdraws at the
/// same moment is decided about again, as they are then.
// I1, S37
async fn advance(
    visit: &Visit,
    checked: &Checked,
    waiting: Option<Waiting<'_>>,
) -> Result<Result<HttpResponse, Detour>, PageError> {
    let now = visit.core.now();
    let row = waiting.as_ref().map(|waiting| waiting.row);
    let interaction = waiting.as_ref().map(|waiting| waiting.id);
    let mut signed_in = visit.signed_in.as_ref();
    loop {
        let decision = match situation::read(&visit.core, checked, signed_in, row).await? {
            Ok(facts) => {
                let received_at = row.map_or(now, |row| row.created_at);
                decide(&checked.valid, &facts.situation(&checked.client, received_at, now))
            }
            Err(error) => Decision::Refuse(error),
        };
        let journey = Journey { visit, signed_in, checked, now, interaction };
        match act::obey(&journey, decision).await? {
            Step::Answer(response) => return Ok(Ok(response)),
            Step::Detour(detour) => return Ok(Err(detour)),
            Step::Lost(Lost::Session) => signed_in = None,
            Step::Lost(Lost::Consent) => {}
        }
    }
}

/// A request that had to wait for its person.
struct Waiting<'a> {
    id: &'a InteractionId,
    row: &'a Interaction,
}

/// The interaction, for the browser that began it; the first that opens one that came by POST becomes that
/// browser.
// S28
async fn find(core: &Core, id: &InteractionId, browser: &Browser) -> Result<Interaction, PageError> {
    let (digest, own) = (id.digest(), browser.digest());
    let found = core.store.interaction_of_any_browser(&digest, core.now()).await?;
    let Some(interaction) = found else { return Err(PageError::bad_request(Message::InteractionExpired)) };
    let mine = interaction.browser == own
        || (interaction.browser.is_empty()
            && core.store.bind_interaction(&digest, &own, core.now() + core.limits.interaction).await?);
    if mine { Ok(interaction) } else { Err(PageError::forbidden(Message::InteractionForeign)) }
}

async fn store_request(core: &Core, checked: &Checked, browser: Vec<u8>) -> Result<InteractionId, PageError> {
    let id = InteractionId::new(&core.random.secret());
    let now = core.now();
    let pending = Pending::new(checked.request.clone(), &checked.valid);
    let interaction = Interaction {
        digest: id.digest().into(),
        client_id: checked.client.id.clone(),
        parameters: pending.to_json().map_err(PageError::internal)?,
        consented: None,
        denied: false,
        created_at: now,
        expires_at: now + if browser.is_empty() { UNOPENED } else { core.limits.interaction },
        browser,
        pushed: checked.pushed.clone(),
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
