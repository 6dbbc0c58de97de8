//! What the photo room needs to know, and holds.

use crate::admission::Admission;
use crate::image::Limits;
use crate::objects::{self, StoreSettings, Stores};
use crate::pool::{Pool, PoolSettings};
use protocol::Micros;
use std::sync::Arc;
use store::pictures::Retention;
use tokio::sync::{Notify, Semaphore};

/// Objects that `/media/` holds in memory at once.
const READS: usize = 32;

#[derive(Debug, Clone)]
pub struct Settings {
    /// The first is where new photos go.
    pub stores: Vec<StoreSettings>,
    pub limits: Limits,
    pub pool: PoolSettings,
    pub retention: Retention,
    /// How long an upload waits for its confirmation.
    pub staged_for: Micros,
    /// Seconds for which others may keep a stored object.
    pub max_age: u32,
    /// Of one person.
    pub uploads_per_hour: usize,
    /// Whether an address may be sent instead of a file.
    pub import_by_url: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            stores: Vec::new(),
            limits: Limits::default(),
            pool: PoolSettings::default(),
            retention: Retention { delete_after: 10_000_000, keep_versions: 0 },
            staged_for: 86_400_000_000,
            max_age: 86_400,
            uploads_per_hour: 100,
            import_by_url: false,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Store(#[from] objects::OpenError),
    #[error("cannot start the threads that work on photos: {0}")]
    Threads(#[from] std::io::Error),
}

/// Cheap to clone; clones share everything.
#[derive(Debug, Clone)]
pub struct State {
    pub stores: Stores,
    pub pool: Pool,
    pub limits: Limits,
    pub retention: Retention,
    pub staged_for: Micros,
    pub max_age: u32,
    pub uploads_per_hour: usize,
    pub import_by_url: bool,
    /// Uploads whose bytes may lie in memory at once: as many as the pool runs and queues.
    pub(crate) admission: Admission,
    pub(crate) reads: Arc<Semaphore>,
    pub(crate) tally: crate::tally::Tally,
    /// Wakes the deletion worker of this process.
    pub(crate) superseded: Arc<Notify>,
    pub(crate) initials: crate::initials::Album,
    pub(crate) logos: crate::logo::Logos,
}

impl State {
    pub async fn open(settings: &Settings) -> Result<Self, OpenError> {
        let stores = Stores::open(&settings.stores).await?;
        Ok(Self::with_stores(stores, settings)?)
    }

    pub fn with_stores(stores: Stores, settings: &Settings) -> std::io::Result<Self> {
        Ok(Self {
            stores,
            pool: Pool::start(&settings.pool, settings.limits.clone())?,
            limits: settings.limits.clone(),
            retention: settings.retention,
            staged_for: settings.staged_for,
            max_age: settings.max_age,
            uploads_per_hour: settings.uploads_per_hour,
            import_by_url: settings.import_by_url,
            admission: Admission::new(settings.pool.threads.max(1) + settings.pool.queue),
            reads: Arc::new(Semaphore::new(READS)),
            tally: crate::tally::Tally::default(),
            superseded: Arc::default(),
            initials: crate::initials::Album::default(),
            logos: crate::logo::Logos::default(),
        })
    }
}
