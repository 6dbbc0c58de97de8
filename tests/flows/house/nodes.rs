//! Two nodes on one database: what one of them ended the other one refuses, within the lease, or at once where nothing
//! is kept in memory.

use std::time::Duration;

use tests::{Answer, App, Browser, Engine, personal};
use url::Url;
use visage::stopwatch::Stopwatch;

use crate::crashes::Place;

/// The longest that a node may believe what it remembers (choices in checks/README.md, S88, S89, S101, I4).
const LEASE: Duration = Duration::from_millis(1500);

/// No request that begins later than `lease` after now is answered.
async fn refused_within(lease: Duration, what: &str, app: &App, token: &str) {
    let watch = Stopwatch::default();
    loop {
        let began = watch.milliseconds();
        let answer = app.userinfo(token).await;
        if answer.status == 401 {
            eprintln!("{what}: refused after {began:.0} ms");
            return;
        }
        assert_eq!(answer.status, 200, "{what}");
        assert!(began <= lease.as_secs_f64() * 1000.0, "{what}: believed for {began:.0} ms");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

// S88, S89, S101, I4
async fn ended_on_one_refused_on_the_other(engine: Engine, settings: &[(&str, &str)], lease: Duration) {
    let mut place = Place::new(engine).await;
    for (variable, value) in settings {
        place.set(variable, value);
    }
    let person = place.person("grace@example.org");
    let app = place.app("everywhere", &[]);
    let (first, second) = tokio::join!(place.start(), place.start_second());
    let there = App { endpoint: place.second_origin.clone(), ..app.clone() };

    // An access token revoked here, and a refresh token, with which the whole grant goes.
    for kind in ["access_token", "refresh_token"] {
        let tokens = app.tokens(&person, "openid offline_access").await;
        let access = tokens["access_token"].as_str().unwrap();
        there.userinfo(access).await.expect(200);
        app.revoke(tokens[kind].as_str().unwrap()).await.expect(200);
        app.userinfo(access).await.expect_error(401, "invalid_token");
        refused_within(lease, kind, &there, access).await;
        let answer = there.refresh(tokens["refresh_token"].as_str().unwrap()).await;
        assert_eq!(answer.status, if kind == "access_token" { 200 } else { 400 }, "S88");
    }

    // A person's own token, revoked on their page here.
    let mut browser = Browser::new(tests::http());
    personal::sign_in(&mut browser, &place.issuer, &person).await;
    let own = personal::token(&mut browser, &place.issuer, &person, &["openid"]).await;
    there.userinfo(&own).await.expect(200);
    personal::revoke_all(&mut browser, &place.issuer).await;
    app.userinfo(&own).await.expect_error(401, "invalid_token");
    refused_within(lease, "personal token", &there, &own).await;

    // Signed out here: the cookie is dead there, and so are tokens without `offline_access`.
    let mut browser = Browser::new(tests::http());
    let code = app.code_in(&mut browser, &person, "openid").await;
    let tokens = app.redeem(&code).await.expect(200);
    let access = tokens.text("access_token");
    there.userinfo(access).await.expect(200);
    let cookies: Vec<_> =
        browser.cookies["localhost"].iter().map(|(name, value)| format!("{name}={value}")).collect();
    let account =
        tests::http().get(format!("{}/account", place.second_origin)).header("cookie", cookies.join("; "));
    assert_eq!(account.try_clone().unwrap().send().await.unwrap().status(), 200, "signed in on both");
    let origin: Url = place.issuer.parse().unwrap();
    let page = browser.get(&origin.join("/oauth2/logout").unwrap()).await.unwrap();
    let page = browser.follow(page, &origin).await.unwrap();
    browser.submit(&page.url, &page.form("logout").unwrap().with("answer", "yes")).await.unwrap();
    let answer = Answer::of(account).await;
    assert_ne!(answer.status, 200, "S101: the cookie is dead at once");
    refused_within(lease, "signed out", &there, access).await;
    assert_eq!((first.terminate(), second.terminate()), (Some(0), Some(0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_memory_within_the_lease_on_postgres() {
    ended_on_one_refused_on_the_other(Engine::Postgres, &[], LEASE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_memory_within_the_lease_on_sqlite() {
    ended_on_one_refused_on_the_other(Engine::Sqlite, &[], LEASE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_memory_at_once() {
    let settings = [("VISAGE_CACHE__ENABLED", "false")];
    ended_on_one_refused_on_the_other(Engine::Postgres, &settings, Duration::ZERO).await;
}
