//! A fresh database a test: a SQLite file in the test's folder, or a database of its own on the PostgreSQL that
//! `VISAGE_TEST_POSTGRES_URL` names.

use std::{
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
};

use tokio_postgres::NoTls;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// A database that nobody else uses.
pub struct Database {
    pub engine: Engine,
    /// As in the setting `database.url`.
    pub url: String,
    /// For dropping it: the server's own URL and the name.
    dropped_from: Option<(String, String)>,
}

static COUNT: AtomicU32 = AtomicU32::new(0);

impl Database {
    pub async fn create(engine: Engine, dir: &Path) -> Self {
        match engine {
            Engine::Sqlite => {
                let url = format!("sqlite://{}", dir.join("visage.db").display());
                Self { engine, url, dropped_from: None }
            }
            Engine::Postgres => {
                let admin = admin_url();
                let count = COUNT.fetch_add(1, Ordering::Relaxed);
                let name = format!("visage_flow_{}_{count}", std::process::id());
                run(&admin, &format!("CREATE DATABASE {name}")).await;
                let mut url: url::Url = admin.parse().unwrap();
                url.set_path(&name);
                Self { engine, url: url.into(), dropped_from: Some((admin, name)) }
            }
        }
    }

    /// Every value of every table as text, for tests that look for what must not be there.
    pub async fn dump(&self) -> String {
        match self.engine {
            Engine::Sqlite => sqlite_dump(self.url.trim_start_matches("sqlite://")),
            Engine::Postgres => postgres_dump(&self.url).await,
        }
    }
}

impl Drop for Database {
    /// From a thread of its own, since a test's runtime may be on its way out.
    fn drop(&mut self) {
        let Some((admin, name)) = self.dropped_from.take() else { return };
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(run(&admin, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")));
        });
        let _ = thread.join();
    }
}

/// Fails loudly: a journey that silently skips a database proves nothing about it.
fn admin_url() -> String {
    std::env::var("VISAGE_TEST_POSTGRES_URL").expect(
        "VISAGE_TEST_POSTGRES_URL is not set. Run tests/run, or `source $(tests/services start)`, or name a server",
    )
}

/// The tests' own connection needs no TLS; the server under test has its own idea of that.
async fn connect(url: &str) -> tokio_postgres::Client {
    let mut url: url::Url = url.parse().unwrap();
    url.set_query(Some("sslmode=disable"));
    let (client, connection) =
        tokio_postgres::connect(url.as_str(), NoTls).await.expect("PostgreSQL answers");
    tokio::spawn(connection);
    client
}

async fn run(url: &str, statement: &str) {
    connect(url).await.batch_execute(statement).await.expect(statement);
}

async fn postgres_dump(url: &str) -> String {
    let client = connect(url).await;
    let tables = client
        .query("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1", &[])
        .await
        .unwrap();
    let mut dump = String::new();
    for table in tables {
        let table: String = table.get(0);
        for row in client.query(&format!("SELECT t::text FROM \"{table}\" t"), &[]).await.unwrap() {
            dump.push_str(&format!("{table}: {}\n", row.get::<_, String>(0)));
        }
    }
    dump
}

/// The file and its write-ahead log hold every value; text stands in them as it is, so bytes will do.
fn sqlite_dump(path: &str) -> String {
    let read = |path: String| std::fs::read(path).unwrap_or_default();
    let mut bytes = read(path.to_owned());
    bytes.extend(read(format!("{path}-wal")));
    String::from_utf8_lossy(&bytes).into_owned()
}
