//! The lease on SQLite: `PRAGMA data_version`, looked at every 50 ms by a thread of its own.
//!
//! The pragma changes when any other connection commits. Then one row is read: the epoch, which every change that
//! matters moves on. An epoch that this process did not make itself means that another process (a command) changed
//! something: everything kept is forgotten.

use std::{
    path::PathBuf,
    sync::{Weak, atomic::Ordering::SeqCst},
    time::Duration,
};

use diesel::{
    Connection, QueryDsl, QueryableByName, RunQueryDsl, SqliteConnection, connection::SimpleConnection,
};

use super::Freshness;
use crate::schema::epoch;

const LOOK_EVERY: Duration = Duration::from_millis(50);
const LEASE: u64 = 300;

#[derive(QueryableByName)]
struct DataVersion {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    data_version: i64,
}

pub fn follow(path: PathBuf, freshness: Weak<Freshness>) {
    let spawned = std::thread::Builder::new().name("sqlite-epoch".into()).spawn(move || {
        while freshness.strong_count() > 0 {
            let ended = session(&path, &freshness);
            if let Some(strong) = freshness.upgrade()
                && let Err(why) = ended
                && strong.end_lease()
            {
                tracing::warn!(%why, "changes of other processes cannot be followed; reading from the database until they can");
            }
            std::thread::sleep(LOOK_EVERY);
        }
    });
    if let Err(error) = spawned {
        tracing::error!(%error, "the thread that follows changes cannot start");
    }
}

fn session(path: &std::path::Path, freshness: &Weak<Freshness>) -> Result<(), String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let mut connection =
        SqliteConnection::establish(&path.to_string_lossy()).map_err(|error| text(&error))?;
    connection
        .batch_execute("PRAGMA busy_timeout=1000; PRAGMA query_only=ON;")
        .map_err(|error| text(&error))?;
    let mut seen = -1;
    let mut first = true;
    loop {
        let Some(strong) = freshness.upgrade() else { return Ok(()) };
        let looked_at = strong.now();
        let version = diesel::sql_query("PRAGMA data_version")
            .get_result::<DataVersion>(&mut connection)
            .map_err(|error| text(&error))?
            .data_version;
        if version != seen {
            seen = version;
            let value: i64 = epoch::table
                .find(1)
                .select(epoch::value)
                .first(&mut connection)
                .map_err(|error| text(&error))?;
            let known = strong.epoch.swap(value, SeqCst);
            if first || value > known {
                first = false;
                strong.flush();
            }
        }
        strong.lease(looked_at, LEASE);
        drop(strong);
        std::thread::sleep(LOOK_EVERY);
    }
}
