//! The pages: a context each, as plain as it can be, and its template.
//! `data-page`, form ids, field and button names are fixed (CONTRACT §9): machines fill them in.

use askama::Template;

use crate::{ClientCard, Locale, Message, PersonCard, assets, words, words::Words};

macro_rules! page {
    ($page:ident, $template:ident, $file:literal) => {
        #[derive(Template)]
        #[template(path = $file)]
        struct $template<'a> {
            page: &'a $page,
            t: Words,
        }

        impl $page {
            /// The whole document.
            pub fn render(&self, locale: Locale) -> String {
                let template = $template { page: self, t: Words { locale } };
                // Writing into a String cannot fail; our templates return no errors of their own.
                template.render().unwrap_or_default()
            }
        }
    };
}

/// `GET /login`: form#login with `username`, `password`, `csrf`; a#cancel.
#[derive(Debug, Clone, Default)]
pub struct LoginPage {
    pub csrf: String,
    /// Where the form goes: `/login?interaction=ID`.
    pub action: String,
    /// The application that waits, if one does.
    pub client: Option<ClientCard>,
    /// Back to the client with `access_denied`.
    pub cancel: Option<String>,
    /// Prefilled address: the last try, `login_hint`, or the person who signs in again.
    pub username: String,
    /// The person of the session, when they have to prove it again.
    pub again: Option<PersonCard>,
    pub problem: Option<Message>,
}
page!(LoginPage, LoginTemplate, "login.html");

/// `GET /consent`: form#consent with buttons `decision` = `allow` | `deny`, `csrf`, and for administrators `for_everyone` = `yes`.
#[derive(Debug, Clone, Default)]
pub struct ConsentPage {
    pub csrf: String,
    pub action: String,
    pub client: ClientCard,
    /// The code of the device that waits: the person should see the same there.
    pub device: Option<String>,
    pub person: PersonCard,
    /// What is asked for, by name on the wire (`openid`, `profile`, …).
    pub scopes: Vec<String>,
    /// What is asked for in detail, in the person's language.
    pub details: Vec<String>,
    /// Addresses of the APIs of others that it is about.
    pub resources: Vec<String>,
    /// Some of the scopes were allowed before: more is asked for now.
    pub more: bool,
    /// The person is an administrator and may approve for everyone.
    pub may_approve_for_everyone: bool,
}
page!(ConsentPage, ConsentTemplate, "consent.html");

/// `GET /device`: form#device with `user_code`, the code that a device shows.
#[derive(Debug, Clone, Default)]
pub struct DevicePage {
    pub csrf: String,
    pub action: String,
    /// Prefilled: from the link that the device showed, or the last try.
    pub user_code: String,
    pub problem: Option<Message>,
}
page!(DevicePage, DeviceTemplate, "device.html");

/// `GET /device?done=…`: the person has answered, and goes back to the device.
#[derive(Debug, Clone, Copy, Default)]
pub struct DeviceDonePage {
    pub connected: bool,
}
page!(DeviceDonePage, DeviceDoneTemplate, "device-done.html");

/// `GET /oauth2/logout` where we ask: form#logout with a button `answer` = `yes`, `csrf`.
#[derive(Debug, Clone, Default)]
pub struct LogoutPage {
    pub csrf: String,
    pub action: String,
    /// Carried along as hidden fields, in order.
    pub fields: Vec<(String, String)>,
    /// Name of the client that sent the person here, if it is known.
    pub client: Option<String>,
    pub person: Option<PersonCard>,
    /// Where "stay signed in" goes.
    pub stay: String,
}
page!(LogoutPage, LogoutTemplate, "logout.html");

/// After signing out: where no client takes the person back, or while clients are told in frames.
/// The answering handler must allow the frames' origins in `frame-src`.
#[derive(Debug, Clone, Default)]
pub struct SignedOutPage {
    /// Where signing in starts again.
    pub sign_in: String,
    /// Front-channel logout: addresses of clients.
    pub frames: Vec<String>,
    /// Where the person goes when the frames are through: a#continue.
    pub onward: Option<String>,
}
page!(SignedOutPage, SignedOutTemplate, "signed-out.html");

