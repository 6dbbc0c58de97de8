//! Every page that a person sees, and every sentence that a program may show to one.
//!
//! Context in, string out: a handler fills one plain struct (`LoginPage`, `ConsentPage`, …) and calls
//! `render(locale)`. Nothing here knows HTTP, the database or the clock.
//!
//! - [`Locale`] is the language of an answer, negotiated from `ui_locales`, then `Accept-Language`.
//! - [`Message`] is every short sentence that is not part of a page's fixed text: API errors, form problems, notices.
//! - [`pages`] holds the contexts, `templates/` their HTML, `translations/` the words (fluent, one file a language).
//! - [`assets`] are the style sheet, the modules and the pictures, embedded, under URLs that carry their hash.

pub mod assets;
mod locale;
mod message;
mod pages;
mod parts;
mod words;

pub use locale::Locale;
pub use message::Message;
pub use pages::{
    AccountPage, ConnectedApplication, ConsentPage, DeviceDonePage, DevicePage, EarlierPhoto, ErrorPage,
    FormPostPage, GalleriesPage, GalleryCard, GalleryLimits, GalleryPage, LoginPage, LogoutPage,
    NewGalleryPage, OrganizationCard, OrganizationPage, OwnerCard, PictureCard, SetupPage, SignedOutPage,
    TokenCard, TokenForm, TokensPage, check_session,
};
pub use parts::{ClientCard, PersonCard};
