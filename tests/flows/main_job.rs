//! The main job, end to end, through the demo: its own check, and its relying party as a person uses it.

use tests::{Browser, on_both};
use url::Url;
use visage::demo::{Demo, Ports, check, picture};

/// `visage demo --check` inside the test's process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_check_holds() {
    let dir = tempfile::tempdir().unwrap();
    let demo = Demo::start(dir.path(), Ports { provider: 0, application: 0 }).await.unwrap();
    check::walk(&demo).await.unwrap();
    assert!(demo.access_token().await.unwrap().split('.').count() == 3);
    demo.stop().await.unwrap();
}

/// Sign in, consent, land at the relying party, see the picture, change it, remove it, refresh, sign out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_at_the_relying_party() {
    let dir = tempfile::tempdir().unwrap();
    let demo = Demo::start(dir.path(), Ports { provider: 0, application: 0 }).await.unwrap();
    let application: Url = demo.application_url.parse().unwrap();
    let provider: Url = demo.issuer.parse().unwrap();
    let at = |path: &str| application.join(path).unwrap();
    let http = tests::http();
    let mut browser = Browser::new(http.clone());

    let page = browser.get(&application).await.unwrap();
    assert_eq!(page.name().as_deref(), Some("signed-out"));
    let page = browser.get(&page.link("sign-in").unwrap()).await.unwrap();
    let page = browser.follow(page, &provider).await.unwrap();
    let page = browser.get(&page.location().unwrap_or(page.url)).await.unwrap();
    let page = browser.follow(page, &provider).await.unwrap();
    let form = page
        .form("login")
        .unwrap()
        .with("username", &demo.person.email)
        .with("password", &demo.person.password);
    let page = browser.submit(&page.url, &form).await.unwrap();
    let page = browser.follow(page, &provider).await.unwrap();
    assert_eq!(page.name().as_deref(), Some("consent"));
    assert!(page.body.contains("Greenhouse Postcards"), "the consent page names the application (S40)");
    let page =
        browser.submit(&page.url, &page.form("consent").unwrap().with("decision", "allow")).await.unwrap();
    let page = browser.follow(page, &provider).await.unwrap();
    let page = browser.get(&page.location().unwrap()).await.unwrap();
    let page = browser.follow(page, &application).await.unwrap();
    assert_eq!(page.name().as_deref(), Some("signed-in"), "{}", page.body);
    assert!(page.body.contains("Grace Garden") && page.body.contains("/media/initials/GG-"), "{}", page.body);

    // The form of the page, sent as a browser would: the relying party hands it to the API with its token.
    let cookies: Vec<_> =
        browser.cookies["localhost"].iter().map(|(name, value)| format!("{name}={value}")).collect();
    let part = reqwest::multipart::Part::bytes(picture::png(600, 120))
        .file_name("me.png")
        .mime_str("image/png")
        .unwrap();
    let upload = http
        .post(at("/photo"))
        .header("cookie", cookies.join("; "))
        .header("origin", application.origin().ascii_serialization())
        .multipart(reqwest::multipart::Form::new().part("photo", part));
    assert_eq!(upload.send().await.unwrap().status(), 303);
    let page = browser.get(&application).await.unwrap();
    assert!(
        page.body.contains("Your photo was changed.") && page.body.contains("/media/profile-photos/"),
        "{}",
        page.body
    );

    for (form, sentence) in [("refresh", "New tokens have arrived."), ("remove", "Your photo was removed.")] {
        let answer = browser.submit(&page.url, &page.form(form).unwrap()).await.unwrap();
        let page = browser.follow(answer, &application).await.unwrap();
        assert!(page.body.contains(sentence), "{}", page.body);
    }
    // A form on somebody else's page changes nothing.
    let foreign: Url = "https://evil.example/".parse().unwrap();
    let answer = browser.submit(&foreign, &page.form("remove").unwrap()).await.unwrap();
    let page = browser.follow(answer, &application).await.unwrap();
    assert!(!page.body.contains("removed"), "{}", page.body);

    let page = browser.get(&page.link("sign-out").unwrap()).await.unwrap();
    let page = browser.get(&page.location().unwrap()).await.unwrap();
    let page = browser.follow(page, &provider).await.unwrap();
    let page = browser.get(&page.location().unwrap()).await.unwrap();
    assert!(page.body.contains("You are signed out"), "{}", page.body);
    demo.stop().await.unwrap();
}

on_both! {
    /// CONTRACT §4 on both databases: upload, look, replace, the old object goes, remove, the default is back.
    async fn a_photo_through_the_api(house: &House) {
        let person = house.person("grace@example.org").await;
        let app = house.app("postcards").await;
        let tokens = app.tokens(&person, "openid profile").await;
        let token = tokens["access_token"].as_str().unwrap();
        let initials = app.userinfo(token).await.expect(200).text("picture").to_owned();
        let first = app.upload(token, picture::png(640, 10)).await.expect(200);
        assert_eq!(first.body["success"], true);
        assert_eq!(app.userinfo(token).await.expect(200).text("picture"), first.text("picture"));
        let second = app.upload(token, picture::png(640, 200)).await.expect(200);
        for url in [first.text("picture"), second.text("picture")] {
            assert_eq!(house.http.get(url).send().await.unwrap().status(), 200, "the old one outlives the switch");
        }
        house.advance(2);
        crate::crashes::eventually("the old object is gone", async || {
            house.http.get(first.text("picture")).send().await.unwrap().status() == 404
        })
        .await;
        assert_eq!(house.http.get(second.text("picture")).send().await.unwrap().status(), 200);

        let url = house.url("/api/auth/profile/photo");
        let removed = tests::Answer::of(house.http.delete(url).bearer_auth(token)).await.expect(200);
        assert_eq!(removed.body["success"], true);
        assert_eq!(app.userinfo(token).await.expect(200).text("picture"), initials);
        house.advance(2);
        crate::crashes::eventually("nothing is left", async || {
            house.http.get(second.text("picture")).send().await.unwrap().status() == 404
        })
        .await;
    }
}
