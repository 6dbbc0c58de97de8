//! `/account/tokens`: tokens that people make for themselves. A token is shown in the one answer to the form that made it;
//! whoever makes one proves once more who they are, since it outlives the session.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::LOCATION},
    web::Data,
};
use keyring::Secret;
use protocol::{Micros, SECOND, Scopes, day};
use store::{
    audit::AuditRow,
    personal_tokens::{Made, PersonalToken},
};
use views::{Message, TokenCard, TokenForm, TokensPage};
use web::{
    Browser, Core, Language, PageError, Params, Posted, Query, SignedIn, form::FromParams, paths, personal,
};

use crate::{
    name,
    password::{self, Refusal},
};

const DAY: Micros = 86_400 * SECOND;
/// The last day that the form proposes.
const PROPOSED: Micros = 90 * DAY;

pub async fn show(
    core: Data<Core>,
    request: HttpRequest,
    browser: Browser,
    Query(query): Query,
    person: SignedIn,
) -> Result<HttpResponse, PageError> {
    let revoked = query.filled("done") == Some(Message::PersonalTokenRevoked.key());
    let page = Tokens { notice: revoked.then_some(Message::PersonalTokenRevoked), ..Tokens::default() };
    page.answer(&core, &request, &browser, &person).await
}

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Wish {
    name: String,
    scopes: Scopes,
    ends: String,
    current: Secret,
}

impl FromParams for Wish {
    fn from_params(params: &Params) -> Option<Wish> {
        let offered = |scope: &&str| personal::SCOPES.contains(scope);
        let chosen = params.pairs().iter().filter(|(name, _)| name == "scopes");
        Some(Wish {
            name: params.get("name")?.to_owned(),
            scopes: chosen.map(|(_, scope)| scope.as_str()).filter(offered).collect(),
            ends: params.get("ends")?.trim().to_owned(),
            current: Secret::new(params.get("current")?),
        })
    }
}

pub async fn make(
    core: Data<Core>,
    request: HttpRequest,
    browser: Browser,
    person: SignedIn,
    form: Posted<Wish>,
) -> Result<HttpResponse, PageError> {
    let secret = personal::generate(&core.random);
    let page = match token(&core, &person, &form, &secret) {
        Err(message) => Tokens::refused(&form, Refusal::Because(message)),
        Ok(token) => match password::prove(&core, &person, &form.current).await? {
            Some(refusal) => Tokens::refused(&form, refusal),
            None => {
                let name = token.name.clone();
                let entry = entry(&core, &person, "token.made", &token.id, &token.scopes.to_string());
                let most = core.limits.personal_tokens;
                match core.store.insert_personal_token(token, &person.session.sid, most, entry).await? {
                    Made::Made => Tokens {
                        notice: Some(Message::PersonalTokenMade),
                        made: Some((name, secret)),
                        ..Tokens::default()
                    },
                    Made::TooMany => {
                        let most = u64::try_from(most).unwrap_or(0);
                        Tokens::refused(&form, Refusal::Because(Message::PersonalTokensFull { most }))
                    }
                    Made::SessionOver => {
                        let error = PageError::new(StatusCode::SEE_OTHER, Message::SignInRequired);
                        return Err(error.with_header(LOCATION, paths::LOGIN));
                    }
                }
            }
        },
    };
    page.answer(&core, &request, &browser, &person).await
}

pub async fn revoke(core: Data<Core>, person: SignedIn, form: Posted) -> Result<HttpResponse, PageError> {
    let id = form.filled("id").ok_or_else(|| PageError::bad_request(Message::InvalidRequest))?;
    let entry = entry(&core, &person, "token.revoked", id, "");
    // Revoked twice, or swept meanwhile: it does not work any more.
    core.store.revoke_personal_token(id, &person.user.id, entry).await?;
    let place = format!("{}?done={}", paths::ACCOUNT_TOKENS, Message::PersonalTokenRevoked.key());
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, place)).finish())
}

