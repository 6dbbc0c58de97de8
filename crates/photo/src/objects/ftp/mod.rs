//! Objects as files of an FTP server, plain or with TLS (seed 004).
//!
//! FTP knows neither "create" nor "durable": an upload gets a name of its own, its size is asked for, and then it is
//! renamed. Two writers of one name are kept apart within this process alone; keys are random, so there are none.
//! Content type and cache policy are the web server's that shows the files, or ours (`/media/`).

mod listing;
mod session;
mod tls;
mod walk;

use super::patience::Patience;
use super::{FtpAddress, ObjectError, ObjectStore, Page};
use crate::key::ObjectKey;
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use keyring::{Random, Secret};
use protocol::Micros;
use session::{PARTS, Put, Session, failed};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use suppaftp::FtpError;
use suppaftp::tokio_rustls::rustls::ClientConfig;
use tokio::sync::Semaphore;
use tokio::time::Instant;

const PATIENCE: Patience = Patience { attempt: Duration::from_secs(4), deadline: Duration::from_secs(12) };
/// For a connection to become free.
const TURN: Duration = Duration::from_secs(10);
/// Hosters allow some eight at once for one user.
const CONNECTIONS: usize = 4;
/// Servers close what is idle for longer, some after a minute.
const IDLE: Duration = Duration::from_secs(30);

#[derive(Debug, Clone)]
pub struct FtpSettings {
    pub address: FtpAddress,
    /// Instead of the one in the address.
    pub password: Option<Secret>,
    /// Further roots (PEM) for the server's certificate.
    pub ca_file: Option<PathBuf>,
}

#[derive(Clone)]
pub struct Ftp(Arc<Inner>);

struct Inner {
    address: FtpAddress,
    /// As it may be shown.
    name: String,
    password: Secret,
    tls: Option<ClientConfig>,
    turns: Semaphore,
    idle: Mutex<Vec<(Session, Instant)>>,
    writers: [tokio::sync::Mutex<()>; 32],
}

impl fmt::Debug for Ftp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ftp").field(&self.0.name).finish()
    }
}

impl Ftp {
    /// Connects with the first call, so a server that is down is no error here.
    pub fn open(settings: &FtpSettings) -> Result<Self, ObjectError> {
        let address = settings.address.clone();
        let Some(password) = settings.password.clone().or(address.password.clone()) else {
            let why = "needs a password: set `password` (`photos.password` for `photos.store`)";
            return Err(ObjectError::Denied(why.into()));
        };
        let tls = address.encrypted.then(|| tls::config(settings.ca_file.as_deref())).transpose()?;
        Ok(Self(Arc::new(Inner {
            name: address.to_string(),
            address,
            password,
            tls,
            turns: Semaphore::new(CONNECTIONS),
            idle: Mutex::default(),
            writers: std::array::from_fn(|_| tokio::sync::Mutex::default()),
        })))
    }

    /// Does `work` on a connection, again on another where that may help. What fails or is cut off in the middle takes
    /// its connection with it.
    async fn call<T, W>(&self, work: W) -> Result<T, ObjectError>
    where
        T: Send,
        W: for<'a> Fn(&'a mut Session) -> BoxFuture<'a, Result<T, FtpError>> + Send + Sync,
    {
        let turn = tokio::time::timeout(TURN, self.0.turns.acquire()).await;
        let Ok(Ok(_turn)) = turn else { return Err(ObjectError::Timeout) };
        let attempt = || async {
            let mut session = self.session().await.map_err(failed)?;
            let done = work(&mut session).await.map_err(failed)?;
            self.idle().push((session, Instant::now()));
            Ok(done)
        };
        PATIENCE.call(&self.0.name, attempt).await
    }

    /// One that was used a moment ago, or a new one.
    async fn session(&self) -> Result<Session, FtpError> {
        let waiting = {
            let mut idle = self.idle();
            idle.retain(|(_, since)| since.elapsed() < IDLE);
            idle.pop()
        };
        if let Some((mut session, _)) = waiting
            && session.is_alive().await
        {
            return Ok(session);
        }
        Session::open(&self.0.address, &self.0.password, self.0.tls.as_ref()).await
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<(Session, Instant)>> {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For writers of one name to stand in line.
    fn writers(&self, key: &ObjectKey) -> &tokio::sync::Mutex<()> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let place = usize::try_from(hasher.finish() % 32).unwrap_or(0);
        &self.0.writers[place]
    }
}

#[async_trait]
impl ObjectStore for Ftp {
    async fn put(&self, key: &ObjectKey, body: Bytes) -> Result<(), ObjectError> {
        let alone = tokio::time::timeout(TURN, self.writers(key).lock()).await;
        let Ok(_alone) = alone else { return Err(ObjectError::Timeout) };
        let name = key.as_str().to_owned();
        let put = self.call(|session| session.put(name.clone(), body.clone(), Random::system().id()).boxed());
        match put.await? {
            Put::Stored => Ok(()),
            Put::Taken => Err(ObjectError::AlreadyExists),
        }
    }

    async fn get(&self, key: &ObjectKey, most: usize) -> Result<Option<Bytes>, ObjectError> {
        let name = key.as_str().to_owned();
        let found = self.call(|session| session.get(name.clone(), most).boxed()).await?;
        found.map(|body| body.map_err(|_| ObjectError::TooLarge)).transpose()
    }

    async fn exists(&self, key: &ObjectKey) -> Result<bool, ObjectError> {
        let name = key.as_str().to_owned();
        self.call(|session| session.exists(name.clone()).boxed()).await
    }

    async fn delete(&self, key: &ObjectKey) -> Result<bool, ObjectError> {
        let name = key.as_str().to_owned();
        self.call(|session| session.delete(name.clone()).boxed()).await
    }

    async fn list(&self, prefix: &str, cursor: Option<String>, limit: usize) -> Result<Page, ObjectError> {
        let prefix = prefix.to_owned();
        self.call(|session| session.page(prefix.clone(), cursor.clone(), limit).boxed()).await
    }

    /// Uploads that broke off.
    async fn tidy(&self, older_than: Micros) -> Result<usize, ObjectError> {
        self.call(|session| session.tidy(older_than).boxed()).await
    }
}

impl Session {
    async fn tidy(&mut self, older_than: Micros) -> Result<usize, FtpError> {
        let mut removed = 0;
        for part in self.folder(PARTS).await? {
            let name = format!("{PARTS}/{}", part.name);
            if part.is_folder || !part.name.ends_with(".part") {
                continue;
            }
            let written_at = part.written_at + self.clock_error(&name, part.written_at).await?;
            if written_at < older_than && self.delete(name).await? {
                removed += 1;
            }
        }
        Ok(removed)
    }
}
