//! `POST /account/password`: a new password. The other sessions end and every grant is revoked (S37).

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::RETRY_AFTER},
    web::Data,
};
use keyring::{Passwords, Secret, WeakPassword};
use store::audit::AuditRow;
use views::Message;
use web::{Browser, Core, PageError, Params, Posted, SignedIn, form::FromParams, session};

use crate::{
    State,
    device::{self, Device},
    overview::{Account, done},
    throttle::Trial,
};

pub struct Change {
    current: Secret,
    new: Secret,
    repeat: Secret,
}

impl FromParams for Change {
    fn from_params(params: &Params) -> Option<Change> {
        let secret = |name| params.get(name).map(Secret::new);
        Some(Change { current: secret("current")?, new: secret("new")?, repeat: secret("repeat")? })
    }
}

pub async fn change(
    core: Data<Core>,
    state: Data<State>,
    request: HttpRequest,
    browser: Browser,
    person: SignedIn,
    form: Posted<Change>,
) -> Result<HttpResponse, PageError> {
    let refusal = match refusal(&core, &person, &form).await? {
        None => return accept(&core, &request, &person, &form.new).await,
        Some(refusal) => refusal,
    };
    let page = Account::refused(refusal.message()).with_status(refusal.status());
    let mut answer = page.answer(&core, &state, &request, &browser, &person).await?;
    refusal.finish(&mut answer);
    Ok(answer)
}

/// Why somebody who is signed in may not do what asks for their password.
pub enum Refusal {
    Because(Message),
    /// Seconds.
    Slowed(u64),
}

impl Refusal {
    pub fn message(&self) -> Message {
        match *self {
            Refusal::Because(message) => message,
            Refusal::Slowed(seconds) => Message::SignInSlowed { seconds },
        }
    }

    /// The page that says it.
    pub fn answer(&self, page: String) -> HttpResponse {
        let mut answer = web::page(self.status(), page, None);
        self.finish(&mut answer);
        answer
    }

    fn status(&self) -> StatusCode {
        match self {
            Refusal::Because(_) => StatusCode::BAD_REQUEST,
            Refusal::Slowed(_) => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    fn finish(&self, answer: &mut HttpResponse) {
        if let Refusal::Slowed(seconds) = *self {
            answer.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
    }
}

async fn refusal(core: &Core, person: &SignedIn, form: &Change) -> Result<Option<Refusal>, PageError> {
    let because = |message| Ok(Some(Refusal::Because(message)));
    if form.new.expose() != form.repeat.expose() {
        return because(Message::PasswordsDiffer);
    }
    if let Err(weak) = Passwords::check(&form.new) {
        return because(message(weak));
    }
    prove(core, person, &form.current).await
}

/// Whether somebody who is signed in knows their password. Somebody at an unlocked screen must not guess for ever either.
pub async fn prove(core: &Core, person: &SignedIn, current: &Secret) -> Result<Option<Refusal>, PageError> {
    let trial = Trial::by_signed_in(&person.user.id, &person.session.sid);
    if let Some(seconds) = trial.begin(&core.store, core.now()).await? {
        return Ok(Some(Refusal::Slowed(seconds)));
    }
    match core.passwords.verify(current, person.user.password_hash.as_deref()).await {
        Ok(true) => {
            trial.succeed(&core.store).await?;
            Ok(None)
        }
        Ok(false) => Ok(Some(Refusal::Because(Message::PasswordWrong))),
        Err(busy) => {
            trial.never_happened(&core.store).await?;
            Err(busy.into())
        }
    }
}

/// This browser goes on in a session of its own with a new id (S34); every other one has to sign in again.
async fn accept(
    core: &Core,
    request: &HttpRequest,
    person: &SignedIn,
    new: &Secret,
) -> Result<HttpResponse, PageError> {
    let hash = core.passwords.hash(new).await?;
    let now = core.now();
    core.store.set_password(&person.user.id, hash, Some(&person.session.sid), now).await?;
    let (_, cookie) = session::begin(core, request, &person.user.id, &person.session.amr).await?;
    core.store
        .record(AuditRow {
            id: core.random.id(),
            at: now,
            actor: Some(person.user.id.clone()),
            action: "user.password_changed".into(),
            subject: person.user.id.clone(),
            detail: "{}".into(),
        })
        .await?;
    let mut answer = done(Message::PasswordChanged);
    answer.add_cookie(&cookie).map_err(PageError::internal)?;
    // The old mark of this browser is void with the old password.
    if let Some(user) = core.store.user(&person.user.id).await? {
        let device = device::cookie(core, Device::of(core, request), &user);
        answer.add_cookie(&device).map_err(PageError::internal)?;
    }
    Ok(answer)
}

/// Why a new password is refused, to the person who chose it.
pub fn message(weak: WeakPassword) -> Message {
    match weak {
        WeakPassword::TooShort => Message::PasswordTooShort,
        WeakPassword::TooLong => Message::PasswordTooLong,
        WeakPassword::Nul => Message::PasswordForbidden,
        WeakPassword::Common => Message::PasswordCommon,
    }
}
