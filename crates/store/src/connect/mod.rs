//! Opening databases: which one a URL means, the PostgreSQL pool and TLS, the SQLite readers and writer.

mod postgres;
mod sqlite;
mod tls;
mod url;

pub use url::DatabaseUrl;
pub(crate) use {
    postgres::{Dialer, Postgres, give_back},
    sqlite::{Lite, Sqlite},
};

use crate::{Settings, StoreError};

pub(crate) enum Backend {
    Postgres(Postgres),
    Sqlite(Sqlite),
}

impl Backend {
    pub async fn open(url: &DatabaseUrl, settings: &Settings) -> Result<Self, StoreError> {
        match url {
            DatabaseUrl::Sqlite(path) => Sqlite::open(path, settings.write_queue).map(Self::Sqlite),
            DatabaseUrl::Postgres(url) => Postgres::open(url, settings).map(Self::Postgres),
        }
    }

    pub fn kind(&self) -> &'static str {
        match self {
            Self::Postgres(_) => "postgres",
            Self::Sqlite(_) => "sqlite",
        }
    }

    pub async fn close(&self) {
        match self {
            Self::Postgres(postgres) => postgres.close(),
            Self::Sqlite(sqlite) => sqlite.close().await,
        }
    }
}

/// Runs a write to its end even when the request that asked for it is dropped.
pub(crate) async fn detached<T, F>(work: F) -> Result<T, StoreError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, StoreError>> + Send + 'static,
{
    tokio::spawn(work).await.unwrap_or_else(|error| Err(StoreError::Fault(error.to_string())))
}
