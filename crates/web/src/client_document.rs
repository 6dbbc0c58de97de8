//! Clients whose `client_id` is the address of their metadata (`oauth.client_id_metadata_documents`): what stands there is
//! fetched when somebody comes with it, checked like a registration and kept as a row like any other client's.
//!
//! The rules are in [`protocol::client_document`]. A document is fetched anew after [`KEPT`]; while its server does not
//! answer, the row goes on for [`STALE`]. One request asks, however many wait, and none after a failure for [`PAUSE`].
//!
//! Anybody can come with an address that nobody has heard of: those have places of their own, and each network so many
//! tries an hour, so that they are no hindrance to clients that are known.

use std::sync::Arc;
use std::time::Duration;

use keyring::jwks::check_key_set;
use moka::sync::Cache;
use protocol::client::BY_DOCUMENT;
use protocol::{Client, Micros, Policy, SECOND, client_document, registration};
use serde_json::json;
use store::StoreError;
use store::audit::AuditRow;
use tokio::sync::{Mutex, Semaphore};
use url::Url;

use crate::outbound::Bounds;
use crate::{Core, Peer};

const KEPT: Micros = 3600 * SECOND;
const STALE: Micros = 24 * 3600 * SECOND;
const PAUSE: Micros = 60 * SECOND;
/// > Authorization servers SHOULD limit the response size … a recommended maximum … is 5 kilobytes … The authorization
/// > server MUST NOT automatically follow HTTP redirects
const BOUNDS: Bounds = Bounds { largest: 16 * 1024, deadline: Duration::from_secs(4), redirects: 0 };
/// New clients of one host within a day.
const MOST_OF_A_HOST: i64 = 100;
const DAY: Micros = 24 * HOUR;
const HOUR: Micros = 3600 * SECOND;
/// Addresses that are not known, asked for one network within an hour: each client is new once.
const MOST_OF_A_NETWORK: i64 = 60;
/// Questions at the same time about those that are known, and so many about others.
const AT_ONCE: usize = 8;
const PLACES: u64 = 10_000;

/// That such clients are taken, and when each was last asked for.
pub struct Documents {
    policy: Policy,
    asked: Cache<String, Arc<Mutex<Asked>>>,
    /// For those that are known, and for others.
    places: [Semaphore; 2],
}

#[derive(Default)]
struct Asked {
    /// When the document last stood there.
    seen: Option<Micros>,
    /// No question before.
    next: Micros,
}

impl Documents {
    /// `policy`: what documents are held to, like every registration.
    pub fn new(policy: Policy) -> Documents {
        Documents { policy, asked: Cache::new(PLACES), places: [AT_ONCE; 2].map(Semaphore::new) }
    }
}

impl Core {
    /// The client of this id: registered, or of a document where such are taken. `peer` is who comes with it.
    pub async fn client(&self, id: &str, peer: Peer) -> Result<Option<Arc<Client>>, StoreError> {
        if !client_document::is_identifier(id) {
            return self.store.client(id).await;
        }
        match &self.documents {
            Some(documents) => self.client_of_document(documents, id, peer).await,
            None => Ok(None),
        }
    }

    async fn client_of_document(
        &self,
        documents: &Documents,
        id: &str,
        peer: Peer,
    ) -> Result<Option<Arc<Client>>, StoreError> {
        let known = self.store.client(id).await?;
        if known.as_ref().is_some_and(|client| client.registered_by != BY_DOCUMENT) {
            return Ok(known);
        }
        let place = documents.asked.get_with_by_ref(id, Arc::default);
        let mut asked = place.lock().await;
        let now = self.now();
        // Where too many are being asked, whoever is known already goes on.
        let is_known = known.is_some();
        if now >= asked.next
            && let Ok(_place) = documents.places[usize::from(!is_known)].try_acquire()
            && (is_known || self.may_bring_new(peer).await?)
        {
            match self.document(documents, id, known.as_deref()).await {
                Ok(client) => {
                    asked.seen = Some(now);
                    asked.next = now + KEPT;
                    return self.keep_document(known.as_deref(), client).await;
                }
                Err(why) => {
                    tracing::info!(client = id, why, "a client's document is not taken");
                    asked.next = now + PAUSE;
                }
            }
        }
        // What this node has not seen itself counts from when it was written.
        let seen = asked.seen.or(known.as_ref().map(|client| client.updated_at));
        Ok(known.filter(|_| seen.is_some_and(|seen| now < seen + STALE)))
    }

    /// One more try of this network with an address that is not known.
    async fn may_bring_new(&self, peer: Peer) -> Result<bool, StoreError> {
        let network = peer.network();
        let digest = keyring::digest(format!("document of\0{network}").as_bytes()).to_vec();
        let free = self.store.count_up(digest, MOST_OF_A_NETWORK, HOUR, self.now()).await?.is_none();
        if !free {
            tracing::warn!(network, "too many new clients' documents from one network");
        }
        Ok(free)
    }

    async fn document(
        &self,
        documents: &Documents,
        id: &str,
        before: Option<&Client>,
    ) -> Result<Client, String> {
        let said = |error: &dyn std::fmt::Display| error.to_string();
        let url = Url::parse(id).map_err(|error| said(&error))?;
        let bytes = self.outbound.get(&url, BOUNDS).await.map_err(|error| said(&error))?;
        let document = serde_json::from_slice(&bytes).map_err(|error| said(&error))?;
        let client = client_document::read(id, document, before, &documents.policy, self.now())
            .map_err(|error| said(&error))?;
        if let Some(jwks) = &client.jwks {
            check_key_set(jwks).map_err(|error| said(&error))?;
        }
        self.check_sector(&client).await.map_err(|error| said(&error))?;
        Ok(client)
    }

    /// Written where it says something else than before.
    async fn keep_document(
        &self,
        before: Option<&Client>,
        mut client: Client,
    ) -> Result<Option<Arc<Client>>, StoreError> {
        let id = client.id.clone();
        let trust_ended = before.is_some_and(|before| registration::ends_with_change(before, &mut client));
        let entry = |action: &str| AuditRow {
            id: self.random.id(),
            at: self.now(),
            actor: Some(BY_DOCUMENT.to_owned()),
            action: action.to_owned(),
            subject: id.clone(),
            detail: match trust_ended {
                true => json!({ "name": client.name, "trust_ended": true }).to_string(),
                false => json!({ "name": client.name }).to_string(),
            },
        };
        match before {
            None => {
                let host = Url::parse(&id)
                    .ok()
                    .and_then(|url| url.host_str().map(str::to_owned))
                    .unwrap_or_default();
                let count = keyring::digest(format!("document\0{host}").as_bytes()).to_vec();
                if self.store.count_up(count, MOST_OF_A_HOST, DAY, self.now()).await?.is_some() {
                    tracing::warn!(host, "a host has too many new clients");
                    return Ok(None);
                }
                match self.store.register_client(client.clone(), None, entry("client.registered")).await {
                    // Another node was first.
                    Ok(_) | Err(StoreError::Conflict(_)) => {}
                    Err(error) => return Err(error),
                }
            }
            Some(before) => {
                let same = Client { updated_at: before.updated_at, ..client.clone() };
                if same != *before {
                    // Whoever was faster has written the same, or an administrator something newer.
                    let entry = entry("client.replaced");
                    self.store.replace_client(client, before.updated_at, entry).await?;
                }
            }
        }
        self.store.client(&id).await
    }
}
