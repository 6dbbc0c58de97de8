//! Brings the schema up to date. The migrations are embedded; both folders hold the same names.

use diesel::{
    connection::SimpleConnection, migration::MigrationSource, pg::Pg, sqlite::Sqlite as SqliteBackend,
};
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::{Store, StoreError, connect::Backend};

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// Two nodes that start at once take turns on this advisory lock ("visage" in ASCII).
const LOCK: i64 = 0x7669_7361_6765;

/// One migration by its name, and whether the database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    pub name: String,
    pub applied: bool,
}

/// Every migration that this binary knows, in order.
pub fn migration_names() -> Vec<String> {
    let known = MigrationSource::<SqliteBackend>::migrations(&SQLITE).unwrap_or_default();
    let mut names: Vec<String> = known.iter().map(|migration| migration.name().to_string()).collect();
    names.sort();
    names
}

impl Store {
    /// Applies what is pending, in order; returns the names applied now.
    pub async fn migrate(&self) -> Result<Vec<String>, StoreError> {
        match self.backend() {
            Backend::Sqlite(sqlite) => {
                let mut connection = sqlite.separate()?;
                // The schema's version is read again inside each migration's transaction; the file lock orders processes.
                run_sqlite(&mut connection)
            }
            Backend::Postgres(postgres) => {
                let mut connection = postgres.dialer.connect().await?;
                connection
                    .batch_execute(&format!(
                        "SET statement_timeout=0; SET lock_timeout='10s'; SELECT pg_advisory_lock({LOCK})"
                    ))
                    .await?;
                // Dropping the connection gives the lock back, whatever happens.
                blocking(move || run_postgres(AsyncMigrationHarness::new(connection))).await
            }
        }
    }

    /// Every migration that this binary knows. Changes nothing.
    pub async fn migrations(&self) -> Result<Vec<Migration>, StoreError> {
        match self.backend() {
            Backend::Sqlite(sqlite) => {
                let mut connection = sqlite.separate()?;
                let pending = names(connection.pending_migrations(SQLITE))?;
                let known = MigrationSource::<SqliteBackend>::migrations(&SQLITE).map_err(fault)?;
                Ok(list(known.iter().map(|migration| migration.name().to_string()), &pending))
            }
            Backend::Postgres(postgres) => {
                let connection = postgres.dialer.connect().await?;
                blocking(move || {
                    let mut harness = AsyncMigrationHarness::new(connection);
                    let pending = names(harness.pending_migrations(POSTGRES))?;
                    let known = MigrationSource::<Pg>::migrations(&POSTGRES).map_err(fault)?;
                    Ok(list(known.iter().map(|migration| migration.name().to_string()), &pending))
                })
                .await
            }
        }
    }
}

fn run_sqlite(connection: &mut diesel::SqliteConnection) -> Result<Vec<String>, StoreError> {
    if names(connection.pending_migrations(SQLITE))?.is_empty() {
        return Ok(Vec::new());
    }
    // One process at a time: the second waits for the file lock here and then finds nothing pending.
    connection.batch_execute("BEGIN EXCLUSIVE")?;
    let applied = apply_within(connection);
    match &applied {
        Ok(_) => connection.batch_execute("COMMIT")?,
        Err(_) => connection.batch_execute("ROLLBACK")?,
    }
    applied
}

/// Runs the statements of each pending migration in the transaction that is open already.
fn apply_within(connection: &mut diesel::SqliteConnection) -> Result<Vec<String>, StoreError> {
    let mut applied = Vec::new();
    for migration in connection.pending_migrations(SQLITE).map_err(fault)? {
        migration.run(connection).map_err(fault)?;
        diesel::RunQueryDsl::execute(
            diesel::sql_query("INSERT INTO __diesel_schema_migrations (version) VALUES (?)")
                .bind::<diesel::sql_types::Text, _>(migration.name().version().to_string()),
            connection,
        )?;
        applied.push(migration.name().to_string());
    }
    Ok(applied)
}

fn run_postgres(mut harness: AsyncMigrationHarness<AsyncPgConnection>) -> Result<Vec<String>, StoreError> {
    let mut applied = names(harness.pending_migrations(POSTGRES))?;
    applied.sort();
    harness.run_pending_migrations(POSTGRES).map_err(fault)?;
    Ok(applied)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(StoreError::Fault(error.to_string())))
}

type Pending<DB> = diesel::migration::Result<Vec<Box<dyn diesel::migration::Migration<DB>>>>;

fn names<DB: diesel::backend::Backend>(pending: Pending<DB>) -> Result<Vec<String>, StoreError> {
    Ok(pending.map_err(fault)?.iter().map(|migration| migration.name().to_string()).collect())
}

fn list(known: impl Iterator<Item = String>, pending: &[String]) -> Vec<Migration> {
    let mut all: Vec<Migration> =
        known.map(|name| Migration { applied: !pending.contains(&name), name }).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

fn fault(error: Box<dyn std::error::Error + Send + Sync>) -> StoreError {
    StoreError::Fault(format!("migration: {error}"))
}
