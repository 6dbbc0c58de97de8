//! What the decision about a logout request depends on, read once and borrowed by the rules.

use std::sync::Arc;

use protocol::{
    Client,
    logout::{Hint, LogoutRequest, Person, Situation},
};
use web::{Core, PageError, SignedIn};

pub struct Facts {
    hint: Option<Hinted>,
    pub client: Option<Arc<Client>>,
    pub signed_in: Option<SignedIn>,
    /// Who is signed in, and their session, as the client knows them.
    subject: String,
    session: String,
}

struct Hinted {
    subject: String,
    client_id: String,
    sid: Option<String>,
}

impl Facts {
    pub async fn read(
        core: &Core,
        request: &LogoutRequest,
        signed_in: Option<SignedIn>,
    ) -> Result<Self, PageError> {
        // A hint that does not verify is no hint: we ask. S98
        let hint = match request.id_token_hint.as_deref() {
            Some(jwt) => core.id_token_hint(jwt).await?,
            None => None,
        };
        let hint = hint.and_then(|hint| {
            let client_id = hint.aud.iter().next()?.to_owned();
            Some(Hinted { subject: hint.sub, client_id, sid: hint.sid })
        });
        let named = hint.as_ref().map(|hint| hint.client_id.as_str()).or(request.client_id.as_deref());
        let client = match named {
            Some(id) => core.store.client(id).await?,
            None => None,
        };
        let (subject, session) = match (&signed_in, &client) {
            (Some(person), Some(client)) => (
                core.subject(client, &person.user.id),
                core.session_name(client, &person.session.sid).into_owned(),
            ),
            (Some(person), None) => (person.user.id.clone(), person.session.sid.clone()),
            (None, _) => (String::new(), String::new()),
        };
        Ok(Self { hint, client, signed_in, subject, session })
    }

    pub fn situation(&self, confirmed: bool) -> Situation<'_> {
        Situation {
            hint: self.hint.as_ref().map(|hint| Hint {
                subject: &hint.subject,
                client_id: &hint.client_id,
                sid: hint.sid.as_deref(),
            }),
            client: self.client.as_deref(),
            signed_in: self.signed_in.as_ref().map(|person| Person {
                subject: &self.subject,
                email: &person.user.email,
                sid: &self.session,
            }),
            confirmed,
        }
    }
}
