//! `GET` and `POST /login`: a person proves who they are, for a waiting request or for their own account.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::RETRY_AFTER},
    web::Data,
};
use keyring::Secret;
use protocol::Micros;
use store::users::User;
use views::{LoginPage, Message};
use web::{
    Browser, Core, Language, MaybeSignedIn, Next, PageError, Params, Peer, Posted, Query, SignedIn,
    form::FromParams, paths, session,
};

use crate::{cards, device, device::Device, email, throttle::Trial, waiting::Waiting};

/// How the person of this module signs in, as RFC 8176 calls it.
const AMR: &str = "pwd";

pub struct Credentials {
    username: String,
    password: Secret,
}

impl FromParams for Credentials {
    fn from_params(params: &Params) -> Option<Credentials> {
        let username = email::normalised(params.get("username")?);
        Some(Credentials { username, password: Secret::new(params.get("password")?) })
    }
}

pub async fn show(
    core: Data<Core>,
    request: HttpRequest,
    browser: Browser,
    Query(query): Query,
    signed_in: MaybeSignedIn,
) -> Result<HttpResponse, PageError> {
    let waiting = Waiting::named(&core, &browser, &query).await?;
    match (&waiting, signed_in.into_inner()) {
        (None, Some(_)) => Ok(Next::Account.see_other()),
        (waiting, person) => {
            let form = Form { browser: &browser, waiting: waiting.as_ref(), person };
            Ok(form.page(&core, &request, form.first_guess(), None, StatusCode::OK).await?)
        }
    }
}

pub async fn submit(
    core: Data<Core>,
    request: HttpRequest,
    browser: Browser,
    Query(query): Query,
    signed_in: MaybeSignedIn,
    peer: Peer,
    credentials: Posted<Credentials>,
) -> Result<HttpResponse, PageError> {
    let waiting = Waiting::named(&core, &browser, &query).await?;
    let device = Device::of(&core, &request);
    let outcome = prove(&core, &credentials, &device, peer).await?;
    let (message, status, wait) = match outcome {
        Outcome::Proven(user) => {
            let next = waiting.map_or(Next::Account, |waiting| waiting.next());
            return welcome(&core, &request, &user, device, &next).await;
        }
        // > The server understood the request … If authentication credentials were provided in the request, the server
        // > considers them insufficient to grant access. The client … MAY repeat the request with new or different
        // > credentials. <https://www.rfc-editor.org/rfc/rfc9110#name-403-forbidden>
        Outcome::Wrong => (Message::SignInFailed, StatusCode::FORBIDDEN, None),
        Outcome::Slowed(seconds) => {
            (Message::SignInSlowed { seconds }, StatusCode::TOO_MANY_REQUESTS, Some(seconds))
        }
    };
    let form = Form { browser: &browser, waiting: waiting.as_ref(), person: signed_in.into_inner() };
    let mut answer = form.page(&core, &request, credentials.username.clone(), Some(message), status).await?;
    if let Some(seconds) = wait {
        answer.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    Ok(answer)
}

enum Outcome {
    Proven(Box<User>),
    /// Address unknown, password wrong, person disabled: nobody learns which (S42).
    Wrong,
    /// Not now; seconds.
    Slowed(u64),
}

/// The same steps and the same time for addresses that nobody has (S42).
async fn prove(core: &Core, given: &Credentials, device: &Device, peer: Peer) -> Result<Outcome, PageError> {
    let now: Micros = core.now();
    let user = core.store.user_by_email(&given.username).await?;
    let known = user.as_ref().and_then(|user| Some((user, device.knows(&core.ring, user)?)));
    let trial = match known {
        Some((user, device)) => Trial::by_known_browser(&user.id, device),
        None => Trial::by_stranger(&given.username, peer),
    };
    if let Some(seconds) = trial.begin(&core.store, now).await? {
        count("slowed");
        return Ok(Outcome::Slowed(seconds));
    }
    let hash = user.as_ref().and_then(|user| user.password_hash.as_deref());
    let right = match core.passwords.verify(&given.password, hash).await {
        Ok(right) => right,
        Err(busy) => {
            trial.never_happened(&core.store).await?;
            return Err(busy.into());
        }
    };
    match user {
        Some(user) if right && user.is_active => {
            trial.succeed(&core.store).await?;
            count("signed_in");
            Ok(Outcome::Proven(Box::new(user)))
        }
        Some(_) | None => {
            count("wrong");
            Ok(Outcome::Wrong)
        }
    }
}

/// A new session whatever the browser had before (S34), and 303 so that the password is not posted on (S25).
pub async fn welcome(
    core: &Core,
    request: &HttpRequest,
    user: &User,
    device: Device,
    next: &Next,
) -> Result<HttpResponse, PageError> {
    let (_, cookie) = session::begin(core, request, &user.id, AMR).await?;
    let mut answer = next.see_other();
    let device = device::cookie(core, device, user);
    answer.add_cookie(&cookie).map_err(PageError::internal)?;
    answer.add_cookie(&device).map_err(PageError::internal)?;
    Ok(answer)
}

/// What the page is about.
struct Form<'a> {
    browser: &'a Browser,
    waiting: Option<&'a Waiting>,
    /// Somebody is signed in and must prove it again.
    person: Option<SignedIn>,
}

impl Form<'_> {
    /// The same person when they sign in again, else what the client hints at (never trusted: it only fills a field).
    fn first_guess(&self) -> String {
        let Some(waiting) = self.waiting else { return String::new() };
        let pending = &waiting.pending;
        match &self.person {
            _ if pending.wants_account_choice() => String::new(),
            Some(person) => person.user.email.clone(),
            None => pending.login_hint().unwrap_or_default().chars().take(254).collect(),
        }
    }

    async fn page(
        &self,
        core: &Core,
        request: &HttpRequest,
        username: String,
        problem: Option<Message>,
        status: StatusCode,
    ) -> Result<HttpResponse, PageError> {
        let again = match &self.person {
            Some(person) if person.user.email == username => {
                Some(cards::person(core, &cards::profile(core, &person.user.id).await?, 44))
            }
            Some(_) | None => None,
        };
        let next = Next::of(self.waiting.map(|waiting| waiting.id.clone()));
        let locale = self.waiting.map_or(Language::of(request).0, |waiting| waiting.locale(request));
        let page = LoginPage {
            csrf: self.browser.csrf(),
            action: next.carried_by(paths::LOGIN),
            client: self.waiting.map(|w| cards::client(core, &w.client, w.pending.host(), locale)),
            cancel: next.interaction().map(|_| format!("{}?cancel=1", next.path())),
            username,
            again,
            problem,
        };
        let form_action = self.waiting.and_then(|waiting| waiting.pending.form_action());
        Ok(web::page(status, page.render(locale), form_action.as_deref()))
    }
}

fn count(outcome: &'static str) {
    metrics::counter!("visage_sign_ins_total", "outcome" => outcome).increment(1);
}
