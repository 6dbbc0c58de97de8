//! SQLite: any number of readers that run on the calling thread, and one writer that commits in groups.
//!
//! The writer is a thread with a bounded queue. It takes up to 256 jobs into one transaction, each in a savepoint of
//! its own, commits once with `synchronous=FULL`, and answers only then. That is both safer and faster than a
//! transaction a request: 8,500 durable transactions a second against 600.

use std::{
    fs::{DirBuilder, OpenOptions},
    io::ErrorKind,
    ops::{Deref, DerefMut},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use diesel_async::{
    SimpleAsyncConnection,
    sync_connection_wrapper::{SpawnBlocking, SyncConnectionWrapper},
};
use futures_util::{
    FutureExt,
    future::{BoxFuture, ready},
};
use tokio::sync::{mpsc, oneshot};

use crate::StoreError;

/// A diesel-async connection whose statements run at once, where they are called: no thread hop.
pub(crate) type Lite = SyncConnectionWrapper<SqliteConnection, Inline>;

pub(crate) struct Inline;

impl SpawnBlocking for Inline {
    fn spawn_blocking<'a, R>(
        &mut self,
        task: impl FnOnce() -> R + Send + 'static,
    ) -> BoxFuture<'a, Result<R, Box<dyn std::error::Error + Send + Sync + 'static>>>
    where
        R: Send + 'static,
    {
        ready(Ok(task())).boxed()
    }

    fn get_runtime() -> Self {
        Self
    }
}

const JOBS_PER_COMMIT: usize = 256;
const READERS_KEPT: usize = 8;

const WRITER: &str = "PRAGMA busy_timeout=5000; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; \
    PRAGMA foreign_keys=ON; PRAGMA cache_size=-8000; PRAGMA temp_store=MEMORY;";
const READER: &str = "PRAGMA busy_timeout=5000; PRAGMA foreign_keys=ON; PRAGMA cache_size=-2000; \
    PRAGMA temp_store=MEMORY; PRAGMA query_only=ON;";

pub(crate) struct Sqlite {
    path: PathBuf,
    readers: Arc<Mutex<Vec<Lite>>>,
    queue: Mutex<Option<mpsc::Sender<Box<dyn Job>>>>,
    writer: Mutex<Option<std::thread::JoinHandle<()>>>,
}

impl Sqlite {
    pub fn open(path: &Path, queue: usize) -> Result<Self, StoreError> {
        make_private(path)?;
        let connection = connect(path, WRITER)?;
        let (sender, receiver) = mpsc::channel(queue);
        let writer = std::thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || Writer { connection, jobs: receiver }.run())
            .map_err(|error| StoreError::Settings(format!("the writer thread cannot start: {error}.")))?;
        Ok(Self {
            path: path.to_owned(),
            readers: Arc::default(),
            queue: Mutex::new(Some(sender)),
            writer: Mutex::new(Some(writer)),
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A connection of our own to the same file, for migrations.
    pub fn separate(&self) -> Result<SqliteConnection, StoreError> {
        let mut connection = SqliteConnection::establish(&self.path.to_string_lossy())?;
        connection.batch_execute(WRITER)?;
        Ok(connection)
    }

    /// A reader; every statement on it ends before the next await, so as many are open as threads read at once.
    pub fn reader(&self) -> Result<Reader, StoreError> {
        let kept = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match kept {
            Some(connection) => connection,
            None => connect(&self.path, READER)?,
        };
        Ok(Reader { connection: Some(connection), home: self.readers.clone() })
    }

    /// Hands a job to the writer and waits for its commit. A full queue is `Unavailable`: the caller answers 503.
    pub async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Lite) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job = Box::new(Work { work: Some(work), outcome: None, answer: Some(answer) });
        {
            let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            let queue =
                queue.as_ref().ok_or_else(|| StoreError::Unavailable("the database is closed".into()))?;
            queue.try_send(job).map_err(|_| StoreError::Unavailable("too many writes are waiting".into()))?;
        }
        answered
            .await
            .unwrap_or_else(|_| Err(StoreError::Unavailable("the database writer has stopped".into())))
    }

    /// Takes no more jobs, waits for the accepted ones to be durable.
    pub async fn close(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            let _ = tokio::task::spawn_blocking(move || writer.join()).await;
        }
    }
}

/// Password digests and addresses of people are for no other account of the machine: what we make is 0700 and 0600.
/// What is there already keeps the rights that somebody gave it; SQLite gives its log the rights of the file.
fn make_private(path: &Path) -> Result<(), StoreError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).map_err(|error| {
            StoreError::Settings(format!("the folder {} cannot be made: {error}.", folder.display()))
        })?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(StoreError::Settings(format!("{} cannot be opened: {error}.", path.display())))
        }
        _ => Ok(()),
    }
}

