//! RP-initiated logout: `/oauth2/logout` by GET and POST, and the page where it ends.
//! <https://openid.net/specs/openid-connect-rpinitiated-1_0.html>

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web::Data};
use protocol::{
    Client,
    logout::{Decision, Hint, LogoutRequest, Situation, decide},
};
use views::{LogoutPage, Message, PersonCard, SignedOutPage};
use web::{
    Browser, Core, Form, Language, MaybeSignedIn, PageError, Query, SignedIn, form::check_posted, paths,
};

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
    let signed_in = signed_in.into_inner();
    let facts = Facts::read(&core, &request, signed_in).await?;
    match decide(&request, &facts.situation(false)) {
        Decision::Ask => Ok(web::html(page(&core, &request, &facts, &browser).await?.render(language.0))),
        decision => obey(&core, facts.signed_in.as_ref(), decision).await,
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
) -> Result<HttpResponse, web::Refused> {
    if form.0.get(ANSWER).is_none() {
        let request = parse(form.0.pairs())?;
        let there = protocol::authorization::with_query(paths::LOGOUT, &request.fields());
        return Ok(web::next::see_other(&there));
    }
    check_posted(&http, &form.0)?;
    let request = parse(form.0.pairs())?;
    let facts = Facts::read(&core, &request, signed_in.into_inner()).await?;
    Ok(obey(&core, facts.signed_in.as_ref(), decide(&request, &facts.situation(true))).await?)
}

/// Where a person lands whom no client takes back.
pub async fn signed_out(language: Language) -> HttpResponse {
    web::html(SignedOutPage { sign_in: paths::LOGIN.to_owned() }.render(language.0))
}

/// Read once, borrowed by the decision.
struct Facts {
    hint: Option<(String, String)>,
    client: Option<Arc<Client>>,
    signed_in: Option<SignedIn>,
}

impl Facts {
    async fn read(
        core: &Core,
        request: &LogoutRequest,
        signed_in: Option<SignedIn>,
    ) -> Result<Self, PageError> {
        // A hint that does not verify is no hint: we ask. S98
        let hint = match request.id_token_hint.as_deref() {
            Some(jwt) => core.id_token_hint(jwt).await?,
            None => None,
        };
        let hint =
            hint.and_then(|hint| hint.aud.iter().next().map(|client| (hint.sub.clone(), client.to_owned())));
        let named = hint.as_ref().map(|(_, client)| client.as_str()).or(request.client_id.as_deref());
        let client = match named {
            Some(id) => core.store.client(id).await?,
            None => None,
        };
        Ok(Self { hint, client, signed_in })
    }

    fn situation(&self, confirmed: bool) -> Situation<'_> {
        Situation {
            hint: self.hint.as_ref().map(|(subject, client_id)| Hint { subject, client_id }),
            client: self.client.as_deref(),
            signed_in: self.signed_in.as_ref().map(|person| person.user.id.as_str()),
            confirmed,
        }
    }
}

fn parse(pairs: &[(String, String)]) -> Result<LogoutRequest, PageError> {
    LogoutRequest::parse(pairs).map_err(|error| PageError::oauth(Message::LogoutRequestInvalid, error))
}

async fn obey(
    core: &Core,
    signed_in: Option<&SignedIn>,
    decision: Decision,
) -> Result<HttpResponse, PageError> {
    let to = match decision {
        Decision::Refuse(error) => return Err(PageError::oauth(Message::LogoutRequestInvalid, error)),
        Decision::Ask => return Err(PageError::internal("a confirmed logout asked again")),
        Decision::SignOut { to } => to,
    };
    if let Some(person) = signed_in {
        core.store.end_session(&person.session.sid, core.now()).await?;
    }
    let mut response = web::next::see_other(to.as_deref().unwrap_or(paths::SIGNED_OUT));
    response.add_cookie(&web::session::removal(core)).map_err(PageError::internal)?;
    Ok(response)
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
