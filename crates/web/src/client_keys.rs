//! The public keys of a client: those that it registered, or those that stand at its `jwks_uri`.
//!
//! A set that was fetched is kept for [`KEPT`], and asked for again at once when it lacks a key that somebody signed with,
//! though not more often than every [`PAUSE`]: anybody can send us a `kid` that nobody has (S94). While the other side
//! does not answer, the old set goes on for [`STALE`]. Each client has a place of its own, even where two name the same
//! address, so that none can use up the questions of another; and one request asks, however many wait for the answer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use keyring::InvalidJwt;
use keyring::assertion::{BadKeySet, check_key_set};
use moka::sync::Cache;
use protocol::{Client, Micros, SECOND};
use tokio::sync::Semaphore;
use url::Url;

use crate::Core;
use crate::outbound::{Bounds, Outbound};

/// > The signer can signal it has changed keys … The JWK Set … is re-retrieved
///
/// <https://openid.net/specs/openid-connect-core-1_0.html#RotateSigKeys>: a key that its client took away is gone here
/// after so long.
const KEPT: Micros = 10 * 60 * SECOND;
/// Between two questions for a kid that is not there, and after one that was not answered.
const PAUSE: Micros = 60 * SECOND;
/// What an answer is worth when no other comes.
const STALE: Micros = 24 * 3600 * SECOND;
const BOUNDS: Bounds = Bounds { largest: 64 * 1024, deadline: Duration::from_secs(4), redirects: 2 };
/// All sets together, in bytes.
const MOST: u64 = 16 * 1024 * 1024;
/// What a place costs beside its set.
const PLACE: usize = 512;
const AT_ONCE: usize = 16;

/// What nobody signs with.
const NONE: &str = r#"{"keys":[]}"#;

/// Sets that were fetched, by client and address.
pub struct ClientKeys {
    kept: Cache<(String, String), Arc<Place>>,
    places: Semaphore,
}

#[derive(Default)]
struct Place {
    known: Mutex<Known>,
    /// Held by the one that asks.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Clone, Default)]
struct Known {
    set: Option<Arc<str>>,
    /// Counts the answers: whoever waited for one knows by it that there was one.
    edition: u64,
    fetched: Micros,
    /// No question before this moment: for a set that is old or missing…
    next: Micros,
    /// …and for a key that the set lacks.
    next_for_kid: Micros,
}

impl ClientKeys {
    pub(crate) fn new() -> ClientKeys {
        let weight = |key: &(String, String), place: &Arc<Place>| {
            let set = place.known().set.map_or(0, |set| set.len());
            u32::try_from(key.0.len() + key.1.len() + set + PLACE).unwrap_or(u32::MAX)
        };
        ClientKeys {
            kept: Cache::builder().max_capacity(MOST).weigher(weight).build(),
            places: Semaphore::new(AT_ONCE),
        }
    }

    /// The set at this address; `newer_than` is the edition in which a key was missing.
    async fn fetched(
        &self,
        outbound: &Outbound,
        client: &str,
        uri: &str,
        newer_than: Option<u64>,
        now: Micros,
    ) -> Known {
        let key = (client.to_owned(), uri.to_owned());
        let place = self.kept.get_with_by_ref(&key, Arc::default);
        let due = |known: &Known| match newer_than {
            // A kid that nobody has: only who saw the newest edition may ask for another.
            Some(edition) => known.edition <= edition && now >= known.next_for_kid,
            None => now >= known.next,
        };
        let known = place.known();
        if !due(&known) {
            return known;
        }
        let _asking = place.asking.lock().await;
        let known = place.known();
        if !due(&known) {
            return known;
        }
        let Ok(_place) = self.places.acquire().await else { return known };
        let answer = ask(outbound, uri).await;
        if let Err(why) = &answer {
            tracing::info!(client, uri, %why, "a client's keys cannot be fetched");
        }
        let known = known.after(answer.ok(), newer_than.is_some(), now);
        *place.known.lock().unwrap_or_else(PoisonError::into_inner) = known.clone();
        // Weighed anew, since it has grown.
        self.kept.insert(key, place.clone());
        known
    }
}

impl Place {
    fn known(&self) -> Known {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Known {
    fn after(self, answer: Option<Arc<str>>, for_kid: bool, now: Micros) -> Known {
        let next_for_kid = if for_kid { now + PAUSE } else { self.next_for_kid };
        match answer {
            Some(set) => {
                let edition = self.edition + 1;
                Known { set: Some(set), edition, fetched: now, next: now + KEPT, next_for_kid }
            }
            None => {
                let set = self.set.filter(|_| now < self.fetched + STALE);
                // Nobody has to wait for a kid longer than for the set itself.
                Known { set, next: (now + PAUSE).max(self.next), next_for_kid, ..self }
            }
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum NotThere {
    #[error("its address is none")]
    Address,
    #[error("{0}")]
    Refused(#[from] crate::outbound::Refused),
    #[error("it is no text")]
    Text,
    #[error("{0}")]
    Set(#[from] BadKeySet),
}

async fn ask(outbound: &Outbound, uri: &str) -> Result<Arc<str>, NotThere> {
    let uri = Url::parse(uri).map_err(|_| NotThere::Address)?;
    let bytes = outbound.get(&uri, BOUNDS).await?;
    let set = std::str::from_utf8(&bytes).map_err(|_| NotThere::Text)?;
    match check_key_set(set) {
        // One weak key does not spoil the others, and a set may be for encryption alone: each key is looked at before use.
        Ok(()) | Err(BadKeySet::Unsound(_) | BadKeySet::NoUsableKey) => Ok(set.into()),
        Err(error) => Err(error.into()),
    }
}

impl ClientKeys {
    async fn with<T>(
        &self,
        outbound: &Outbound,
        client: &Client,
        now: Micros,
        attempt: impl Fn(&str) -> Result<T, InvalidJwt>,
    ) -> Result<T, InvalidJwt> {
        let Some(uri) = &client.metadata.jwks_uri else {
            return attempt(client.jwks.as_deref().unwrap_or(NONE));
        };
        let tried = |known: &Known| attempt(known.set.as_deref().unwrap_or(NONE));
        let known = self.fetched(outbound, &client.id, uri, None, now).await;
        let outcome = tried(&known);
        // Nothing is known where the first question was not answered: asking again at once would be no other question.
        if known.set.is_none() || !matches!(outcome, Err(InvalidJwt::NoKey | InvalidJwt::Signature)) {
            return outcome;
        }
        let fresh = self.fetched(outbound, &client.id, uri, Some(known.edition), now).await;
        if fresh.edition == known.edition { outcome } else { tried(&fresh) }
    }
}

impl Core {
    /// Runs `attempt` with the client's key set (JSON), and once more with a fresh one where a key was missing or did not
    /// fit: for signatures by `keyring::assertion` and for encryption alike. A client without keys gets an empty set.
    // S94
    pub async fn with_client_keys<T>(
        &self,
        client: &Client,
        attempt: impl Fn(&str) -> Result<T, InvalidJwt>,
    ) -> Result<T, InvalidJwt> {
        self.client_keys.with(&self.outbound, client, self.now(), attempt).await
    }
}

#[cfg(test)]
mod tests;
