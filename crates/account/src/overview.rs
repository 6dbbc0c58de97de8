//! `GET /account`: one's name, photo, applications and password.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::LOCATION},
    web::Data,
};
use protocol::Micros;
use store::{pictures::Picture, users::User};
use views::{AccountPage, ConnectedApplication, EarlierPhoto, Locale, Message};
use web::{Browser, Core, Language, PageError, Query, SignedIn, paths, preview};

use crate::{State, cards};

/// What a form may have to say after its redirect: `/account?done=photo-updated`, `/account?problem=photo-broken`.
/// Only these sentences: a link from elsewhere cannot put others on the page.
const NOTICES: [Message; 8] = [
    Message::PhotoDiscarded,
    Message::PhotoUpdated,
    Message::PhotoDeleted,
    Message::PhotoRestored,
    Message::AltTextSaved,
    Message::NameUpdated,
    Message::PasswordChanged,
    Message::ApplicationWithdrawn,
];
const PROBLEMS: [Message; 17] = [
    Message::PictureUploadNotFound,
    Message::AltTextTooLong,
    Message::UploadsBlocked,
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
    Message::TooManyRequests { seconds: 60 },
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
        other => other.after(query.get("seconds")),
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
        let photo = Photo::of(core, &profile.user).await?;
        let locale = Language::of(request).0;
        let page = AccountPage {
            csrf: browser.csrf(),
            person: cards::person(core, &profile, 96),
            has_photo: profile.portrait.is_some(),
            photo_alt: photo.alt,
            photo_max_bytes: state.photo_max_bytes,
            waiting: photo.waiting,
            earlier: photo.earlier,
            removed: photo.removed,
            blocked: photo.blocked,
            applications: applications(core, &person.user.id, locale).await?,
            tokens: core.store.personal_tokens(&person.user.id, core.now()).await?.len(),
            is_admin: profile.user.is_admin,
            notice: self.notice,
            problem: self.problem,
            sign_out: paths::LOGOUT.to_owned(),
        };
        Ok(web::page(self.status, page.render(locale), None))
    }
}

/// What the page says of the photo beside showing it.
struct Photo {
    alt: String,
    waiting: Option<EarlierPhoto>,
    earlier: Vec<EarlierPhoto>,
    removed: Option<(String, Micros)>,
    blocked: Option<String>,
}

impl Photo {
    async fn of(core: &Core, user: &User) -> Result<Photo, PageError> {
        let current = match &user.picture_id {
            Some(id) => core.store.picture(id).await?,
            None => None,
        };
        let (kept, removed) = core.store.earlier_photos(&user.id).await?;
        // Told until another photo is there.
        let removed = removed.filter(|_| current.is_none()).and_then(|picture| {
            picture.removed_reason.zip(picture.superseded_at.or(Some(picture.uploaded_at)))
        });
        let blocked = core.store.photo_block(&user.id).await?.map(|block| block.reason);
        // Sharp on dense screens.
        let shown = |picture: Picture, side: u32| EarlierPhoto {
            url: preview::url(core, &picture, 2 * side),
            id: picture.id,
            alt: picture.caption.unwrap_or_default(),
            uploaded_at: picture.uploaded_at,
        };
        let waiting = core.store.unconfirmed_photo(&user.id).await?;
        Ok(Photo {
            alt: current.and_then(|picture| picture.caption).unwrap_or_default(),
            waiting: waiting.map(|picture| shown(picture, 192)),
            earlier: kept.into_iter().map(|picture| shown(picture, 96)).collect(),
            removed,
            blocked,
        })
    }
}

/// Back to the page, with a sentence on it; 303, so that a reload does nothing twice.
pub fn done(message: Message) -> HttpResponse {
    let location = format!("{}?done={}", paths::ACCOUNT, message.key());
    HttpResponse::SeeOther().insert_header((LOCATION, location)).finish()
}

async fn applications(
    core: &Core,
    user_id: &str,
    locale: Locale,
) -> Result<Vec<ConnectedApplication>, PageError> {
    let mut applications = Vec::new();
    for connection in core.store.connections(user_id, core.now()).await? {
        let Some(client) = core.store.client(&connection.client_id).await? else { continue };
        applications.push(ConnectedApplication {
            client: cards::registered_client(core, &client, locale),
            client_id: connection.client_id,
            scopes: connection.scopes.iter().map(str::to_owned).collect(),
            since: connection.since,
        });
    }
    Ok(applications)
}
