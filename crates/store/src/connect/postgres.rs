//! PostgreSQL: a pool of diesel-async connections, and transactions that say when their outcome is unknown.

use std::{
    ops::{Deref, DerefMut},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use diesel::ConnectionError;
use diesel_async::{
    AnsiTransactionManager, AsyncPgConnection, TransactionManager,
    pooled_connection::{
        AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
        deadpool::{Object, Pool},
    },
};
use futures_util::FutureExt;
use tokio_postgres::NoTls;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{tls, url::PostgresUrl};
use crate::{Settings, StoreError};

#[derive(Clone)]
pub(crate) struct Postgres {
    pool: Pool<AsyncPgConnection>,
    wait: Duration,
    patience: Duration,
    pub(crate) dialer: Arc<Dialer>,
}

/// Makes connections: the pool's, and the one that listens for changes.
pub(crate) struct Dialer {
    config: tokio_postgres::Config,
    tls: Option<MakeRustlsConnect>,
}

impl Dialer {
    fn new(url: &PostgresUrl, settings: &Settings) -> Result<Self, StoreError> {
        let mut config = tokio_postgres::Config::from_str(&url.url)
            .map_err(|error| StoreError::Settings(format!("database.url cannot be used: {error}.")))?;
        let tls = tls::connector(url)?;
        config.ssl_mode(if tls.is_some() {
            tokio_postgres::config::SslMode::Require
        } else {
            tokio_postgres::config::SslMode::Disable
        });
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(settings.pool_wait);
        }
        if config.get_application_name().is_none() {
            config.application_name("visage");
        }
        // A server that vanished without a word (failover, firewall) is found out in seconds, not when TCP gives up.
        config
            .tcp_user_timeout(settings.statement_timeout)
            .keepalives(true)
            .keepalives_idle(Duration::from_secs(5))
            .keepalives_interval(Duration::from_secs(2))
            .keepalives_retries(2);
        // A statement that hangs must not hold a connection; a node that froze must not hold row locks.
        let limits = format!(
            "-c statement_timeout={} -c lock_timeout={} -c idle_in_transaction_session_timeout=15000",
            settings.statement_timeout.as_millis(),
            settings.statement_timeout.as_millis() / 2,
        );
        let options = config.get_options().map_or(limits.clone(), |given| format!("{limits} {given}"));
        config.options(options);
        Ok(Self { config, tls })
    }

    pub(crate) async fn connect(&self) -> Result<AsyncPgConnection, ConnectionError> {
        let failed = |error: tokio_postgres::Error| ConnectionError::BadConnection(describe(&error));
        match &self.tls {
            Some(tls) => {
                let (client, connection) = self.config.connect(tls.clone()).await.map_err(failed)?;
                AsyncPgConnection::try_from_client_and_connection(client, connection).await
            }
            None => {
                let (client, connection) = self.config.connect(NoTls).await.map_err(failed)?;
                AsyncPgConnection::try_from_client_and_connection(client, connection).await
            }
        }
    }

    pub(crate) fn parts(&self) -> (&tokio_postgres::Config, Option<&MakeRustlsConnect>) {
        (&self.config, self.tls.as_ref())
    }
}

/// tokio-postgres says only "error connecting to server"; the cause is one level down.
fn describe(error: &tokio_postgres::Error) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

impl Postgres {
    pub fn open(url: &PostgresUrl, settings: &Settings) -> Result<Self, StoreError> {
        let dialer = Arc::new(Dialer::new(url, settings)?);
        let mut manager = ManagerConfig::<AsyncPgConnection>::default();
        // The default asks the server at every checkout: a round trip that the statement itself makes anyway.
        manager.recycling_method = RecyclingMethod::Fast;
        let dial = dialer.clone();
        manager.custom_setup = Box::new(move |_| {
            let dial = dial.clone();
            async move { dial.connect().await }.boxed()
        });
        let pool = Pool::builder(AsyncDieselConnectionManager::new_with_config("", manager))
            .max_size(settings.pool_size)
            .build()
            .map_err(|error| StoreError::Settings(error.to_string()))?;
        // Longer than the server's own limit, so that it is the server that says no as long as it can speak.
        let patience = settings.statement_timeout + Duration::from_secs(1);
        Ok(Self { pool, wait: settings.pool_wait, patience, dialer })
    }

    pub async fn connection(&self) -> Result<Object<AsyncPgConnection>, StoreError> {
        match tokio::time::timeout(self.wait, self.pool.get()).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) => Err(StoreError::Unavailable(error.to_string())),
            Err(_) => Err(StoreError::Unavailable("no connection became free in time".into())),
        }
    }

    pub async fn transaction(&self) -> Result<Transaction, StoreError> {
        let mut connection = self.connection().await?;
        let begun = self
            .within(async { Ok(AnsiTransactionManager::begin_transaction(&mut *connection).await?) })
            .await;
        match begun {
            Ok(()) => Ok(Transaction { connection, patience: self.patience }),
            Err(error) => {
                drop(Object::take(connection));
                Err(error)
            }
        }
    }

    /// The client's side of every limit: `statement_timeout` is kept by the server, and a server that is gone keeps nothing.
    pub async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        within(self.patience, work).await
    }

    pub fn close(&self) {
        self.pool.close();
    }
}

async fn within<T>(
    patience: Duration,
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let silent = |_| Err(StoreError::Unavailable("the database did not answer in time".into()));
    tokio::time::timeout(patience, work).await.unwrap_or_else(silent)
}

/// Back to the pool, unless the database was away: nobody knows what such a connection is still waiting for.
pub(crate) fn give_back<T>(connection: Object<AsyncPgConnection>, outcome: &Result<T, StoreError>) {
    if matches!(outcome, Err(StoreError::Unavailable(_))) {
        drop(Object::take(connection));
    }
}

/// An open transaction. Dropped without `finish`, its connection is closed by the pool, which rolls it back.
pub(crate) struct Transaction {
    connection: Object<AsyncPgConnection>,
    patience: Duration,
}

impl Deref for Transaction {
    type Target = AsyncPgConnection;
    fn deref(&self) -> &AsyncPgConnection {
        &self.connection
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        &mut self.connection
    }
}

impl Transaction {
    /// Commits what succeeded, rolls back what did not.
    ///
    /// # Errors
    /// A `COMMIT` that fails has an unknown outcome: the answer is `Unavailable`, and nothing is tried again here.
    pub async fn finish<T>(mut self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        let finished = match outcome {
            Ok(value) => {
                let commit = AnsiTransactionManager::commit_transaction(&mut *self.connection);
                match within(self.patience, async { Ok(commit.await?) }).await {
                    Ok(()) => Ok(value),
                    Err(error) => {
                        Err(StoreError::Unavailable(format!("the commit was not confirmed: {error}")))
                    }
                }
            }
            // Closing the connection rolls back as well, and does not ask a server that may be away.
            Err(StoreError::Unavailable(why)) => Err(StoreError::Unavailable(why)),
            Err(error) => {
                let rollback = AnsiTransactionManager::rollback_transaction(&mut *self.connection);
                match within(self.patience, async { Ok(rollback.await?) }).await {
                    Ok(()) => Err(error),
                    Err(_) => {
                        drop(Object::take(self.connection));
                        return Err(error);
                    }
                }
            }
        };
        give_back(self.connection, &finished);
        finished
    }
}
