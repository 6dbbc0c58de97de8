//! Signed-in people: `SignedIn` is an argument type, not an `if` (STYLE 4).

use actix_web::cookie::{Cookie, time::Duration};
use actix_web::http::StatusCode;
use actix_web::http::header::{LOCATION, USER_AGENT};
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use futures_util::future::LocalBoxFuture;
use protocol::{Micros, SECOND};
use store::StoreError;
use store::sessions::Session;
use store::users::User;
use views::Message;

use crate::{ApiError, Class, Core, PageError, Refused, browser, paths, session_state};

/// A session's `seen_at` moves at most this often.
const SEEN_EVERY: Micros = 5 * 60 * SECOND;

/// An active person in a living session. Without one: pages lead to the sign-in page, the API says 401.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub user: User,
    pub session: Session,
}

/// The same where both ways are fine.
#[derive(Clone, Debug)]
pub struct MaybeSignedIn(pub Option<SignedIn>);

impl MaybeSignedIn {
    pub fn into_inner(self) -> Option<SignedIn> {
        self.0
    }
}

impl FromRequest for MaybeSignedIn {
    type Error = Refused;
    type Future = LocalBoxFuture<'static, Result<Self, Refused>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let core = Core::of(&request)?;
            let found = current(core, &request).await.map_err(|error| Refused::store(&request, error))?;
            Ok(MaybeSignedIn(found))
        })
    }
}

impl FromRequest for SignedIn {
    type Error = Refused;
    type Future = LocalBoxFuture<'static, Result<Self, Refused>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let core = Core::of(&request)?;
            let found = current(core, &request).await.map_err(|error| Refused::store(&request, error))?;
            found.ok_or_else(|| sign_in_first(&request))
        })
    }
}

/// A fresh session for a person who just proved who they are, and its cookie. The session that this browser had dies
/// in the same transaction (S34).
pub async fn begin(
    core: &Core,
    request: &HttpRequest,
    user_id: &str,
    amr: &str,
) -> Result<(Session, Cookie<'static>), StoreError> {
    let (secret, now) = (core.random.secret(), core.now());
    let agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let session = Session {
        digest: secret.digest().to_vec(),
        sid: core.random.id(),
        user_id: user_id.to_owned(),
        auth_time: now,
        amr: amr.to_owned(),
        user_agent: agent.chars().take(256).collect(),
        created_at: now,
        seen_at: now,
        expires_at: now + core.limits.session_max,
    };
    let replaces = digest(core, request).map(|digest| digest.to_vec());
    let session = core.store.begin_session(session, replaces).await?;
    session_state::align(core, request, Some(&session));
    let max_age = Duration::seconds(core.limits.session_max / SECOND);
    let cookie = browser::cookie(&core.site, core.site.session_cookie(), secret.expose(), max_age);
    Ok((session, cookie))
}

/// The cookies that take away what the browser has of a session. End the session itself first: see
/// `Store::end_session`.
pub fn removal(core: &Core) -> [Cookie<'static>; 2] {
    let own = browser::cookie(&core.site, core.site.session_cookie(), "", Duration::ZERO);
    [own, session_state::removal(core)]
}

/// What the database knows this request's session cookie by, living or not.
pub fn digest(core: &Core, request: &HttpRequest) -> Option<[u8; 32]> {
    let cookie = request.cookie(core.site.session_cookie())?;
    // > value >= 128 bit random; anything else was not made by us.
    (cookie.value().len() == 43).then(|| keyring::digest(cookie.value().as_bytes()))
}

/// The session of this request, idle and absolute end checked by the clock that all nodes share (S35).
async fn current(core: &Core, request: &HttpRequest) -> Result<Option<SignedIn>, StoreError> {
    let Some(digest) = digest(core, request) else { return Ok(None) };
    let now = core.now();
    let found = core.store.session(&digest, core.limits.session_idle, now).await?;
    session_state::align(core, request, found.as_ref().map(|(session, _)| session));
    let Some((session, user)) = found else { return Ok(None) };
    if session.seen_at + SEEN_EVERY < now {
        core.store.see_session(&digest, now).await?;
    }
    Ok(Some(SignedIn { user, session }))
}

fn sign_in_first(request: &HttpRequest) -> Refused {
    match Class::of(request.path()) {
        Class::Page | Class::Account => {
            let error = PageError::new(StatusCode::SEE_OTHER, Message::SignInRequired);
            Refused::Page(error.with_header(LOCATION, paths::LOGIN))
        }
        Class::Api | Class::OAuth | Class::Metadata | Class::Static | Class::Health => {
            let status = StatusCode::UNAUTHORIZED;
            Refused::Api(ApiError::new(status, "sign_in_required", Message::SignInRequired))
        }
    }
}
