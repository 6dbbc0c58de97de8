//! What access tokens stand for, and how that is kept.
//!
//! The hot path: SHA-256 of the token, a look into the cache, a comparison of generations. What a token stands for is kept
//! only while [`store::Freshness`] says that nobody has changed it; the first use verifies the signature and reads the
//! database once. Tokens that people made for themselves ([`personal`]) are read from their row and kept the same way.
//! Who may use one, and how it is sent: [`crate::bearer`].

use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use keyring::{AccessClaims, Audience};
use protocol::{Confirmation, Micros, SECOND, Scopes};
use store::grants::Grant;
use store::{Stamp, StoreError, Subject};

use crate::{Core, personal};

/// What the cache may hold, in bytes, as far as we can tell when something goes in.
const KEPT_BYTES: u64 = 32 * 1024 * 1024;
/// A token that was not renewed by then has expired, as a rule; one that has not is read again.
const KEPT_FOR: Duration = Duration::from_secs(600);
/// An entry without its texts: the struct, its place in the cache, two ready answers of usual size.
const ENTRY_BYTES: usize = 3072;

/// What a living access token stands for, or one that a person made for themselves.
#[derive(Debug)]
pub struct Access {
    /// None for a person's own token.
    pub client_id: Option<String>,
    /// The person; none for `client_credentials`.
    pub user_id: Option<String>,
    /// The grant of which the token is, where there is a person and a client.
    pub grant: Option<Grant>,
    pub scopes: Scopes,
    /// The id of the token.
    pub jti: String,
    pub issued_at: Micros,
    pub expires_at: Micros,
    pub subject: String,
    pub audience: Audience,
    /// Who alone may use it.
    pub confirmation: Option<Confirmation>,
    /// Who acts for the person (RFC 8693).
    pub act: Option<serde_json::Value>,
    /// What it is for in detail (RFC 9396).
    pub authorization_details: Option<serde_json::Value>,
    /// The ready answer of userinfo, kept as long as this is.
    pub userinfo: Ready,
    /// The ready answer of introspection.
    pub introspection: Ready,
    pub(crate) stamp: Stamp,
}

/// An answer that may be given again as long as the [`Access`] in which it lies is current: whatever changes the
/// answer (person, client, grant, token) makes the whole access be read anew.
#[derive(Debug, Default)]
pub struct Ready(OnceLock<Bytes>);

impl Ready {
    pub fn get(&self) -> Option<Bytes> {
        self.0.get().cloned()
    }

    /// Keeps an answer that was made from what was read after this access was.
    pub fn keep(&self, answer: Bytes) -> Bytes {
        self.0.get_or_init(|| answer).clone()
    }
}

/// In the place of a client's id, before the id of a token that a person made for themselves.
pub(crate) const PERSONAL: &str = "personal:";

impl Access {
    /// Who acts, for audit rows: the client, or the person whose own token it is.
    pub fn actor(&self) -> &str {
        self.client_id.as_deref().unwrap_or(&self.subject)
    }

    /// <https://www.rfc-editor.org/rfc/rfc9449#section-5>
    pub fn token_type(&self) -> &'static str {
        match &self.confirmation {
            Some(Confirmation { jkt: Some(_), .. }) => "DPoP",
            _ => "Bearer",
        }
    }

    /// Names the sender of a picture in its row: the client, or the person's own token.
    pub fn sender(&self) -> String {
        self.client_id.clone().unwrap_or_else(|| format!("{PERSONAL}{}", self.jti))
    }

    /// About how many bytes this takes: scopes lie here as text and as a set, and a `claims` parameter shapes the answer.
    fn weight(&self) -> usize {
        let asked = self.grant.as_ref().and_then(|grant| grant.claims.as_ref()).map_or(0, String::len);
        let details =
            self.grant.as_ref().and_then(|grant| grant.authorization_details.as_ref()).map_or(0, String::len);
        let asked = asked + details;
        let scopes: usize = self.scopes.iter().map(|scope| scope.len() + 1).sum();
        ENTRY_BYTES + 4 * scopes + 2 * asked
    }
}

impl Core {
    /// What `token` stands for now; `None` for whatever is no living access token of ours.
    pub async fn access(&self, token: &str) -> Result<Option<Arc<Access>>, StoreError> {
        // Longer ones are refused before any cryptography, hashing included (S109).
        if token.len() > keyring::jwt::MAX_LENGTH {
            return Ok(None);
        }
        let digest = keyring::digest(token.as_bytes());
        match self.kept(&digest) {
            Some(access) => Ok(Some(access)),
            None if personal::is_one(token) => self.read_personal(digest).await,
            None => self.read_access(token, digest).await,
        }
    }