/// The `check_session_iframe`: a script and nothing to see. It knows no language and no person.
pub fn check_session() -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Session</title>\
         <script src=\"{}\"></script></head><body data-page=\"check-session\"></body></html>\n",
        assets::path("check-session.js")
    )
}

/// Any problem that ends here instead of at the client.
#[derive(Debug, Clone)]
pub struct ErrorPage {
    /// HTTP status, shown small.
    pub status: u16,
    pub message: Message,
    /// For developers: the wire code (`invalid_request`) and what exactly was wrong, in English. Never an internal cause.
    pub code: Option<String>,
    pub detail: Option<String>,
    /// Finds the request in our log.
    pub request_id: Option<String>,
}
page!(ErrorPage, ErrorTemplate, "error.html");

/// `response_mode=form_post`: form#form-post goes to the client by POST, at once with JavaScript, by a button without.
/// The answering handler must allow the client's origin in `form-action`.
#[derive(Debug, Clone, Default)]
pub struct FormPostPage {
    /// The redirect URI, as registered.
    pub action: String,
    pub fields: Vec<(String, String)>,
    pub client: String,
}
page!(FormPostPage, FormPostTemplate, "form-post.html");

/// `GET /setup/{token}`: form#setup with `name`, `email`, `password`, `csrf` makes the first administrator.
#[derive(Debug, Clone, Default)]
pub struct SetupPage {
    pub csrf: String,
    pub action: String,
    pub name: String,
    pub email: String,
    pub problem: Option<Message>,
}
page!(SetupPage, SetupTemplate, "setup.html");

/// `GET /account`: the person's name, photo, password and connected applications; plain forms all.
///
/// form#photo (multipart: `csrf`, `alt_text`, then `photo`) to `/account/photo`, form#photo-remove to
/// `/account/photo/remove`, form#photo-alt (`alt_text`) to `/account/photo/alt`, a form.restore (`upload_id`) an earlier
/// photo to `/account/photo/restore`, form#photo-waiting (`upload_id`) one that waits to `/account/photo/confirm` or
/// `/account/photo/discard`,
/// form#name (`name`) to `/account/name`, form#password (`current`, `new`, `repeat`) to `/account/password`,
/// a form.withdraw (`client_id`) an application to `/account/applications/withdraw`.
#[derive(Debug, Clone, Default)]
pub struct AccountPage {
    pub csrf: String,
    pub person: PersonCard,
    /// The photo is the person's own: it can be removed.
    pub has_photo: bool,
    /// What is in the photo, in the person's words.
    pub photo_alt: String,
    pub photo_max_bytes: u64,
    /// One that was uploaded and not confirmed: the person left the page, or loaded it again.
    pub waiting: Option<EarlierPhoto>,
    /// Earlier photos that were kept, newest first.
    pub earlier: Vec<EarlierPhoto>,
    /// Why an administrator took the last photo away, and when (Unix microseconds).
    pub removed: Option<(String, i64)>,
    /// Why the person may not upload.
    pub blocked: Option<String>,
    pub applications: Vec<ConnectedApplication>,
    /// How many tokens of their own they have.
    pub tokens: usize,
    pub is_admin: bool,
    /// Something was done.
    pub notice: Option<Message>,
    /// Something was refused.
    pub problem: Option<Message>,
    pub sign_out: String,
}
page!(AccountPage, AccountTemplate, "account.html");

/// A photo that can be restored or confirmed.
#[derive(Debug, Clone, Default)]
pub struct EarlierPhoto {
    pub id: String,
    pub url: String,
    pub alt: String,
    /// Unix microseconds.
    pub uploaded_at: i64,
}

