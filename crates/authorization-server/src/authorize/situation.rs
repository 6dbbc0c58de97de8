//! Reads what the decision depends on: who is signed in, what they agreed to, whom the client expects.

use protocol::{
    Client, Micros, OAuthError, Scopes,
    authorization::{Person, Situation},
};
use store::interactions::Interaction;
use web::{Core, PageError, SignedIn};

use super::request::Checked;

/// Owned, so that [`Situation`] can borrow it.
pub struct Facts<'a> {
    signed_in: Option<&'a SignedIn>,
    hinted: Option<String>,
    consented: Option<Scopes>,
    answer: Option<Scopes>,
    denied: bool,
}

/// The error is one for the client: a hint that is not an ID token of ours.
pub async fn read<'a>(
    core: &Core,
    checked: &Checked,
    signed_in: Option<&'a SignedIn>,
) -> Result<Result<Facts<'a>, OAuthError>, PageError> {
    // > The OP SHOULD accept ID Tokens […] even when the exp time has passed. S17
    let hinted = match checked.valid.id_token_hint.as_deref() {
        None => None,
        Some(jwt) => match core.ring.verify_id_token_hint(jwt) {
            Ok(hint) if hint.aud.contains(&checked.client.id) => Some(hint.sub),
            Ok(_) | Err(_) => {
                return Ok(Err(OAuthError::invalid_request(
                    "The id_token_hint is not an ID token of this client.",
                )));
            }
        },
    };
    let consented = match signed_in {
        Some(person) => {
            core.store.consent(&person.user.id, &checked.client.id).await?.map(|consent| consent.scopes)
        }
        None => None,
    };
    Ok(Ok(Facts { signed_in, hinted, consented, answer: None, denied: false }))
}

impl Facts<'_> {
    /// With what the pages wrote into the row.
    pub fn answered(self, interaction: &Interaction) -> Self {
        let answer = interaction.consented.as_deref().and_then(|text| Scopes::parse(text).ok());
        Self { answer, denied: interaction.denied, ..self }
    }

    pub fn situation<'b>(&'b self, client: &'b Client, received_at: Micros, now: Micros) -> Situation<'b> {
        Situation {
            client,
            person: self
                .signed_in
                .map(|person| Person { subject: &person.user.id, auth_time: person.session.auth_time }),
            hinted: self.hinted.as_deref(),
            consented: self.consented.as_ref(),
            answer: self.answer.as_ref(),
            denied: self.denied,
            received_at,
            now,
        }
    }
}
