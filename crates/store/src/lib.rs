//! The database: one file per table family, plain structs at the door.
//!
//! SQLite and PostgreSQL from one schema and one query text: [`query`] holds the macros `read!`, `write!` and
//! `change!`, which expand a query once against each concrete connection type. [`connect`] opens databases,
//! [`freshness`] tells for how long what was read may be kept in memory, `migrate` brings the schema up to date.
//! Every other module is one family of tables. Times are Unix microseconds; handles arrive as SHA-256 digests.

#[macro_use]
mod query;

pub mod attempts;
pub mod audit;
pub mod clients;
pub mod codes;
mod connect;
pub mod consents;
pub mod deletions;
pub mod device_codes;
pub mod dump;
mod error;
pub mod events;
pub mod expiry;
pub mod freshness;
pub mod galleries;
pub mod grants;
pub mod interactions;
pub mod keys;
pub mod logos;
pub mod logout;
mod migrate;
pub mod moves;
pub mod opaque_tokens;
pub mod organizations;
pub mod personal_tokens;
pub mod photo_admin;
pub mod photo_blocks;
pub mod picture_links;
pub mod pictures;
pub mod pushed_requests;
pub mod refresh_tokens;
pub mod registrations;
pub mod revocations;
#[rustfmt::skip]
mod schema;
pub mod sessions;
pub mod settings;
pub mod users;

use std::{sync::Arc, time::Duration};

use connect::Backend;
pub use {
    connect::DatabaseUrl,
    error::StoreError,
    freshness::{Freshness, Stamp, Subject},
    migrate::{Migration, migration_names},
};

/// What a database handle needs to know; the binary fills it from the configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `sqlite://path` or `postgres://…`; the scheme alone decides.
    pub url: String,
    /// PostgreSQL connections of this process.
    pub pool_size: usize,
    /// How long a request waits for a connection before it is answered 503.
    pub pool_wait: Duration,
    /// How long PostgreSQL may work on one statement.
    pub statement_timeout: Duration,
    /// SQLite write jobs that may wait; one more is answered 503.
    pub write_queue: usize,
    /// Whether what was read may be kept in memory at all.
    pub cache: bool,
}

impl Settings {
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            pool_size: 8,
            pool_wait: Duration::from_secs(2),
            statement_timeout: Duration::from_secs(5),
            write_queue: 4096,
            cache: true,
        }
    }
}

/// One open database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    backend: Backend,
    freshness: Arc<Freshness>,
    clients: clients::Cache,
}

impl Store {
    /// Opens the database; makes the SQLite file where there is none. Nothing is migrated yet: see [`Store::migrate`].
    ///
    /// # Errors
    /// A URL of another scheme is refused with the schemes named; an unreachable server is `Unavailable`.
    pub async fn open(settings: &Settings) -> Result<Self, StoreError> {
        let url = DatabaseUrl::parse(&settings.url)?;
        let freshness = Arc::new(Freshness::new(settings.cache));
        let backend = Backend::open(&url, settings).await?;
        Ok(Self { inner: Arc::new(Inner { backend, freshness, clients: clients::Cache::new() }) })
    }

    /// The same, with the schema brought up to date: what tests and commands want.
    pub async fn open_migrated(settings: &Settings) -> Result<Self, StoreError> {
        let store = Self::open(settings).await?;
        store.migrate().await?;
        Ok(store)
    }

    pub fn freshness(&self) -> &Arc<Freshness> {
        &self.inner.freshness
    }

    pub(crate) fn backend(&self) -> &Backend {
        &self.inner.backend
    }

    /// `sqlite` or `postgres`, for logs and `visage doctor`.
    pub fn kind(&self) -> &'static str {
        self.inner.backend.kind()
    }

    /// One round trip, for readiness checks.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.epoch().await.map(drop)
    }

    /// Follows changes of other processes until the store is dropped, which makes caching possible: a lease over
    /// `LISTEN`/`NOTIFY` on PostgreSQL, `PRAGMA data_version` on SQLite. Without it every read goes to the database.
    pub fn follow_changes(&self) {
        freshness::follow(self);
    }

    /// Waits until every accepted write is durable. After it the process may end.
    pub async fn close(&self) {
        self.inner.backend.close().await;
    }
}