    pub(crate) fn kept(&self, digest: &[u8; 32]) -> Option<Arc<Access>> {
        let access = self.accesses.0.get(digest)?;
        let current = access.expires_at > self.now() && self.store.freshness().holds(&access.stamp);
        current.then_some(access)
    }

    async fn read_access(&self, token: &str, digest: [u8; 32]) -> Result<Option<Arc<Access>>, StoreError> {
        let Some(claims) = self.verified_access_token(token).await? else { return Ok(None) };
        let Ok(scopes) = Scopes::parse(&claims.scope) else { return Ok(None) };
        let (stamp, grant) = match self.grant_behind(&claims, &claims.sub).await? {
            // A pairwise client's token has another name for the person: once more, with a stamp that hears of their changes.
            Some((_, Some(grant))) if grant.user_id != claims.sub => {
                let Some(found) = self.grant_behind(&claims, &grant.user_id).await? else { return Ok(None) };
                found
            }
            Some(found) => found,
            None => return Ok(None),
        };
        // What the client may not have any more, its older tokens do not give either (I6).
        let client = self.store.client(&claims.client_id).await?.filter(|client| client.is_active);
        let Some(client) = client else { return Ok(None) };
        // S116: the name by which this client knows the person, and no other.
        if grant.as_ref().is_some_and(|grant| self.subject(&client, &grant.user_id) != claims.sub) {
            return Ok(None);
        }
        let scopes = scopes.intersect(&client.allowed_scopes());
        let access = Arc::new(Access {
            client_id: Some(claims.client_id),
            user_id: grant.as_ref().map(|grant| grant.user_id.clone()),
            grant,
            scopes,
            jti: claims.jti,
            issued_at: claims.iat * SECOND,
            expires_at: claims.exp * SECOND,
            subject: claims.sub,
            audience: claims.aud,
            confirmation: claims.cnf,
            act: claims.act,
            authorization_details: claims.authorization_details,
            userinfo: Ready::default(),
            introspection: Ready::default(),
            stamp,
        });
        self.keep(digest, &access);
        Ok(Some(access))
    }

    /// The grant of a token, if it is one of a person's, and a stamp that was taken before it was read: a change that races
    /// it voids the stamp. None for a token that is dead.
    async fn grant_behind(
        &self,
        claims: &AccessClaims,
        user_id: &str,
    ) -> Result<Option<(Stamp, Option<Grant>)>, StoreError> {
        let mut subjects =
            vec![Subject::Client(claims.client_id.clone()), Subject::Token(claims.jti.clone())];
        if let Some(grant) = &claims.gid {
            subjects.extend([Subject::Grant(grant.clone()), Subject::User(user_id.to_owned())]);
        }
        // An exchanged token is of another client's grant, and ends with that client too.
        subjects.extend(claims.gcl.clone().map(Subject::Client));
        let client_id = claims.gcl.as_ref().unwrap_or(&claims.client_id);
        let stamp = self.store.freshness().stamp(&subjects);
        Ok(match &claims.gid {
            Some(id) => self
                .store
                .live_grant(id, &claims.jti)
                .await?
                .filter(|grant| grant.client_id == *client_id)
                .map(|grant| (stamp, Some(grant))),
            None if self.store.client_token_is_live(&claims.client_id, &claims.jti).await? => {
                Some((stamp, None))
            }
            None => None,
        })
    }

    pub(crate) fn keep(&self, digest: [u8; 32], access: &Arc<Access>) {
        if self.store.freshness().is_leased() {
            self.accesses.0.insert(digest, Arc::clone(access));
        }
    }
}

/// What tokens stand for, by their digest.
pub(crate) struct Cache(moka::sync::Cache<[u8; 32], Arc<Access>, BuildHasherDefault<FirstBytes>>);

impl Cache {
    pub fn new() -> Cache {
        let cache = moka::sync::Cache::builder()
            .weigher(|_, access: &Arc<Access>| u32::try_from(access.weight()).unwrap_or(u32::MAX))
            .max_capacity(KEPT_BYTES)
            .time_to_live(KEPT_FOR)
            .build_with_hasher(Default::default());
        Cache(cache)
    }
}

/// The keys are digests: their first bytes are as good as any hash of them.
#[derive(Default)]
pub(crate) struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 ^= u64::from_ne_bytes(*first);
        }
    }

    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}
