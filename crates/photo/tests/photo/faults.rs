//! S3 and FTP behind proxies that fail: what passes is a success in the end, what does not ends in time.

use crate::flaky::{Fault, Flaky};
use crate::forms;
use crate::objects::{key, noise};
use futures_util::future::join_all;
use photo::objects::{ObjectError, ObjectStore, StoreSettings, Stores};
use std::sync::Arc;
use std::time::Duration;

async fn s3() -> (Flaky, Arc<dyn ObjectStore>) {
    let flaky = Flaky::http(&forms::variable("VISAGE_TEST_S3_ENDPOINT").replace("http://", "")).await;
    let store = forms::open(&forms::s3(&format!("http://{}", flaky.address))).await;
    (flaky, store)
}

async fn ftp() -> (Flaky, Arc<dyn ObjectStore>, StoreSettings) {
    let url = forms::variable("VISAGE_TEST_FTP_URL");
    let (user, upstream) = url.rsplit_once('@').unwrap();
    let flaky = Flaky::ftp(upstream).await;
    let settings = forms::ftp(&format!("{user}@{}", flaky.address));
    (flaky, forms::open(&settings).await, settings)
}

/// Each call meets the faults anew.
async fn survives(what: &str, flaky: &Flaky, store: &dyn ObjectStore, faults: &[(Fault, usize)]) {
    let order = || faults.iter().for_each(|(fault, count)| flaky.order(*fault, *count));
    let met = || assert_eq!(flaky.waiting(), 0, "{what} met nobody");
    let x = key("x");
    order();
    store.put(&x, noise(50_000, 3)).await.unwrap_or_else(|error| panic!("put, {what}: {error}"));
    met();
    order();
    let read = store.get(&x, 50_000).await.unwrap_or_else(|error| panic!("get, {what}: {error}"));
    assert_eq!(read, Some(noise(50_000, 3)), "{what}");
    met();
    order();
    store.delete(&x).await.unwrap_or_else(|error| panic!("delete, {what}: {error}"));
    met();
    assert!(!store.exists(&x).await.unwrap());
}

// F29, F30, F31
#[tokio::test(flavor = "multi_thread")]
async fn s3_survives_faults() {
    let faults = [
        (Fault::Status(503), 2),
        (Fault::Status(429), 2),
        (Fault::Reset, 2),
        (Fault::Hang, 1),
        (Fault::Lost, 1),
    ];
    join_all(faults.map(|fault| async move {
        let (flaky, store) = s3().await;
        survives(&format!("{fault:?}"), &flaky, &*store, &[fault]).await;
    }))
    .await;
}

/// What goes on failing ends within the deadline, as an error that may pass; then all is as before.
async fn gives_up_in_time(what: &str, flaky: &Flaky, store: &dyn ObjectStore, fault: Fault) {
    flaky.order(fault, 10_000);
    let x = key("x");
    let patience = Duration::from_secs(15);
    let put = tokio::time::timeout(patience, store.put(&x, noise(5000, 3)));
    let error = put.await.expect("no answer within the deadline").unwrap_err();
    assert!(error.is_transient(), "{what}: {error:?}");
    let delete = tokio::time::timeout(patience, store.delete(&x));
    let error = delete.await.expect("no answer within the deadline").unwrap_err();
    assert!(error.is_transient(), "{what}: {error:?}");
    flaky.heal();
    store.put(&x, noise(5000, 3)).await.unwrap();
    assert!(store.delete(&x).await.unwrap());
}

// F29, F30
#[tokio::test(flavor = "multi_thread")]
async fn s3_gives_up_in_time() {
    join_all([Fault::Status(503), Fault::Hang, Fault::Reset].map(|fault| async move {
        let (flaky, store) = s3().await;
        gives_up_in_time(&format!("{fault:?}"), &flaky, &*store, fault).await;
    }))
    .await;
}