/// `GET /account/tokens`: the person's own access tokens. form#token (`name`, `scopes` for each scope, `ends`, `current`)
/// to the same path; a form.revoke (`id`) a token to `/account/tokens/revoke`.
#[derive(Debug, Clone, Default)]
pub struct TokensPage {
    pub csrf: String,
    pub tokens: Vec<TokenCard>,
    /// Just made: its name, and the token itself, this once.
    pub made: Option<(String, String)>,
    /// What is in the form; none where no more can be made.
    pub form: Option<TokenForm>,
    /// None are accepted here.
    pub off: bool,
    pub email: String,
    pub notice: Option<Message>,
    pub problem: Option<Message>,
    pub sign_out: String,
}
page!(TokensPage, TokensTemplate, "tokens.html");

/// A token as its person sees it. Times in Unix microseconds.
#[derive(Debug, Clone, Default)]
pub struct TokenCard {
    pub id: String,
    pub name: String,
    pub scopes: Vec<String>,
    pub created_at: i64,
    pub last_used_at: Option<i64>,
    /// Within its last day.
    pub ends_at: i64,
}

#[derive(Debug, Clone, Default)]
pub struct TokenForm {
    pub name: String,
    /// Every scope on offer, and whether it is chosen.
    pub scopes: Vec<(String, bool)>,
    /// The last day, and the first and the last that it may be: `2026-11-21`.
    pub ends: String,
    pub first_day: i64,
    pub last_day: i64,
}

impl TokenForm {
    fn iso(&self, day: &i64) -> String {
        protocol::day::iso_date(*day)
    }
}

/// A client that the person has let in.
#[derive(Debug, Clone, Default)]
pub struct ConnectedApplication {
    pub client_id: String,
    pub client: ClientCard,
    pub scopes: Vec<String>,
    /// Unix microseconds.
    pub since: i64,
}

impl ConsentPage {
    /// Name and photo go to the client with `profile`, the address with `email`.
    fn shares(&self, wanted: &str) -> bool {
        self.scopes.iter().any(|scope| scope == wanted)
    }
}

impl ErrorPage {
    /// Without anything for developers.
    pub fn new(status: u16, message: Message) -> ErrorPage {
        ErrorPage { status, message, code: None, detail: None, request_id: None }
    }

    fn title_key(&self) -> &'static str {
        match self.status {
            404 | 405 | 410 => "error-title-missing",
            429 | 503 => "error-title-slow",
            500..=599 => "error-title-server",
            _ => "error-title-request",
        }
    }
}

impl AccountPage {
    fn photo_hint(&self, t: &Words) -> String {
        t.with("account-photo-hint", "size", words::size(t.locale, self.photo_max_bytes))
    }

    /// What stands for the photo where it cannot be seen.
    fn portrait_alt(&self, t: &Words) -> String {
        if self.photo_alt.is_empty() { t.text("account-photo-of") } else { self.photo_alt.clone() }
    }

    fn too_large(&self, t: &Words) -> String {
        Message::PhotoTooLarge { max_bytes: self.photo_max_bytes }.text(t.locale)
    }
}

#[derive(Template)]
#[template(path = "tile.svg")]
struct Tile {
    initial: String,
    tint: u32,
}

impl ClientCard {
    /// For the tile that stands for a logo.
    pub(crate) fn initial(&self) -> String {
        self.name
            .chars()
            .find(|c| c.is_alphanumeric())
            .map(|c| c.to_uppercase().collect())
            .unwrap_or_default()
    }

    /// The tile as a picture of its own, for where a logo was expected.
    pub fn tile_svg(&self) -> String {
        Tile { initial: self.initial(), tint: self.tint() }.render().unwrap_or_default()
    }

    /// One of six colours, always the same for the same name.
    pub(crate) fn tint(&self) -> u32 {
        self.name.chars().fold(7, |sum: u32, c| sum.wrapping_mul(31).wrapping_add(u32::from(c))) % 6
    }
}

mod galleries;
pub use galleries::{
    GalleriesPage, GalleryCard, GalleryLimits, GalleryPage, NewGalleryPage, OrganizationCard,
    OrganizationPage, OwnerCard, PictureCard,
};

#[cfg(test)]
mod tests;
