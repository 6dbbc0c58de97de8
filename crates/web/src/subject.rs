//! By which name a client knows a person.

use protocol::{Client, registration::sector};

use crate::Core;

impl Core {
    /// The person's id, or for a pairwise client a name that only clients of the same sector share.
    /// <https://openid.net/specs/openid-connect-core-1_0.html#SubjectIDTypes>
    // S116
    pub fn subject(&self, client: &Client, user_id: &str) -> String {
        if !client.metadata.is_pairwise() {
            return user_id.to_owned();
        }
        self.ring.pairwise_subject(&sector(client), user_id)
    }
}
