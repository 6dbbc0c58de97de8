//! By which names a client knows a person and their session.

use std::borrow::Cow;

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

    /// The `sid` of a session as the client reads it. What pairwise clients of two sectors have in common would join the two
    /// names that they have for the person.
    ///
    /// > The sid value need only be unique in the context of a particular issuer. Its contents are opaque to the RP.
    ///
    /// <https://openid.net/specs/openid-connect-backchannel-1_0.html#LogoutToken>
    // S116
    pub fn session_name<'a>(&self, client: &Client, sid: &'a str) -> Cow<'a, str> {
        if !client.metadata.is_pairwise() {
            return Cow::Borrowed(sid);
        }
        Cow::Owned(self.ring.pairwise_session(&sector(client), sid))
    }
}
