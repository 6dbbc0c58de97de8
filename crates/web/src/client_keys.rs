//! The public keys of a client: those that it registered, or those that stand at its `jwks_uri`.
//!
//! A set that was fetched is kept for [`KEPT`], and asked for again at once when it lacks a key that somebody signed with,
//! though not more often than every [`PAUSE`]: anybody can send us a `kid` that nobody has (S94). After [`FRESH`] it is
//! asked for while the old one serves, so that nobody waits for the keys of a client in use. While the other side does not
//! answer, the old set goes on for [`STALE`]. Each client has an entry of its own, even where two name the same address, so
//! that none can use up the questions of another; and one request asks, however many wait for the answer, in the client's
//! turn ([`crate::Turns`]).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use keyring::InvalidJwt;
use keyring::assertion::{BadKeySet, check_key_set};
use moka::sync::Cache;
use protocol::{Client, Micros, SECOND};
use tokio::sync::OwnedMutexGuard;
use url::Url;

use crate::Core;
use crate::outbound::{Bounds, Outbound};
use crate::turns::Turns;

/// > The signer can signal it has changed keys … The JWK Set … is re-retrieved
///
/// <https://openid.net/specs/openid-connect-core-1_0.html#RotateSigKeys>: a key that its client took away is gone here
/// after so long.
const KEPT: Micros = 10 * 60 * SECOND;
/// From when it is asked for again beside those that use it.
const FRESH: Micros = 5 * 60 * SECOND;
/// Between two questions for a kid that is not there, and after one that was not answered.
const PAUSE: Micros = 60 * SECOND;
/// After too many others were being asked.
const BUSY: Micros = 5 * SECOND;
/// What an answer is worth when no other comes.
const STALE: Micros = 24 * 3600 * SECOND;
const BOUNDS: Bounds = Bounds { largest: 64 * 1024, deadline: Duration::from_secs(4), redirects: 2 };
/// All sets together, in bytes.
const MOST: u64 = 16 * 1024 * 1024;
/// What an entry costs beside its set.
const ENTRY: usize = 512;

/// Questions at the same time, of either kind of client.
const AT_ONCE: usize = 16;

/// What nobody signs with.
const NONE: &str = r#"{"keys":[]}"#;

/// Sets that were fetched, by client and address. Cheap to clone.
#[derive(Clone)]
pub struct ClientKeys {
    kept: Cache<(String, String), Arc<Entry>>,
    turns: Arc<Turns>,
}

#[derive(Default)]
struct Entry {
    known: Mutex<Known>,
    /// Held by the one that asks.
    asking: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Clone, Default)]
struct Known {
    set: Option<Arc<str>>,
    /// Counts the answers: whoever waited for one knows by it that there was one.
    edition: u64,
    fetched: Micros,
    /// When it may be asked for while it serves.
    ahead: Micros,
    /// No question before this moment: for a set that is old or missing…
    next: Micros,
    /// …and for a key that the set lacks.
    next_for_kid: Micros,
}

impl ClientKeys {
    pub(crate) fn new() -> ClientKeys {
        let weight = |key: &(String, String), entry: &Arc<Entry>| {
            let set = entry.known().set.map_or(0, |set| set.len());
            u32::try_from(key.0.len() + key.1.len() + set + ENTRY).unwrap_or(u32::MAX)
        };
        ClientKeys {
            kept: Cache::builder().max_capacity(MOST).weigher(weight).build(),
            turns: Arc::new(Turns::new(AT_ONCE)),
        }
    }

    /// The set at this address; `newer_than` is the edition in which a key was missing.
    async fn fetched(
        &self,
        outbound: &Outbound,
        client: &Client,
        uri: &str,
        newer_than: Option<u64>,
        now: Micros,
    ) -> Known {
        let key = (client.id.clone(), uri.to_owned());
        let entry = self.kept.get_with_by_ref(&key, Arc::default);
        let due = |known: &Known| match newer_than {
            // A kid that nobody has: only who saw the newest edition may ask for another.
            Some(edition) => known.edition <= edition && now >= known.next_for_kid,
            None => now >= known.next,
        };
        let known = entry.known();
        if !due(&known) {
            if known.set.is_some() && now >= known.ahead {
                self.ask_ahead(outbound, client, uri, &entry, now);
            }
            return known;
        }
        let asking = Arc::clone(&entry.asking).lock_owned().await;
        let known = entry.known();
        if !due(&known) {
            return known;
        }
        self.asked(outbound, client, uri, &entry, asking, newer_than.is_some(), now).await
    }

    /// While those who need the set go on with the one that is there.
    fn ask_ahead(&self, outbound: &Outbound, client: &Client, uri: &str, entry: &Arc<Entry>, now: Micros) {
        let Ok(asking) = Arc::clone(&entry.asking).try_lock_owned() else { return };
        let (keys, outbound, entry) = (self.clone(), outbound.clone(), Arc::clone(entry));
        let (client, uri) = (client.clone(), uri.to_owned());
        tokio::spawn(async move { keys.asked(&outbound, &client, &uri, &entry, asking, false, now).await });
    }

    #[expect(clippy::too_many_arguments, reason = "one question has so many sides")]
    async fn asked(
        &self,
        outbound: &Outbound,
        client: &Client,
        uri: &str,
        entry: &Arc<Entry>,
        _asking: OwnedMutexGuard<()>,
        for_kid: bool,
        now: Micros,
    ) -> Known {
        let known = match self.turns.take(client).await {
            None => {
                tracing::warn!(client = client.id, uri, "no turn to ask for a client's keys");
                entry.known().after_none(now)
            }
            Some(_turn) => {
                let answer = ask(outbound, uri).await;
                if let Err(why) = &answer {
                    tracing::info!(client = client.id, uri, %why, "a client's keys cannot be fetched");
                }
                entry.known().after(answer.ok(), for_kid, now)
            }
        };
        *entry.known.lock().unwrap_or_else(PoisonError::into_inner) = known.clone();
        // Weighed anew, since it has grown.
        self.kept.insert((client.id.clone(), uri.to_owned()), Arc::clone(entry));
        known
    }
}

impl Entry {
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
                let (ahead, next) = (now + FRESH, now + KEPT);
                Known { set: Some(set), edition, fetched: now, ahead, next, next_for_kid }
            }
            None => {
                let set = self.set.filter(|_| now < self.fetched + STALE);
                // Nobody has to wait for a kid longer than for the set itself.
                let next = (now + PAUSE).max(self.next);
                Known { set, ahead: now + PAUSE, next, next_for_kid, ..self }
            }
        }
    }

    /// Nobody was asked: whoever has waited for it does not wait again.
    fn after_none(self, now: Micros) -> Known {
        let set = self.set.filter(|_| now < self.fetched + STALE);
        let later = |next: Micros| next.max(now + BUSY);
        let (ahead, next) = (later(self.ahead), later(self.next));
        Known { set, ahead, next, next_for_kid: later(self.next_for_kid), ..self }
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
        let known = self.fetched(outbound, client, uri, None, now).await;
        let outcome = tried(&known);
        // Nothing is known where the first question was not answered: asking again at once would be no other question.
        if known.set.is_none() || !matches!(outcome, Err(InvalidJwt::NoKey | InvalidJwt::Signature)) {
            return outcome;
        }
        let fresh = self.fetched(outbound, client, uri, Some(known.edition), now).await;
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
