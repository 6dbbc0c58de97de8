//! RP-initiated logout: `/oauth2/logout` by GET and POST, and the page where it ends.
//! <https://openid.net/specs/openid-connect-rpinitiated-1_0.html>
//!
//! - [`facts`]: what the decision depends on. [`farewell`]: the end of the session, and who hears of it.
//! - [`check_session`]: the frame by which clients notice without being told.

mod check_session;
mod facts;
mod farewell;

pub use check_session::check_session;

use actix_web::{HttpRequest, HttpResponse, web::Data};
use protocol::logout::{Decision, LogoutRequest, decide};
use views::{LogoutPage, Message, PersonCard, SignedOutPage};
use web::{Browser, Core, Form, Language, MaybeSignedIn, PageError, Query, form::check_posted, paths};

use self::facts::Facts;

/// The button of our own form; a client has no such parameter.
const ANSWER: &str = "answer";

pub async fn get(
    core: Data<Core>,
    query: Query,
    browser: Browser,
    signed_in: MaybeSignedIn,
    language: Language,
) -> Result<HttpResponse, PageError> {
    let request = parse(query.0.pairs())?;
    let facts = Facts::read(&core, &request, signed_in.into_inner()).await?;
    match decide(&request, &facts.situation(false)) {
        Decision::Ask => Ok(web::html(page(&core, &request, &facts, &browser).await?.render(language.0))),
        decision => obey(&core, &facts, decision, language).await,
    }
}

/// A client's POST carries no cookie of ours and is only led to the GET; the POST of our own page proves that
/// it is one.
// S36, S45, S99
pub async fn post(
    http: HttpRequest,
    core: Data<Core>,
    form: Form,
    signed_in: MaybeSignedIn,
    language: Language,
) -> Result<HttpResponse, web::Refused> {
    if form.0.get(ANSWER).is_none() {
        let request = parse(form.0.pairs())?;
        let there = protocol::authorization::with_query(paths::LOGOUT, &request.fields());
        return Ok(web::next::see_other(&there));
    }
    check_posted(&http, &form.0)?;
    let request = parse(form.0.pairs())?;
    let facts = Facts::read(&core, &request, signed_in.into_inner()).await?;
    Ok(obey(&core, &facts, decide(&request, &facts.situation(true)), language).await?)
}

/// Where a person lands whom no client takes back.
pub async fn signed_out(language: Language) -> HttpResponse {
    let page = SignedOutPage { sign_in: paths::LOGIN.to_owned(), ..SignedOutPage::default() };
    web::html(page.render(language.0))
}

fn parse(pairs: &[(String, String)]) -> Result<LogoutRequest, PageError> {
    LogoutRequest::parse(pairs).map_err(|error| PageError::oauth(Message::LogoutRequestInvalid, error))
}

async fn obey(
    core: &Core,
    facts: &Facts,
    decision: Decision,
    language: Language,
) -> Result<HttpResponse, PageError> {
    match decision {
        Decision::Refuse(error) => Err(PageError::oauth(Message::LogoutRequestInvalid, error)),
        Decision::Ask => Err(PageError::internal("a confirmed logout asked again")),
        Decision::SignOut { to } => farewell::sign_out(core, facts.signed_in.as_ref(), to, language.0).await,
    }
}

async fn page(
    core: &Core,
    request: &LogoutRequest,
    facts: &Facts,
    browser: &Browser,
) -> Result<LogoutPage, PageError> {
    let profile = match &facts.signed_in {
        Some(person) => core.store.profile(&person.user.id).await?,
        None => None,
    };
    let fields = request.fields();
    Ok(LogoutPage {
        csrf: browser.csrf(),
        action: paths::LOGOUT.to_owned(),
        fields: fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        client: facts.client.as_ref().map(|client| client.name.clone()),
        person: profile.map(|profile| PersonCard {
            photo: core.pictures.own(&profile),
            name: profile.user.name.unwrap_or_default(),
            email: profile.user.email,
        }),
        stay: paths::ACCOUNT.to_owned(),
    })
}
