//! What every command stands on: the configuration, an open database, a runtime to wait in.

use std::{pin::Pin, time::Duration};

use keyring::Random;
use store::{DatabaseUrl, Store, StoreError};
use web::{Clock, System};

use crate::{
    config::{Config, Loaded},
    failure::Failure,
};

pub struct Place {
    pub config: Config,
    pub store: Store,
    pub random: Random,
}

impl Place {
    pub fn now(&self) -> protocol::Micros {
        System.now()
    }

    /// Writes the audit row of something that was done on the command line.
    pub async fn record(
        &self,
        action: &str,
        subject: &str,
        detail: serde_json::Value,
    ) -> Result<(), Failure> {
        Ok(self.store.record(self.entry(action, subject, detail)).await?)
    }

    /// The same, for a change that writes it itself.
    pub fn entry(&self, action: &str, subject: &str, detail: serde_json::Value) -> store::audit::AuditRow {
        store::audit::AuditRow {
            id: self.random.id(),
            at: self.now(),
            actor: Some("command".to_owned()),
            action: action.to_owned(),
            subject: subject.to_owned(),
            detail: detail.to_string(),
        }
    }
}

/// What a command makes of a SQLite file that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// In a wrong folder there is none, and a command that answers of an empty one would seem to have worked.
    Refused,
    /// An installation may begin with it.
    Made,
}

impl Missing {
    pub fn made_if(begins: bool) -> Self {
        if begins { Self::Made } else { Self::Refused }
    }
}

/// Opens the database of the configuration, with its schema up to date, and runs `act` on it.
pub fn run<T>(
    loaded: Loaded,
    missing: Missing,
    act: impl AsyncFnOnce(&Place) -> Result<T, Failure>,
) -> Result<T, Failure> {
    if let DatabaseUrl::Sqlite(path) = DatabaseUrl::parse(loaded.config.database.url.expose())?
        && missing == Missing::Refused
        && !path.exists()
    {
        return Err(Failure::new(format!(
            "there is no database at {}. Run this where the installation is, or name its configuration with \
             --config; `visage serve` makes a new one.",
            path.display()
        )));
    }
    wait(async {
        let place = open(loaded.config).await?;
        let result = act(&place).await;
        place.store.close().await;
        result
    })
}

/// A small runtime for one command.
///
/// The future is boxed so that it is compiled once: handed on as it is, the compiler copies it, with every query that it
/// awaits, into each place of the runtime that may poll it (the binary was 1 MB larger).
pub fn wait<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    install_tls();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let future: Pin<Box<dyn Future<Output = Result<T, Failure>> + '_>> = Box::pin(future);
    runtime.block_on(future)
}

pub async fn open(config: Config) -> Result<Place, Failure> {
    let store = Store::open(&database(&config)).await?;
    bring_up_to_date(&config, &store).await?;
    Ok(Place { config, store, random: Random::system() })
}

/// Applies what is pending, or says what to do where the operator wants to do it.
pub async fn bring_up_to_date(config: &Config, store: &Store) -> Result<(), Failure> {
    if config.database.auto_migrate {
        store.migrate().await?;
        return Ok(());
    }
    let pending = store.migrations().await?.iter().filter(|migration| !migration.applied).count();
    if pending == 0 {
        return Ok(());
    }
    Err(Failure::new(format!(
        "the database lacks {pending} migration(s) and `database.auto_migrate` is false. Run `visage migrate` first."
    )))
}

pub fn database(config: &Config) -> store::Settings {
    let mut settings = store::Settings::new(config.database.url.expose());
    settings.pool_size = config.database.pool_size;
    settings.pool_wait = Duration::from_secs(2);
    settings.cache = config.cache.enabled;
    settings
}

/// rustls has no provider of its own choice here: aws-lc-rs, once a process.
pub fn install_tls() {
    // An error only says that it was installed before.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::new(error.to_string())
    }
}