/// The row of the token that is asked for, or what is wrong with the wish.
fn token(core: &Core, person: &SignedIn, wish: &Wish, secret: &Secret) -> Result<PersonalToken, Message> {
    let now = core.now();
    let name = name::normalised(&wish.name).ok_or(Message::NameInvalid)?;
    if wish.scopes.is_empty() {
        return Err(Message::PersonalTokenScopes);
    }
    let (first, last) = days(core, now);
    let day = day::parse_date(&wish.ends).filter(|day| (first..=last).contains(day));
    let day = day.ok_or(Message::PersonalTokenEnd)?;
    Ok(PersonalToken {
        id: core.random.id(),
        digest: secret.digest().to_vec(),
        user_id: person.user.id.clone(),
        name,
        scopes: wish.scopes.clone(),
        created_at: now,
        expires_at: (day + DAY).min(now + core.limits.personal_token_max),
        last_used_at: None,
    })
}

/// The first and the last day that may be a token's last.
fn days(core: &Core, now: Micros) -> (Micros, Micros) {
    let whole = |at: Micros| at.div_euclid(DAY) * DAY;
    let first = whole(now);
    (first, first.max(whole(now + core.limits.personal_token_max) - DAY))
}

fn entry(core: &Core, person: &SignedIn, action: &str, token: &str, scopes: &str) -> AuditRow {
    AuditRow {
        id: core.random.id(),
        at: core.now(),
        actor: Some(person.user.id.clone()),
        action: action.into(),
        subject: person.user.id.clone(),
        detail: serde_json::json!({ "token": token, "scopes": scopes }).to_string(),
    }
}

/// The page, and what to say on it.
#[derive(Default)]
struct Tokens {
    notice: Option<Message>,
    problem: Option<Refusal>,
    made: Option<(String, Secret)>,
    /// What was filled in, to be put right.
    wish: Option<Wish>,
}

impl Tokens {
    fn refused(wish: &Wish, problem: Refusal) -> Tokens {
        Tokens { problem: Some(problem), wish: Some(wish.clone()), ..Tokens::default() }
    }

    async fn answer(
        self,
        core: &Core,
        request: &HttpRequest,
        browser: &Browser,
        person: &SignedIn,
    ) -> Result<HttpResponse, PageError> {
        let now = core.now();
        let tokens = core.store.personal_tokens(&person.user.id, now).await?;
        let off = core.limits.personal_tokens == 0;
        let room = i64::try_from(tokens.len()).is_ok_and(|living| living < core.limits.personal_tokens);
        let page = TokensPage {
            csrf: browser.csrf(),
            tokens: tokens.into_iter().map(card).collect(),
            made: self.made.map(|(name, secret)| (name, secret.expose().to_owned())),
            form: room.then(|| form(core, self.wish, now)),
            off,
            email: person.user.email.clone(),
            notice: self.notice,
            problem: self.problem.as_ref().map(Refusal::message),
            sign_out: paths::LOGOUT.to_owned(),
        };
        let page = page.render(Language::of(request).0);
        match &self.problem {
            None => Ok(web::page(StatusCode::OK, page, None)),
            Some(refusal) => Ok(refusal.answer(page)),
        }
    }
}

fn card(token: PersonalToken) -> TokenCard {
    TokenCard {
        id: token.id,
        name: token.name,
        scopes: token.scopes.iter().map(str::to_owned).collect(),
        created_at: token.created_at,
        last_used_at: token.last_used_at,
        ends_at: token.expires_at - 1,
    }
}

fn form(core: &Core, wish: Option<Wish>, now: Micros) -> TokenForm {
    let (first_day, last_day) = days(core, now);
    let (name, chosen, ends) = match wish {
        Some(wish) => (wish.name, wish.scopes, wish.ends),
        None => {
            let proposed = day::iso_date(last_day.min(first_day + PROPOSED));
            (String::new(), std::iter::once("profile").collect(), proposed)
        }
    };
    let scopes = personal::SCOPES.map(|scope| (scope.to_owned(), chosen.contains(scope))).to_vec();
    TokenForm { name, scopes, ends, first_day, last_day }
}
