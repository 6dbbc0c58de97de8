//! The actix glue that all rooms share. A handler here has three steps: extract, call one function, render.
//!
//! - [`core`]: what every handler may need, as `actix_web::web::Data<Core>`; [`clock`], [`site`], [`paths`], [`next`].
//! - Who asks: [`bearer`] (access tokens; [`access`]: what they stand for, cached), [`personal`] (tokens that people made for themselves), [`session`] (signed-in people), [`session_state`] (what clients' pages see of it), [`caller`] (either of them), [`browser`] (the browser's own cookie and
//!   the CSRF token that hangs on it), [`client_authentication`], [`dpop`] and [`certificate`] (who holds a key), [`peer`] (the client's address).
//! - What they send: [`form`] (ordered parameters, [`form::Posted`]), [`body`] and [`connection`]
//!   (deadlines for every body, and between requests).
//! - What they get: [`failure`] (errors to answers), [`answer`] (pages and JSON), [`headers`], [`pictures`], [`preview`], [`mod@claims`]
//!   (a person as standard claims).
//! - Whom we ask: [`outbound`] (requests to addresses that somebody else chose), [`client_keys`] (whose keys stand at such an
//!   address), [`network`].
//! - [`keys`]: our own keys from their rows; `encrypt`: answers that only a client shall read.
//! - [`hygiene`]: the one middleware around everything; [`endpoint`]: routes that know their methods.

pub mod access;
pub mod admin;
pub mod answer;
pub mod bearer;
pub mod body;
pub mod browser;
pub mod caller;
pub mod certificate;
pub mod claims;
pub mod class;
pub mod client_authentication;
pub mod client_document;
mod client_keys;
mod client_use;
pub mod clock;
pub mod connection;
pub mod core;
pub mod dpop;
mod encrypt;
pub mod endpoint;
pub mod failure;
pub mod form;
pub mod headers;
pub mod hygiene;
pub mod keys;
pub mod language;
pub mod network;
pub mod next;
mod opaque;
pub mod outbound;
pub mod paths;
pub mod peer;
pub mod personal;
pub mod pictures;
pub mod preview;
pub mod request_id;
pub mod scope;
pub mod sector;
pub mod session;
pub mod session_state;
pub mod site;
mod stable;
pub mod step_up;
mod subject;
mod turns;

pub use self::access::{Access, Ready};
pub use self::admin::Administrator;
pub use self::answer::{html, json, page, page_with_frames};
pub use self::bearer::Bearer;
pub use self::browser::Browser;
pub use self::caller::{Actor, Caller};
pub use self::certificate::Certificates;
pub use self::claims::claims;
pub use self::class::Class;
pub use self::client_authentication::ClientAuthentication;
pub use self::client_document::Documents;
pub use self::clock::{Clock, Manual, System};
pub use self::core::{Core, Limits};
pub use self::endpoint::Endpoint;
pub use self::failure::{ApiError, OAuthFailure, PageError, Refused};
pub use self::form::{Form, Params, Posted, Query};
pub use self::hygiene::Hygiene;
pub use self::language::Language;
pub use self::network::Networks;
pub use self::next::{InteractionId, Next};
pub use self::outbound::Outbound;
pub use self::peer::{ForwardedHeader, Peer, TrustedProxies};
pub use self::pictures::Pictures;
pub use self::request_id::RequestId;
pub use self::session::{MaybeSignedIn, SignedIn};
pub use self::site::Site;
pub use self::step_up::StepUp;
pub use self::turns::Turns;
