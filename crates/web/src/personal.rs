//! Tokens that people make for themselves on the account page, for scripts of their own: `visage_pat_…`.
//!
//! Opaque and random; the database has their digest. They are accepted where access tokens are, as long as their person is
//! active and nobody revoked them; a changed password ends them. The prefix is for secret scanners:
//! `visage_pat_[A-Za-z0-9_-]{43}`.

use std::sync::Arc;

use keyring::{Audience, Random, Secret};
use protocol::{Micros, SECOND, Scopes};
use store::personal_tokens::PersonalToken;
use store::{StoreError, Subject};

use crate::{Access, Core, Ready};

const PREFIX: &str = "visage_pat_";

/// What people may give away by themselves. Staying connected and administration are not theirs to give this way.
pub const SCOPES: [&str; 6] = ["openid", "profile", "email", "phone", "address", "galleries"];

/// `last_used_at` moves at most this often.
const USED_EVERY: Micros = 5 * 60 * SECOND;

/// 256 random bits behind the prefix.
pub fn generate(random: &Random) -> Secret {
    Secret::new(format!("{PREFIX}{}", random.secret().expose()))
}

/// Whether this is one by its looks. No other kind of token begins like it.
pub fn is_one(token: &str) -> bool {
    token.starts_with(PREFIX)
}

impl Core {
    /// What the token with this digest stands for now.
    pub(crate) async fn read_personal(&self, digest: [u8; 32]) -> Result<Option<Arc<Access>>, StoreError> {
        if self.limits.personal_tokens == 0 {
            return Ok(None);
        }
        let now = self.now();
        // Twice: the first time tells whose it is, so that the stamp can be taken before the second.
        let Some(first) = self.store.live_personal_token(&digest, now).await? else { return Ok(None) };
        let subjects = [Subject::User(first.user_id), Subject::Token(first.id)];
        let stamp = self.store.freshness().stamp(&subjects);
        let Some(token) = self.store.live_personal_token(&digest, now).await? else { return Ok(None) };
        self.note_use(&token, now);
        let allowed: Scopes = SCOPES.into_iter().collect();
        let access = Arc::new(Access {
            client_id: None,
            grant: None,
            scopes: token.scopes.intersect(&allowed),
            jti: token.id,
            issued_at: token.created_at,
            expires_at: token.expires_at,
            subject: token.user_id.clone(),
            user_id: Some(token.user_id),
            audience: Audience::One(self.site.issuer.clone()),
            confirmation: None,
            act: None,
            authorization_details: None,
            userinfo: Ready::default(),
            introspection: Ready::default(),
            stamp,
        });
        self.keep(digest, &access);
        Ok(Some(access))
    }

    /// Beside the request, which does not wait for it. What is served from memory notes nothing: the cache lets go of an
    /// entry after some minutes.
    fn note_use(&self, token: &PersonalToken, now: Micros) {
        let before = now - USED_EVERY;
        if token.last_used_at.is_some_and(|at| at > before) {
            return;
        }
        let (store, id) = (self.store.clone(), token.id.clone());
        tokio::spawn(async move {
            if let Err(error) = store.use_personal_token(&id, before, now).await {
                tracing::debug!(%error, token = %id, "the use of a personal token was not noted");
            }
        });
    }
}