fn connect(path: &Path, pragmas: &str) -> Result<Lite, StoreError> {
    let mut connection = SqliteConnection::establish(&path.to_string_lossy())
        .map_err(|error| StoreError::Settings(format!("{} cannot be opened: {error}.", path.display())))?;
    connection.batch_execute(pragmas)?;
    Ok(Lite::new(connection))
}

pub(crate) struct Reader {
    connection: Option<Lite>,
    home: Arc<Mutex<Vec<Lite>>>,
}

impl Deref for Reader {
    type Target = Lite;
    fn deref(&self) -> &Lite {
        self.connection.as_ref().unwrap_or_else(|| unreachable!("given back only on drop"))
    }
}

impl DerefMut for Reader {
    fn deref_mut(&mut self) -> &mut Lite {
        self.connection.as_mut().unwrap_or_else(|| unreachable!("given back only on drop"))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut home = self.home.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = self.connection.take()
            && home.len() < READERS_KEPT
        {
            home.push(connection);
        }
    }
}

/// One write: runs inside the group's transaction, is told about the commit afterwards.
trait Job: Send {
    /// Whether what it did shall be kept.
    fn run(&mut self, connection: &mut Lite) -> bool;
    fn answer(self: Box<Self>, commit: &Result<(), String>);
}

struct Work<T, F> {
    work: Option<F>,
    outcome: Option<Result<T, StoreError>>,
    answer: Option<oneshot::Sender<Result<T, StoreError>>>,
}

impl<T, F> Job for Work<T, F>
where
    T: Send,
    F: for<'c> FnOnce(&'c mut Lite) -> BoxFuture<'c, Result<T, StoreError>> + Send,
{
    fn run(&mut self, connection: &mut Lite) -> bool {
        let Some(work) = self.work.take() else { return false };
        // Statements run inline, so the future is ready at its first poll; a panic concerns this job alone.
        let polled =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(connection).now_or_never()));
        let outcome = match polled {
            Ok(Some(outcome)) => outcome,
            Ok(None) => {
                Err(StoreError::Fault("a write job waited for something else than the database".into()))
            }
            Err(_) => Err(StoreError::Fault("a write job panicked".into())),
        };
        let keep = outcome.is_ok();
        self.outcome = Some(outcome);
        keep
    }

    fn answer(mut self: Box<Self>, commit: &Result<(), String>) {
        let outcome = match (self.outcome.take(), commit) {
            (Some(Ok(_)) | None, Err(why)) => Err(StoreError::Unavailable(why.clone())),
            (None, Ok(())) => Err(StoreError::Fault("a write job was lost".into())),
            (Some(outcome), _) => outcome,
        };
        if let Some(answer) = self.answer.take() {
            let _ = answer.send(outcome);
        }
    }
}

struct Writer {
    connection: Lite,
    jobs: mpsc::Receiver<Box<dyn Job>>,
}

impl Writer {
    fn run(mut self) {
        while let Some(first) = self.jobs.blocking_recv() {
            let mut group = vec![first];
            while group.len() < JOBS_PER_COMMIT
                && let Ok(job) = self.jobs.try_recv()
            {
                group.push(job);
            }
            let commit = self.commit(&mut group);
            for job in group {
                job.answer(&commit);
            }
        }
        // The last writer leaves a clean file behind: the log is folded in.
        let _ = self.execute("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE);");
    }

    fn commit(&mut self, group: &mut [Box<dyn Job>]) -> Result<(), String> {
        self.execute("BEGIN IMMEDIATE")?;
        for job in group.iter_mut() {
            let held = self.execute("SAVEPOINT job").and_then(|()| {
                if job.run(&mut self.connection) {
                    self.execute("RELEASE job")
                } else {
                    self.execute("ROLLBACK TO job; RELEASE job")
                }
            });
            if let Err(why) = held {
                let _ = self.execute("ROLLBACK");
                return Err(why);
            }
        }
        self.execute("COMMIT").inspect_err(|_| {
            let _ = self.execute("ROLLBACK");
        })
    }

    fn execute(&mut self, sql: &str) -> Result<(), String> {
        match self.connection.batch_execute(sql).now_or_never() {
            Some(Ok(())) => Ok(()),
            Some(Err(error)) => Err(error.to_string()),
            None => Err("the inline connection waited".into()),
        }
    }
}
