//! What RFC 9700 (Best Current Practice for OAuth 2.0 Security) asks of an authorization server, rule by rule: where it is
//! held, and what an installation may have switched off. `visage doctor` reports it for this installation;
//! `docs/security.md` is the same table, made by `visage doctor --rules`.
//! <https://www.rfc-editor.org/rfc/rfc9700>

mod rules;

use protocol::{
    Client,
    authorization::{IMPLICIT, ResponseType},
    policy::Registration,
};

pub use self::rules::RULES;
use crate::config::{Config, Pkce};

/// One rule of the specification.
pub struct Rule {
    /// Of RFC 9700.
    pub section: &'static str,
    /// What it asks, in a few words.
    pub asks: &'static str,
    /// What we do.
    pub held: &'static str,
    /// Where: files from the top of the repository.
    pub places: &'static [&'static str],
    /// The rows of docs/protocol.md, which name the tests.
    pub rows: &'static [&'static str],
    /// What this installation has chosen against it.
    pub given_up: fn(&Installation<'_>) -> Option<String>,
}

/// What the choices of an installation are.
pub struct Installation<'a> {
    pub config: &'a Config,
    pub clients: &'a [Client],
}

impl Installation<'_> {
    /// The clients for which something holds, as a sentence about them.
    fn clients(&self, what: &str, which: impl Fn(&Client) -> bool) -> Option<String> {
        let mut found = self.clients.iter().filter(|client| client.is_active && which(client));
        let first = found.next()?;
        Some(match found.count() {
            0 => format!("the client {} {what}", first.id),
            more => format!("the client {} and {more} more {what}", first.id),
        })
    }
}

/// Nothing that an installation could choose weakens it.
const fn always(_: &Installation<'_>) -> Option<String> {
    None
}

fn pkce(installation: &Installation<'_>) -> Option<String> {
    let chosen = matches!(installation.config.oauth.pkce, Pkce::Public);
    chosen.then(|| "`oauth.pkce = \"public\"`: confidential clients may do without".to_owned())
}

fn front_channel(installation: &Installation<'_>) -> Option<String> {
    let offered = installation.config.oauth.response_types.0.iter();
    let tokens: Vec<_> = offered.filter(|kind| kind.gives_token()).map(|kind| kind.as_str()).collect();
    if tokens.is_empty() {
        return None;
    }
    let using = installation.clients("may use the implicit grant", |client| {
        client.allows_grant(IMPLICIT)
            && client
                .response_types
                .iter()
                .any(|kind| ResponseType::parse(kind).is_some_and(ResponseType::gives_token))
    });
    let using = using.map(|using| format!("; {using}")).unwrap_or_default();
    Some(format!("`oauth.response_types` has {}{using}", tokens.join(", ")))
}

fn bearer(installation: &Installation<'_>) -> Option<String> {
    installation.clients("gets bearer tokens, which whoever holds them can use", |client| {
        !client.metadata.dpop_bound_access_tokens
            && !client.metadata.tls_client_certificate_bound_access_tokens
            && !client.metadata.is_fapi2()
    })
}

fn shared_secrets(installation: &Installation<'_>) -> Option<String> {
    installation
        .clients("authenticates by a secret that both sides know", |client| client.auth_method.has_secret())
}

fn transport(installation: &Installation<'_>) -> Option<String> {
    let plain = installation.config.server.public_url.issuer().starts_with("http://");
    plain.then(|| "`server.public_url` is http, which only this machine can reach".to_owned())
}

fn proxies(installation: &Installation<'_>) -> Option<String> {
    let server = &installation.config.server;
    let everybody = server.trusted_proxies.iter().any(|network| network.prefix == 0);
    everybody.then(|| "`server.trusted_proxies` believes everybody".to_owned())
}

fn strangers(installation: &Installation<'_>) -> Option<String> {
    let oauth = &installation.config.oauth;
    let open = match oauth.registration.0 {
        Registration::Closed | Registration::Token => None,
        Registration::Open => Some("`oauth.registration = \"open\"`: anybody may register a client"),
    };
    let documents = oauth
        .client_id_metadata_documents
        .then_some("`oauth.client_id_metadata_documents`: anybody's document makes a client");
    let chosen: Vec<_> = [open, documents].into_iter().flatten().collect();
    (!chosen.is_empty()).then(|| chosen.join("; "))
}

/// The whole page: `docs/security.md` is exactly this text, and a test holds it.
pub fn markdown() -> String {
    let mut page = include_str!("security.md").to_owned();
    page.push_str("\n| section | what it asks | how it is held | where | tests |\n|---|---|---|---|---|\n");
    for Rule { section, asks, held, places, rows, .. } in RULES {
        let name = |place: &&str| {
            let name = place.trim_end_matches("/mod.rs").rsplit('/').next().unwrap_or(place);
            format!("[{name}](../{place})")
        };
        let places: Vec<_> = places.iter().map(name).collect();
        let rows: Vec<_> =
            rows.iter().map(|row| format!("[{row}](protocol.md#{})", row.to_lowercase())).collect();
        let link = format!("[{section}](https://www.rfc-editor.org/rfc/rfc9700#section-{section})");
        page.push_str(&format!(
            "| {link} | {asks} | {held} | {} | {} |\n",
            places.join(", "),
            rows.join(", ")
        ));
    }
    page
}

#[cfg(test)]
mod tests;
