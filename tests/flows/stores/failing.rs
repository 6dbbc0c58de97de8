//! When the store fails, or hangs, or is misconfigured: uploads are refused, everything else goes on, and what could not
//! be deleted is deleted later.

use std::time::Duration;

use tests::{Answer, Engine, House, services};
use visage::demo::picture;
use visage::stopwatch::Stopwatch;

#[expect(dead_code, reason = "the photo room's own tests use the rest")]
#[path = "../../../crates/photo/tests/photo/flaky.rs"]
mod flaky;
use flaky::{Fault, Flaky};

async fn status(house: &House, url: &str) -> (u16, String) {
    let answer = house.http.get(url).send().await.unwrap();
    let policy = answer.headers().get("cache-control").map_or("", |value| value.to_str().unwrap());
    (answer.status().as_u16(), policy.to_owned())
}

async fn journey(house: House, flaky: Flaky, fault: Fault) {
    let person = house.person("grace@example.org").await;
    let app = house.app("patient").await;
    let tokens = app.tokens(&person, "openid profile").await;
    let token = tokens["access_token"].as_str().unwrap();
    let url = app.upload(token, picture::png(640, 1)).await.expect(200).text("picture").to_owned();
    assert_eq!(status(&house, &url).await, (200, "public, max-age=86400, immutable".to_owned()));

    flaky.order(fault, 1_000_000);
    let watch = Stopwatch::default();
    let refused = app.upload(token, picture::png(640, 2)).await;
    assert_eq!(refused.status, 503, "{:#}", refused.body);
    assert!(watch.milliseconds() < 30_000.0, "{fault:?}: {} ms", watch.milliseconds());
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(refused.body["success"], false);
    let shown = refused.body.to_string();
    assert!(!shown.contains("127.0.0.1") && !shown.contains("bucket") && !shown.contains("ftp"), "{shown}");

    // The current photo stays, and its address answers: with the default picture, which nobody may keep.
    assert_eq!(app.userinfo(token).await.expect(200).text("picture"), url);
    assert_eq!(status(&house, &url).await, (200, "no-store".to_owned()));
    // People sign in as ever, also while requests to the store hang.
    let (hanging, signing_in) = tokio::join!(app.upload(token, picture::png(640, 3)), async {
        let watch = Stopwatch::default();
        let tokens = app.tokens(&person, "openid profile").await;
        app.userinfo(tokens["access_token"].as_str().unwrap()).await.expect(200);
        watch.milliseconds()
    });
    assert_eq!(hanging.status, 503);
    assert!(signing_in < 10_000.0, "{fault:?}: signing in took {signing_in} ms");
    // Taking the photo away needs no store; its objects wait.
    let removed = house.http.delete(house.url("/api/auth/profile/photo")).bearer_auth(token);
    Answer::of(removed).await.expect(200);
    assert!(app.userinfo(token).await.expect(200).text("picture").contains("/media/initials/"));
    house.advance(2);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(house.store().deletions_waiting().await.unwrap() >= 4);

    flaky.heal();
    let next = eventually("an upload", async || {
        let answer = app.upload(token, picture::png(640, 4)).await;
        (answer.status == 200).then(|| answer.text("picture").to_owned())
    })
    .await;
    assert_eq!(status(&house, &next).await.0, 200);
    eventually("the deletions", async || {
        house.advance(3600);
        (house.store().deletions_waiting().await.unwrap() == 0).then_some(())
    })
    .await;
    assert_eq!(status(&house, &url).await.0, 404);
    assert_eq!(status(&house, &next).await.0, 200);
    house.stop().await;
}

async fn eventually<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    for _ in 0..120 {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("{what} did not come back");
}

async fn s3(engine: Engine, fault: Fault) {
    let mut bucket = services::s3().await;
    let endpoint = std::env::var("VISAGE_TEST_S3_ENDPOINT").unwrap();
    let flaky = Flaky::http(&endpoint.replace("http://", "")).await;
    for (_, value) in &mut bucket.settings {
        *value = value.replace(&endpoint, &format!("http://{}", flaky.address));
    }
    journey(super::house(engine, &bucket, &[]).await, flaky, fault).await;
}

async fn ftp(engine: Engine, fault: Fault) {
    let url = std::env::var("VISAGE_TEST_FTP_URL").unwrap();
    let flaky = Flaky::ftp(url.rsplit_once('@').unwrap().1).await;
    let (bucket, _) = services::ftp("ftp", Some(&flaky.address));
    journey(super::house(engine, &bucket, &[]).await, flaky, fault).await;
}

// F29, F30, F33; INV-live
macro_rules! fails {
    ($($name:ident: $store:ident($engine:ident, $fault:expr);)*) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            $store(Engine::$engine, $fault).await;
        }
    )* };
}

fails! {
    s3_answers_503: s3(Sqlite, Fault::Status(503));
    s3_hangs: s3(Postgres, Fault::Hang);
    s3_breaks_off: s3(Postgres, Fault::Reset);
    s3_refuses_our_keys: s3(Sqlite, Fault::Status(403));
    ftp_is_full: ftp(Postgres, Fault::Status(421));
    ftp_hangs: ftp(Sqlite, Fault::Hang);
    ftp_breaks_off: ftp(Postgres, Fault::Reset);
    ftp_refuses_us: ftp(Sqlite, Fault::Status(530));
}
