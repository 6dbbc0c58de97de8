//! What was given to one person or client is nowhere else: not in the database (S113), not in the logs (S46).

use tests::{Browser, Engine};

use crate::crashes::Place;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite() {
    nowhere(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres() {
    nowhere(Engine::Postgres).await;
}

// S46, S113
async fn nowhere(engine: Engine) {
    let place = Place::new(engine).await;
    let person = place.person("grace@example.org");
    let app = place.app(
        "secretive",
        &["--grant", "authorization_code", "--grant", "refresh_token", "--grant", "client_credentials"],
    );
    let phone = place.app("phone", &["--public"]);
    let server = place.start().await;

    let mut secrets = vec![person.password.clone(), app.secret.clone().unwrap()];
    let mut browser = Browser::new(tests::http());
    for app in [&app, &phone] {
        let code = app.code_in(&mut browser, &person, "openid profile offline_access").await;
        let tokens = app.redeem(&code).await.expect(200);
        app.userinfo(tokens.text("access_token")).await.expect(200);
        let renewed = app.refresh(tokens.text("refresh_token")).await.expect(200);
        app.upload(renewed.text("access_token"), visage::demo::picture::png(64, 7)).await.expect(200);
        app.redeem(&code).await.expect_error(400, "invalid_grant");
        secrets.extend([code.code, code.verifier]);
        for answer in [&tokens, &renewed] {
            secrets.extend(
                ["access_token", "refresh_token", "id_token"].map(|name| answer.text(name).to_owned()),
            );
        }
    }
    app.revoke(secrets.last().unwrap()).await.expect(200);
    secrets.extend(browser.cookies.values().flat_map(|jar| jar.values().cloned()));
    // A wrong password is a secret too: it is often the right one for another place.
    let mut stranger = Browser::new(tests::http());
    let page = stranger.get(&app.begin("openid", &[]).url).await.unwrap();
    let page = stranger.follow(page, &place.issuer.parse().unwrap()).await.unwrap();
    let form =
        page.form("login").unwrap().with("username", &person.email).with("password", "my other password");
    stranger.submit(&page.url, &form).await.unwrap();
    secrets.push("my other password".to_owned());

    let log = server.log.clone();
    assert_eq!(server.terminate(), Some(0));
    let log = log.lock().unwrap().clone();
    assert!(log.contains("/oauth2/token"), "the access log is on: {log}");
    let dump = place.database.dump().await;
    assert!(dump.contains("grace@example.org"), "the dump is one");
    for secret in secrets.iter().filter(|secret| secret.len() >= 8) {
        assert!(!dump.contains(secret.as_str()), "in the database: {secret}");
        assert!(!log.contains(secret.as_str()), "in the log: {secret}");
    }
}
