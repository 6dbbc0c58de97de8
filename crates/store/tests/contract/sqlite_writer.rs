//! The group-committing writer: one bad job hurts nobody else, an ending one loses nothing.

use store::{Store, StoreError};

use crate::{person, sqlite};

// A conflict rolls back its own savepoint; the others of the same group are kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_conflict_among_many() {
    let fresh = sqlite().await;
    let all: Vec<_> = (0..200)
        .map(|number| {
            let store = fresh.store.clone();
            tokio::spawn(async move { store.insert_user(person(&format!("u{}", number / 2))).await })
        })
        .collect();
    let (mut kept, mut refused) = (0, 0);
    for one in all {
        match one.await.unwrap() {
            Ok(()) => kept += 1,
            Err(StoreError::Conflict(_)) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((kept, refused), (100, 100));
    assert_eq!(fresh.store.users("", 1000).await.unwrap().len(), 100);
}

// Graceful stop: every write that was accepted is there after closing; later ones are told so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_loses_nothing() {
    let fresh = sqlite().await;
    let all: Vec<_> = (0..100)
        .map(|number| {
            let store = fresh.store.clone();
            tokio::spawn(async move { store.insert_user(person(&format!("u{number}"))).await })
        })
        .collect();
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    fresh.store.close().await;
    let mut acknowledged = 0;
    for one in all {
        match one.await.unwrap() {
            Ok(()) => acknowledged += 1,
            Err(StoreError::Unavailable(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }
    let again = Store::open(&fresh.settings).await.unwrap();
    assert_eq!(again.users("", 1000).await.unwrap().len(), acknowledged);
}

// A full queue is an answer, not a wait.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_answers() {
    let fresh = sqlite().await;
    let small = Store::open(&store::Settings { write_queue: 1, ..fresh.settings.clone() }).await.unwrap();
    let all: Vec<_> = (0..500)
        .map(|number| {
            let store = small.clone();
            tokio::spawn(async move { store.insert_user(person(&format!("u{number}"))).await })
        })
        .collect();
    let mut full = 0;
    for one in all {
        if let Err(StoreError::Unavailable(why)) = one.await.unwrap() {
            assert!(why.contains("waiting"), "{why}");
            full += 1;
        }
    }
    assert!(full > 0);
}

// Password digests are for no other account of the machine; what is there already is not touched.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_we_make_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let rights = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let data = folder.path().join("data");
    let settings = store::Settings::new(format!("sqlite://{}/visage.db", data.display()));
    let store = Store::open_migrated(&settings).await.unwrap();
    store.insert_user(person("ada")).await.unwrap();
    assert_eq!(rights(folder.path()), 0o755);
    assert_eq!(rights(&data), 0o700);
    for name in ["visage.db", "visage.db-wal", "visage.db-shm"] {
        assert_eq!(rights(&data.join(name)), 0o600, "{name}");
    }
    store.close().await;
}