// F33: what a person must mend is not tried again and again.
#[tokio::test]
async fn s3_says_what_is_misconfigured() {
    let settings = forms::s3(&forms::variable("VISAGE_TEST_S3_ENDPOINT"));
    let nobody =
        StoreSettings { url: settings.url.replace("s3://", "s3://not-a-bucket-"), ..settings.clone() };
    let store = forms::open(&nobody).await;
    for error in [
        store.put(&key("x"), noise(10, 1)).await.unwrap_err(),
        store.get(&key("x"), 10).await.unwrap_err(),
        store.delete(&key("x")).await.unwrap_err(),
        store.list("", None, 10).await.unwrap_err(),
    ] {
        assert!(matches!(error, ObjectError::Denied(_)), "{error:?}");
        assert!(error.to_string().ends_with("create it, or look at the URL"), "{error}");
    }
    let (flaky, store) = s3().await;
    for (status, kind) in [(403, "Denied"), (401, "Denied"), (400, "Other"), (301, "Denied")] {
        flaky.order(Fault::Status(status), 1);
        let error = store.put(&key("x"), noise(10, 1)).await.unwrap_err();
        assert!(format!("{error:?}").starts_with(kind), "{status}: {error:?}");
    }

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    std::fs::write(&path, "[other]\naws_access_key_id = a\naws_secret_access_key = b\n").unwrap();
    let wrong = StoreSettings { name: "eu".to_owned(), credentials: Some(path), ..settings };
    let error = Stores::open(&[wrong]).await.unwrap_err().to_string();
    assert!(error.contains("`eu`") && error.contains("aws_secret_access_key"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_down_is_no_error_before_the_first_call() {
    let s3 = StoreSettings {
        url: "s3://b?endpoint=http://127.0.0.1:9".to_owned(),
        credentials: Some(forms::variable("VISAGE_TEST_S3_CREDENTIALS").into()),
        ..StoreSettings::default()
    };
    let ftp = StoreSettings { url: "ftp://me:s3cret@127.0.0.1:9/x".to_owned(), ..StoreSettings::default() };
    let ftps = StoreSettings { url: "ftps://me:s3cret@127.0.0.1:9/x".to_owned(), ..StoreSettings::default() };
    for settings in [s3, ftp, ftps] {
        let store = forms::open(&settings).await;
        let errors = [
            store.put(&key("x"), noise(10, 1)).await.unwrap_err(),
            store.delete(&key("x")).await.unwrap_err(),
        ];
        for error in errors {
            assert!(error.is_transient(), "{error:?}");
            assert!(!format!("{error} {error:?} {store:?}").contains("s3cret"));
        }
    }
}

// F29, F30, F31: at the greeting, and at each command of an upload, a download and a deletion.
#[tokio::test(flavor = "multi_thread")]
async fn ftp_survives_faults() {
    let at_the_door = [(Fault::Status(421), 2), (Fault::Reset, 2), (Fault::Hang, 1)];
    join_all(at_the_door.map(|fault| async move {
        let x = key("x");
        for step in ["put", "get", "delete"] {
            // A new store, which has to knock.
            let (flaky, store, settings) = ftp().await;
            if step != "put" {
                store.put(&x, noise(5000, 3)).await.unwrap();
            }
            let store = forms::open(&settings).await;
            flaky.order(fault.0, fault.1);
            match step {
                "put" => store.put(&x, noise(5000, 3)).await.map(drop),
                "get" => store.get(&x, 5000).await.map(|read| assert_eq!(read, Some(noise(5000, 3)))),
                _ => store.delete(&x).await.map(|existed| assert!(existed)),
            }
            .unwrap_or_else(|error| panic!("{step}, {fault:?}: {error}"));
            assert_eq!(flaky.waiting(), 0);
        }
    }))
    .await;

    let put = ["SIZE", "PASV", "STOR", "RNFR", "RNTO"].map(|command| ("put", command));
    let get = ["SIZE", "PASV", "RETR"].map(|command| ("get", command));
    let delete = [("delete", "DELE")];
    let steps: Vec<_> = put.into_iter().chain(get).chain(delete).collect();
    join_all(steps.into_iter().map(|(step, command)| async move {
        let (flaky, store, _) = ftp().await;
        for (number, fault) in
            [Fault::Before(command), Fault::After(command), Fault::Silent(command)].into_iter().enumerate()
        {
            let x = key(&format!("x{number}"));
            if step != "put" {
                store.put(&x, noise(5000, 3)).await.unwrap();
            }
            flaky.order(fault, 1);
            match step {
                "put" => store.put(&x, noise(5000, 3)).await,
                "get" => store.get(&x, 5000).await.map(|read| assert_eq!(read, Some(noise(5000, 3)))),
                // Done before the answer was lost, or now.
                _ => store.delete(&x).await.map(drop),
            }
            .unwrap_or_else(|error| panic!("{step}, {fault:?}: {error}"));
            assert_eq!(flaky.waiting(), 0, "{step}, {fault:?} met nobody");
            let expected = (step != "delete").then(|| noise(5000, 3));
            assert_eq!(store.get(&x, 5000).await.unwrap(), expected, "{step}, {fault:?}");
        }
        assert_eq!(
            store.list("", None, 100).await.unwrap().objects.len(),
            if step == "delete" { 0 } else { 3 }
        );
    }))
    .await;
}

// An upload that the server has only in part never gets its name; a download that ends early is no object.
#[tokio::test(flavor = "multi_thread")]
async fn what_ftp_cuts_short_is_noticed() {
    let (flaky, store, settings) = ftp().await;
    flaky.order(Fault::CutData(100_000), 2);
    store.put(&key("x"), noise(300_000, 3)).await.unwrap();
    assert_eq!(flaky.waiting(), 0);
    assert_eq!(store.get(&key("x"), 300_000).await.unwrap(), Some(noise(300_000, 3)));
    assert_eq!(store.list("", None, 10).await.unwrap().objects.len(), 1);

    // The parts of the failed uploads lie apart, until they are old.
    let parts = forms::ftp_folder(&settings).join("visage-parts");
    assert_eq!(std::fs::read_dir(&parts).unwrap().count(), 2);
    std::fs::write(parts.join("notes.txt"), "of a stranger").unwrap();
    assert_eq!(store.tidy(1_000_000).await.unwrap(), 0);
    assert_eq!(store.tidy(i64::MAX).await.unwrap(), 2);
    assert_eq!(std::fs::read_dir(&parts).unwrap().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn ftp_gives_up_in_time() {
    let faults = [Fault::Status(421), Fault::Hang, Fault::Reset];
    join_all(faults.map(|fault| async move {
        let (flaky, store, _) = ftp().await;
        gives_up_in_time(&format!("{fault:?}"), &flaky, &*store, fault).await;
    }))
    .await;
}

// F33; DESIGN "What never happens" 7
#[tokio::test(flavor = "multi_thread")]
async fn ftp_says_what_is_misconfigured() {
    let good = forms::ftp(&forms::variable("VISAGE_TEST_FTPS_URL"));
    let wrong_password = StoreSettings { password: Some(keyring::Secret::new("wr0ng")), ..good.clone() };
    let error = forms::open(&wrong_password).await.put(&key("x"), noise(10, 1)).await.unwrap_err();
    assert!(matches!(error, ObjectError::Denied(_)), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("wr0ng"));
    // Nobody vouches for the server.
    let stranger = StoreSettings { ca_file: None, ..good.clone() };
    let error = forms::open(&stranger).await.get(&key("x"), 10).await.unwrap_err();
    assert!(matches!(error, ObjectError::Denied(_)), "{error:?}");
    // The server does not answer in the open.
    let open = StoreSettings { url: good.url.replace("ftps://", "ftp://"), ..good };
    let error = forms::open(&open).await.get(&key("x"), 10).await.unwrap_err();
    assert!(!error.is_transient(), "{error:?}");
}

// A session that the server has closed while it was idle is no error.
#[tokio::test(flavor = "multi_thread")]
async fn ftp_opens_a_new_session_when_the_old_one_is_gone() {
    let (flaky, store, _) = ftp().await;
    store.put(&key("x"), noise(100, 3)).await.unwrap();
    flaky.order(Fault::Before("NOOP"), 1);
    assert!(store.exists(&key("x")).await.unwrap());
    assert_eq!(flaky.waiting(), 0);
}
