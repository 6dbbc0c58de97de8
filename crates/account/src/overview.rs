//! `GET /account`: one's name, photo, applications and password.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::LOCATION},
    web::Data,
};
use views::{AccountPage, ConnectedApplication, Message};
use web::{Browser, Core, Language, PageError, Query, SignedIn, paths};

use crate::{State, cards};

/// What a form may have to say after its redirect: `/account?done=photo-updated`, `/account?problem=photo-broken`.
/// Only these sentences: a link from elsewhere cannot put others on the page.
const NOTICES: [Message; 5] = [
    Message::PhotoUpdated,
    Message::PhotoDeleted,
    Message::NameUpdated,
    Message::PasswordChanged,
    Message::ApplicationWithdrawn,
];
const PROBLEMS: [Message; 14] = [
    Message::PhotoMissing,
    Message::PhotoTooMany,
    Message::PhotoTooLarge { max_bytes: 0 },
    Message::PhotoTooSmall { pixels: 16 },
    Message::PhotoWrongType,
    Message::PhotoHeic,
    Message::PhotoBroken,
    Message::PhotoTooManyPixels,
    Message::PhotoCropInvalid,
    Message::PhotoBusy,
    Message::TooManyRequests { seconds: 0 },
    Message::Unavailable,
    Message::InvalidBody,
    Message::ServerError,
];

pub async fn show(
    core: Data<Core>,
    state: Data<State>,
    request: HttpRequest,
    browser: Browser,
    Query(query): Query,
    person: SignedIn,
) -> Result<HttpResponse, PageError> {
    let said = |name: &str, sayable: &[Message]| {
        let key = query.filled(name)?;
        sayable.iter().copied().find(|message| message.key() == key)
    };
    let problem = said("problem", &PROBLEMS).map(|problem| match problem {
        Message::PhotoTooLarge { .. } => Message::PhotoTooLarge { max_bytes: state.photo_max_bytes },
        Message::TooManyRequests { .. } => {
            let asked = query.get("seconds").and_then(|seconds| seconds.parse().ok());
            Message::TooManyRequests { seconds: asked.unwrap_or(60).clamp(1, 3600) }
        }
        other => other,
    });
    let page = Account { notice: said("done", &NOTICES), problem, status: StatusCode::OK };
    page.answer(&core, &state, &request, &browser, &person).await
}

/// The page, and what to say on it.
pub struct Account {
    notice: Option<Message>,
    problem: Option<Message>,
    status: StatusCode,
}

impl Account {
    /// A form was refused: the page again, with the reason.
    pub fn refused(problem: Message) -> Account {
        Account { notice: None, problem: Some(problem), status: StatusCode::BAD_REQUEST }
    }

    pub fn with_status(self, status: StatusCode) -> Account {
        Account { status, ..self }
    }

    pub async fn answer(
        self,
        core: &Core,
        state: &State,
        request: &HttpRequest,
        browser: &Browser,
        person: &SignedIn,
    ) -> Result<HttpResponse, PageError> {
        let profile = cards::profile(core, &person.user.id).await?;
        let page = AccountPage {
            csrf: browser.csrf(),
            person: cards::person(core, &profile, 96),
            has_photo: profile.portrait.is_some(),
            photo_max_bytes: state.photo_max_bytes,
            applications: applications(core, &person.user.id).await?,
            tokens: core.store.personal_tokens(&person.user.id, core.now()).await?.len(),
            is_admin: profile.user.is_admin,
            notice: self.notice,
            problem: self.problem,
            sign_out: paths::LOGOUT.to_owned(),
        };
        Ok(web::page(self.status, page.render(Language::of(request).0), None))
    }
}

/// Back to the page, with a sentence on it; 303, so that a reload does nothing twice.
pub fn done(message: Message) -> HttpResponse {
    let location = format!("{}?done={}", paths::ACCOUNT, message.key());
    HttpResponse::SeeOther().insert_header((LOCATION, location)).finish()
}

async fn applications(core: &Core, user_id: &str) -> Result<Vec<ConnectedApplication>, PageError> {
    let mut applications = Vec::new();
    for connection in core.store.connections(user_id, core.now()).await? {
        let Some(client) = core.store.client(&connection.client_id).await? else { continue };
        applications.push(ConnectedApplication {
            client: cards::registered_client(core, &client),
            client_id: connection.client_id,
            scopes: connection.scopes.iter().map(str::to_owned).collect(),
            since: connection.since,
        });
    }
    Ok(applications)
}
