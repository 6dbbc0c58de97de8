//! What both databases must do alike: every test here runs on SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "in a test an unwrap is the assertion")]

mod attempts;
mod codes_and_tokens;
mod deletions;
mod device_codes;
mod dump;
mod events;
mod expiry;
mod freshness;
mod galleries;
mod logout;
mod moves;
mod personal_tokens;
mod photo_admin;
mod picture_links;
mod pictures;
mod registrations;
mod schema;
mod sessions_and_consents;
mod sqlite_writer;
mod tls;
mod waiting;

use std::sync::atomic::{AtomicU32, Ordering};

use protocol::{AuthMethod, Client};
use store::{Settings, Store, deletions::Deletion, sessions::Session, users::User};

pub const NOW: i64 = 1_800_000_000_000_000;
pub const SECOND: i64 = 1_000_000;

/// A fresh database, and what removes it.
pub struct Fresh {
    pub store: Store,
    pub settings: Settings,
    _folder: Option<tempfile::TempDir>,
}

pub async fn sqlite() -> Fresh {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings::new(format!("sqlite://{}/visage.db", folder.path().display()));
    Fresh { store: Store::open_migrated(&settings).await.unwrap(), settings, _folder: Some(folder) }
}

/// What is due in every object store, up to `limit` in each, claimed.
pub async fn claim_all(store: &Store, limit: i64, lease: i64, now: i64) -> Vec<Deletion> {
    let mut all = Vec::new();
    for (name, _) in store.deletions_by_store(now).await.unwrap() {
        all.extend(store.claim_deletions(&name, limit, lease, now).await.unwrap());
    }
    all
}

/// A database of its own on the server that tests/services started.
pub async fn postgres() -> Fresh {
    let settings = Settings { pool_size: 4, ..Settings::new(new_postgres_database().await) };
    Fresh { store: Store::open_migrated(&settings).await.unwrap(), settings, _folder: None }
}

pub async fn new_postgres_database() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let admin = std::env::var("VISAGE_TEST_POSTGRES_URL").expect(
        "VISAGE_TEST_POSTGRES_URL is not set: run `source $(tests/services start)` first, or tests/run",
    );
    let name = format!("store_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let (client, connection) = tokio_postgres::connect(&admin, tokio_postgres::NoTls).await.unwrap();
    let driver = tokio::spawn(connection);
    client.batch_execute(&format!("DROP DATABASE IF EXISTS {name}")).await.unwrap();
    client.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
    drop(client);
    let _ = driver.await;
    admin.replace("/postgres", &format!("/{name}"))
}

/// One test text, run on both.
#[macro_export]
macro_rules! on_both {
    ($name:ident, $fresh:ident => $body:block) => {
        mod $name {
            use super::*;

            async fn run($fresh: $crate::Fresh) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                run($crate::sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                run($crate::postgres().await).await;
            }
        }
    };
}

pub fn person(id: &str) -> User {
    User {
        id: id.into(),
        storage_id: format!("storage-{id}"),
        email: format!("{id}@example.test"),
        email_verified: true,
        password_hash: None,
        password_changed_at: None,
        name: Some(id.into()),
        given_name: None,
        family_name: None,
        phone_number: None,
        phone_number_verified: false,
        locale: None,
        claims: "{}".into(),
        user_type: None,
        is_active: true,
        is_admin: false,
        picture_id: None,
        picture_url: None,
        created_at: NOW,
        updated_at: NOW,
    }
}

pub fn client(id: &str) -> Client {
    Client {
        name: format!("The client {id}"),
        auth_method: AuthMethod::None,
        redirect_uris: vec!["https://rp.example/callback".into()],
        grant_types: vec!["authorization_code".into()],
        response_types: vec!["code".into()],
        ..Client::blank(id, NOW)
    }
}

pub fn session(sid: &str, user: &str) -> Session {
    Session {
        digest: sid.as_bytes().repeat(16),
        sid: sid.into(),
        user_id: user.into(),
        auth_time: NOW,
        amr: "pwd".into(),
        user_agent: String::new(),
        created_at: NOW,
        seen_at: NOW,
        expires_at: NOW + 3600 * SECOND,
    }
}

/// A database with the people `ada` and `bob` and the client `rp`.
pub async fn furnish(store: &Store) {
    store.insert_user(person("ada")).await.unwrap();
    store.insert_user(person("bob")).await.unwrap();
    store.insert_client(client("rp")).await.unwrap();
}
