//! Where a page leads when it is done: an enum, never a URL out of a query string (STYLE 5).

use std::fmt;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use keyring::Secret;

use crate::paths;

/// The handle of an authorization request that is on its way through sign-in and consent. It is bound to one
/// browser's cookie, so that knowing it is not enough (S28).
#[derive(Clone, PartialEq, Eq)]
pub struct InteractionId(String);

impl InteractionId {
    /// A fresh one, from [`keyring::Random::secret`].
    pub fn new(secret: &Secret) -> InteractionId {
        InteractionId(secret.expose().to_owned())
    }

    /// As it comes in a path or query; what cannot be one is none.
    pub fn parse(text: &str) -> Option<InteractionId> {
        let fits =
            text.len() == 43 && text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_');
        fits.then(|| InteractionId(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the database knows it by.
    pub fn digest(&self) -> [u8; 32] {
        keyring::digest(self.0.as_bytes())
    }
}

impl fmt::Debug for InteractionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InteractionId(…)")
    }
}

/// Every way on from sign-in, consent and set-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Back to the hub, which decides again.
    Authorize(InteractionId),
    Account,
}

impl Next {
    /// From the parameter `interaction`: with one the journey goes on, without one it ends at the account page.
    pub fn of(interaction: Option<InteractionId>) -> Next {
        interaction.map_or(Next::Account, Next::Authorize)
    }

    pub fn interaction(&self) -> Option<&InteractionId> {
        match self {
            Next::Authorize(id) => Some(id),
            Next::Account => None,
        }
    }

    /// A path on this host.
    pub fn path(&self) -> String {
        match self {
            Next::Authorize(id) => format!("{}/{}", paths::AUTHORIZE, id.as_str()),
            Next::Account => paths::ACCOUNT.to_owned(),
        }
    }

    /// `path`, with the interaction carried along: for links between `/login` and `/consent`.
    pub fn carried_by(&self, path: &str) -> String {
        match self {
            Next::Authorize(id) => format!("{path}?interaction={}", id.as_str()),
            Next::Account => path.to_owned(),
        }
    }

    pub fn see_other(&self) -> HttpResponse {
        see_other(&self.path())
    }
}

/// 303, never 307: a form that was posted to us must not be posted on (S25).
pub fn see_other(location: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, location))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interaction_is_carried_and_anything_else_is_dropped() {
        let id = InteractionId::new(&keyring::Random::seeded(1).secret());
        assert_eq!(InteractionId::parse(id.as_str()), Some(id.clone()));
        for text in ["", "../../x", &"é".repeat(43), &"a".repeat(42), "https://evil.example/"] {
            assert_eq!(InteractionId::parse(text), None);
        }
        let next = Next::of(Some(id.clone()));
        assert_eq!(next.path(), format!("/oauth2/authorize/{}", id.as_str()));
        assert_eq!(next.carried_by(paths::CONSENT), format!("/consent?interaction={}", id.as_str()));
        assert_eq!(Next::of(None).see_other().headers().get("location").unwrap(), "/account");
        assert_eq!(next.see_other().status(), 303);
    }
}
