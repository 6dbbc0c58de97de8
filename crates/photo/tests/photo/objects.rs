//! The contract of object stores, the same for every form, and the faults of Google Cloud Storage. Those of S3 and FTP
//! are in `faults`.

use crate::forms::{self, Form};
use crate::gcs;
use bytes::Bytes;
use futures_util::future::join_all;
use photo::key::ObjectKey;
use photo::objects::{Disk, Gcs, GcsSettings, ObjectError, ObjectStore, StoreSettings, Stores, probe};
use std::sync::Arc;
use std::time::Duration;

pub fn key(name: &str) -> ObjectKey {
    format!("profile-photos/owner/{name}.jpg").parse().unwrap()
}

pub fn noise(bytes: usize, seed: u32) -> Bytes {
    let mut state = seed | 1;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..bytes).map(next).collect::<Vec<u8>>().into()
}

/// What [`ObjectStore`] promises, whoever keeps the promise.
async fn contract(store: Arc<dyn ObjectStore>) {
    // Bytes come back as they went in.
    for (name, bytes) in [("one", 1), ("small", 40_000), ("middle", 300_000), ("large", 3_000_000)] {
        let body = noise(bytes, 7);
        store.put(&key(name), body.clone()).await.unwrap();
        assert!(store.exists(&key(name)).await.unwrap());
        assert_eq!(store.get(&key(name), bytes).await.unwrap(), Some(body), "{name}");
    }
    assert!(matches!(store.get(&key("large"), 2_999_999).await, Err(ObjectError::TooLarge)));

    // Absent is not an error.
    assert_eq!(store.get(&key("nobody"), 10).await.unwrap(), None);
    assert!(!store.exists(&key("nobody")).await.unwrap());
    assert!(!store.delete(&key("nobody")).await.unwrap());

    // Never overwritten; the same bytes again are the retry of a lost answer (F31).
    store.put(&key("small"), noise(40_000, 7)).await.unwrap();
    let other = store.put(&key("small"), noise(40_000, 8)).await;
    assert!(matches!(other, Err(ObjectError::AlreadyExists)), "{other:?}");
    let longer = store.put(&key("small"), noise(50_000, 7)).await;
    assert!(matches!(longer, Err(ObjectError::AlreadyExists)), "{longer:?}");
    assert_eq!(store.get(&key("small"), 50_000).await.unwrap(), Some(noise(40_000, 7)));

    // Deleted once, and gone.
    assert!(store.delete(&key("one")).await.unwrap());
    assert!(!store.delete(&key("one")).await.unwrap());
    assert_eq!(store.get(&key("one"), 10).await.unwrap(), None);

    // One winner among writers of one name.
    let writers = (0..20).map(|writer| {
        let store = Arc::clone(&store);
        async move { store.put(&key("race"), noise(1000, 101 + 2 * writer)).await.is_ok() }
    });
    assert_eq!(join_all(writers).await.into_iter().filter(|won| *won).count(), 1);

    // Many at once, and listed in pages, in order, under their prefix only.
    let names: Vec<ObjectKey> =
        (0..100).map(|n| format!("many/{:03}/{n}.jpg", n / 3).parse().unwrap()).collect();
    let puts = names.iter().map(|name| store.put(name, noise(2000, 5)));
    join_all(puts).await.into_iter().for_each(|put| put.unwrap());
    let reads = names.iter().map(|name| store.get(name, 2000));
    assert!(
        join_all(reads)
            .await
            .into_iter()
            .all(|read| read.unwrap().is_some_and(|body| body == noise(2000, 5)))
    );
    let mut names: Vec<&str> = names.iter().map(ObjectKey::as_str).collect();
    names.sort_unstable();
    let (mut listed, mut cursor) = (Vec::new(), None);
    loop {
        let page = store.list("many/", cursor, 30).await.unwrap();
        assert!(page.objects.len() <= 30);
        listed.extend(page.objects);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let found: Vec<&str> = listed.iter().map(|object| object.name.as_str()).collect();
    assert_eq!(found, names);
    assert!(listed.iter().all(|object| object.bytes == 2000 && object.written_at > 1_700_000_000_000_000));
    let part = store.list("many/01", None, 100).await.unwrap();
    assert_eq!(part.objects.len(), 30, "a prefix need not end at a folder");
    assert!(store.list("nothing/", None, 20).await.unwrap().objects.is_empty());

    probe(&*store, "contract").await.unwrap();
    assert!(store.list("visage-probe/", None, 20).await.unwrap().objects.is_empty());
    // The rest, and nothing that writing has left behind.
    assert_eq!(store.list("", None, 500).await.unwrap().objects.len(), 104);
    assert_eq!(store.tidy(i64::MAX).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_disk_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    contract(Arc::new(Disk::open(folder.path()).unwrap())).await;
    // No temporary file stays behind, and empty folders went with their files.
    assert_eq!(std::fs::read_dir(folder.path().join(".tmp")).unwrap().count(), 0);
    assert!(!folder.path().join("visage-probe").exists());
}

macro_rules! keeps_the_contract {
    ($($name:ident: $form:ident,)*) => { $(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            let settings = Form::$form.settings(std::path::Path::new("unused"));
            contract(forms::open(&settings).await).await;
        }
    )* };
}

keeps_the_contract! {
    google_cloud_storage_keeps_the_contract: Gcs,
    s3_keeps_the_contract: S3,
    ftp_keeps_the_contract: Ftp,
    ftps_keeps_the_contract: Ftps,
    vsftpd_keeps_the_contract: Vsftpd,
}

// CONTRACT §8: content type and cache policy are the object's own, for readers who do not come through us.
#[tokio::test]
async fn google_cloud_storage_knows_type_and_cache_policy() {
    let bucket = gcs::bucket("headers");
    let store = gcs::store(&bucket).await;
    store.put(&key("typed"), noise(100, 1)).await.unwrap();
    let answer = gcs::get(&format!("/{bucket}/{}", key("typed")));
    let head = String::from_utf8_lossy(&answer).to_ascii_lowercase();
    assert!(head.contains("content-type: image/jpeg"), "{head}");
    assert!(head.contains("cache-control: public, max-age=86400, immutable"), "{head}");
}

#[tokio::test]
async fn s3_knows_type_and_cache_policy() {
    let settings = Form::S3.settings(std::path::Path::new("unused"));
    forms::open(&settings).await.put(&key("typed"), noise(100, 1)).await.unwrap();
    let host = forms::variable("VISAGE_TEST_S3_ENDPOINT").replace("http://", "");
    let bucket = settings.url.trim_start_matches("s3://").split('?').next().unwrap();
    // Who asks matters to moto, the signature does not.
    let who = "Authorization: AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
    let get = format!(
        "GET /{bucket}/{} HTTP/1.1\r\nHost: {host}\r\n{who}\r\nConnection: close\r\n\r\n",
        key("typed")
    );
    let head = String::from_utf8_lossy(&gcs::request(&host, &get)).to_ascii_lowercase();
    assert!(head.contains("content-type: image/jpeg"), "{head}");
    assert!(head.contains("cache-control: public, max-age=86400, immutable"), "{head}");
}

// F29, F30, F31: what fails twice and then works is a success; deletes too.
#[tokio::test(flavor = "multi_thread")]
async fn google_cloud_storage_survives_faults() {
    let faults = [("503", 2), ("429", 2), ("reset", 1), ("hang", 1)].map(|(kind, count)| async move {
        let bucket = gcs::bucket(&format!("fault-{kind}"));
        let store = gcs::store(&bucket).await;
        for on in ["write", "read", "delete"] {
            gcs::fault(&bucket, kind, count, on);
        }
        store.put(&key("x"), noise(5000, 3)).await.unwrap_or_else(|error| panic!("put, {kind}: {error}"));
        assert_eq!(store.get(&key("x"), 5000).await.unwrap(), Some(noise(5000, 3)), "{kind}");
        assert!(store.delete(&key("x")).await.unwrap_or_else(|error| panic!("delete, {kind}: {error}")));
    });
    join_all(faults).await;
}

// F29, F30: what goes on failing ends within the deadline, as an error that may pass.
#[tokio::test(flavor = "multi_thread")]
async fn google_cloud_storage_gives_up_in_time() {
    let faults = ["503", "hang", "reset"].map(|kind| async move {
        let bucket = gcs::bucket(&format!("dead-{kind}"));
        let store = gcs::store(&bucket).await;
        gcs::fault(&bucket, kind, 10_000, "any");
        let x = key("x");
        let put = tokio::time::timeout(Duration::from_secs(15), store.put(&x, noise(5000, 3)));
        let error = put.await.expect("no answer within the deadline").unwrap_err();
        assert!(error.is_transient(), "{kind}: {error:?}");
        let delete = tokio::time::timeout(Duration::from_secs(15), store.delete(&x));
        let error = delete.await.expect("no answer within the deadline").unwrap_err();
        assert!(error.is_transient(), "{kind}: {error:?}");
        gcs::fault(&bucket, kind, 0, "any");
    });
    join_all(faults).await;
}

// F31: stored, but the answer was lost; the retry meets 412 and its own bytes.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_still_a_success() {
    let bucket = gcs::bucket("lost-answer");
    let settings = GcsSettings { endpoint: Some(gcs::deaf_proxy(1).await), ..gcs::settings(&bucket) };
    let store = Gcs::open(&settings).await.unwrap();
    store.put(&key("x"), noise(5000, 3)).await.unwrap();
    assert_eq!(store.get(&key("x"), 5000).await.unwrap(), Some(noise(5000, 3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_down_is_no_error_before_the_first_call() {
    let nobody = Some("http://127.0.0.1:9".to_owned());
    let settings = GcsSettings {
        bucket: "b".to_owned(),
        endpoint: nobody.clone(),
        grpc_endpoint: nobody,
        ..GcsSettings::default()
    };
    let store = Gcs::open(&settings).await.unwrap();
    let error = store.put(&key("x"), noise(10, 1)).await.unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    let error = store.delete(&key("x")).await.unwrap_err();
    assert!(error.is_transient(), "{error:?}");
}

#[tokio::test]
async fn credentials_are_read_or_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let open = |text: &'static str| {
        let path = folder.path().join("credentials.json");
        std::fs::write(&path, text).unwrap();
        let settings = StoreSettings {
            name: "eu".to_owned(),
            url: "gs://bucket".to_owned(),
            credentials: Some(path),
            ..StoreSettings::default()
        };
        async move { Stores::open(&[settings]).await.map(drop).map_err(|error| error.to_string()) }
    };
    let error = open("not json").await.unwrap_err();
    assert!(error.contains("`eu`") && error.contains("credentials.json"), "{error}");
    let error = open(r#"{"type": "password"}"#).await.unwrap_err();
    assert!(error.contains("`password`"), "{error}");
    let error = open(r#"{"type": "service_account"}"#).await.unwrap_err();
    assert!(error.contains("client_email"), "{error}");
    open(r#"{"type": "authorized_user", "client_id": "a", "client_secret": "b", "refresh_token": "c"}"#)
        .await
        .unwrap();
}

// Folders and files side by side: a page ends anywhere and the next goes on there, in the order of whole names.
#[tokio::test]
async fn the_disk_lists_in_the_order_of_whole_names() {
    let folder = tempfile::tempdir().unwrap();
    let store = Disk::open(folder.path()).unwrap();
    let mut names =
        ["a-b/x.jpg", "a.jpg", "a/b/1.jpg", "a/b/2.jpg", "a/b.jpg", "a/c/1.jpg", "a0/1.jpg", "b/1.jpg"];
    for name in names {
        store.put(&name.parse().unwrap(), noise(10, 1)).await.unwrap();
    }
    names.sort_unstable();
    for limit in 1..=9 {
        for prefix in ["", "a", "a/", "a/b", "a/b/", "b/1"] {
            let (mut listed, mut cursor) = (Vec::new(), None);
            loop {
                let page = store.list(prefix, cursor, limit).await.unwrap();
                listed.extend(page.objects.into_iter().map(|object| object.name));
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            let expected: Vec<&str> = names.into_iter().filter(|name| name.starts_with(prefix)).collect();
            assert_eq!(listed, expected, "{prefix:?} by {limit}");
        }
    }
}

// A crash between writing and linking leaves a temporary file, which nobody can ask for and which is tidied up.
#[tokio::test]
async fn what_a_crash_left_on_the_disk_is_tidied_up() {
    let folder = tempfile::tempdir().unwrap();
    let store = Disk::open(folder.path()).unwrap();
    let left = folder.path().join(".tmp").join(format!("{}-0", std::process::id()));
    std::fs::write(&left, b"half").unwrap();
    store.put(&key("x"), noise(10, 1)).await.unwrap();
    assert!(store.list("", None, 100).await.unwrap().objects.len() == 1);
    assert_eq!(store.tidy(0).await.unwrap(), 0, "it may still be under way");
    assert_eq!(store.tidy(i64::MAX).await.unwrap(), 1);
    assert!(!left.exists());
}

// A volume that is not mounted: that nothing is there is no answer.
#[tokio::test]
async fn a_disk_that_is_away_does_not_say_that_it_is_empty() {
    let folder = tempfile::tempdir().unwrap();
    let store = Disk::open(folder.path().join("photos")).unwrap();
    store.put(&key("x"), noise(10, 1)).await.unwrap();
    std::fs::rename(folder.path().join("photos"), folder.path().join("elsewhere")).unwrap();
    for mounted in [false, true] {
        if mounted {
            std::fs::create_dir(folder.path().join("photos")).unwrap();
        }
        assert!(store.get(&key("x"), 10).await.unwrap_err().is_transient());
        assert!(store.exists(&key("x")).await.unwrap_err().is_transient());
        assert!(store.delete(&key("x")).await.unwrap_err().is_transient());
        assert!(store.list("", None, 10).await.unwrap_err().is_transient());
        assert!(store.put(&key("y"), noise(10, 1)).await.unwrap_err().is_transient());
    }
    std::fs::remove_dir(folder.path().join("photos")).unwrap();
    std::fs::rename(folder.path().join("elsewhere"), folder.path().join("photos")).unwrap();
    assert!(store.delete(&key("x")).await.unwrap());
}
