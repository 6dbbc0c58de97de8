//! Reads what the decision depends on: who is signed in, what they agreed to, whom the client expects.

use protocol::{
    Client, Micros, OAuthError, Scopes,
    authorization::{Person, Situation},
};
use store::{StoreError, interactions::Interaction};
use web::{Core, PageError, SignedIn};

use super::request::Checked;

/// Owned, so that [`Situation`] can borrow it.
pub struct Facts<'a> {
    signed_in: Option<&'a SignedIn>,
    /// By which name the client knows them.
    subject: Option<String>,
    hinted: Option<String>,
    consented: Option<Scopes>,
    answer: Option<Scopes>,
    denied: bool,
}

/// The error is one for the client: a hint that is not an ID token of its own.
///
/// `row`: what the pages wrote down meanwhile.
pub async fn read<'a>(
    core: &Core,
    checked: &Checked,
    signed_in: Option<&'a SignedIn>,
    row: Option<&Interaction>,
) -> Result<Result<Facts<'a>, OAuthError>, PageError> {
    let hinted = match hinted(core, checked).await? {
        Ok(hinted) => hinted,
        Err(error) => return Ok(Err(error)),
    };
    let consented = match signed_in {
        Some(person) => {
            core.store.consent(&person.user.id, &checked.client.id).await?.map(|consent| consent.scopes)
        }
        None => None,
    };
    let answer = row.and_then(|row| row.consented.as_deref()).and_then(|text| Scopes::parse(text).ok());
    let subject = signed_in.map(|person| core.subject(&checked.client, &person.user.id));
    Ok(Ok(Facts { signed_in, subject, hinted, consented, answer, denied: row.is_some_and(|row| row.denied) }))
}

/// Whom the client expects. An expired hint still says who.
// S17
pub async fn hinted(
    core: &Core,
    checked: &Checked,
) -> Result<Result<Option<String>, OAuthError>, StoreError> {
    let Some(jwt) = checked.valid.id_token_hint.as_deref() else { return Ok(Ok(None)) };
    Ok(match core.id_token_hint(jwt).await? {
        Some(hint) if hint.aud.contains(&checked.client.id) => Ok(Some(hint.sub)),
        Some(_) | None => {
            Err(OAuthError::invalid_request("The id_token_hint is not an ID token of this client."))
        }
    })
}

impl Facts<'_> {
    pub fn situation<'b>(&'b self, client: &'b Client, received_at: Micros, now: Micros) -> Situation<'b> {
        Situation {
            client,
            person: self.signed_in.map(|person| Person {
                subject: self.subject.as_deref().unwrap_or(&person.user.id),
                auth_time: person.session.auth_time,
            }),
            hinted: self.hinted.as_deref(),
            consented: self.consented.as_ref(),
            answer: self.answer.as_ref(),
            denied: self.denied,
            received_at,
            now,
        }
    }
}
