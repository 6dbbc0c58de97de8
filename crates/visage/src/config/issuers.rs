//! Issuers that vouch for people, from what the operator wrote to what the rules take.

use protocol::{
    Scopes,
    scopes::BadScope,
    token::{self, TrustedIssuer},
};
use serde::Deserialize;

use super::NamedIssuer;

/// `issuers.NAME.people`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PeopleBy {
    #[default]
    Subject,
    Email,
}

impl NamedIssuer {
    pub fn trusted(&self, name: &str) -> Result<TrustedIssuer, BadScope> {
        Ok(TrustedIssuer {
            name: name.to_owned(),
            issuer: self.issuer.clone(),
            jwks_uri: self.jwks_uri.0.clone(),
            people: match self.people.unwrap_or_default() {
                PeopleBy::Subject => token::PeopleBy::Subject,
                PeopleBy::Email => token::PeopleBy::Email,
            },
            scopes: Scopes::parse(&self.scopes.join(" "))?,
            clients: self.clients.clone().unwrap_or_default(),
        })
    }
}
