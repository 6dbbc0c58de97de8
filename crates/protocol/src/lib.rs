//! OAuth and OpenID Connect as data and pure rules: parse, validate, decide. No I/O, clock or randomness.
//!
//! - [`scopes`], [`error`], [`client`], [`claims`], [`policy`]: the words that every room speaks.
//! - [`parameters`], [`redirect_uri`]: what requests are made of. [`registration`]: what a client may be.
//! - [`authorization`]: the authorization request from its parameters to the answer.
//! - [`token`], [`client_assertion`]: the token endpoint's rules, and who may call it. [`device`]: devices without a browser.
//! - [`client_metadata`]: what a registration says beyond the common fields. [`client_document`]: clients that say it where they
//!   live. [`confirmation`]: who alone may use a token; [`dpop`]: how a key is
//!   shown to be held.
//! - [`resource`], [`details`]: what tokens are for beyond scopes. [`fapi2`], [`mcp`]: what a profile adds to all this.
//! - [`text`]: what people see of the words of others.
//! - [`logout`], [`metadata`], [`mtls`]: signing out at a client's request; what we say about ourselves. [`day`]: days and ISO 8601 times.

pub mod authorization;
pub mod claims;
pub mod client;
pub mod client_assertion;
pub mod client_document;
pub mod client_metadata;
pub mod confirmation;
pub mod day;
pub mod details;
pub mod device;
pub mod dpop;
pub mod encryption;
pub mod error;
pub mod fapi2;
pub mod logout;
pub mod mcp;
pub mod metadata;
pub mod mtls;
pub mod parameters;
pub mod policy;
pub mod redirect_uri;
pub mod registration;
pub mod resource;
#[cfg(test)]
mod samples;
pub mod scopes;
pub mod text;
pub mod token;

pub use claims::{Address, UserClaims};
pub use client::{AuthMethod, Client, SigningAlg};
pub use client_metadata::ClientMetadata;
pub use confirmation::Confirmation;
pub use details::DetailType;
pub use encryption::{ContentEncryption, Encryption, KeyEncryption};
pub use error::{ErrorCode, OAuthError};
pub use policy::Policy;
pub use resource::{Resource, TokenFormat};
pub use scopes::Scopes;

/// Unix time in microseconds; the only unit of time inside the house. Seconds exist on the wire alone.
pub type Micros = i64;

/// One second.
pub const SECOND: Micros = 1_000_000;

/// Whole seconds, as the wire wants them.
pub const fn seconds(time: Micros) -> i64 {
    time.div_euclid(SECOND)
}
