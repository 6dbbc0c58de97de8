//! The persistence list of seed 000, against a server that is stopped, killed and started again: the photo stays.

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tests::{Answer, Browser, Engine, http, personal};
use visage::demo::picture;

use super::{Place, on_both_engines};

on_both_engines!(the_photo_stays);

/// Log out and in, refresh of the page, new browser session, restart of the server, update of the profile.
async fn the_photo_stays(engine: Engine) {
    let place = Place::new(engine).await;
    let person = place.person("grace@example.org");
    let server = place.start().await;
    let issuer = place.issuer.clone();
    let mut browser = Browser::new(http());
    personal::sign_in(&mut browser, &issuer, &person).await;
    let token = personal::token(&mut browser, &issuer, &person, &["profile"]).await;

    let part = Part::bytes(picture::png(640, 40)).file_name("me.png");
    let upload = http().post(format!("{issuer}/api/auth/upload-photo/"));
    let upload = upload.header("authorization", format!("Token {token}"));
    let answer = Answer::of(upload.multipart(Form::new().part("profile_picture", part))).await.expect(200);
    let url = answer.text("profile_picture_url").to_owned();

    let profile = format!("{issuer}/api/auth/user-profile/");
    let stays = async |when: &str| {
        let shown = http().get(&profile).header("authorization", format!("Token {token}"));
        let shown: Value = Answer::of(shown).await.expect(200).body;
        assert_eq!(shown["profile"]["profile_picture_url"], url, "{when}");
        let answer = http().get(&url).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{when}");
        assert_eq!(picture::jpeg_size(&answer.bytes().await.unwrap()), Some((512, 512)), "{when}");
    };
    let name = url.rsplit_once('/').unwrap().1.trim_end_matches(".jpg").to_owned();
    stays("at once").await;

    // Refresh: the page itself shows it, each time.
    let account = format!("{issuer}/account").parse().unwrap();
    for _ in 0..2 {
        assert!(browser.get(&account).await.unwrap().body.contains(&name), "the account page shows it");
    }
    // Log out and in again.
    let page = browser.get(&format!("{issuer}/oauth2/logout").parse().unwrap()).await.unwrap();
    let form = page.form("logout").unwrap().with("answer", "yes");
    browser.submit(&page.url.clone(), &form).await.unwrap();
    assert_eq!(browser.get(&account).await.unwrap().status, 303, "signed out");
    stays("after signing out").await;
    let page = personal::sign_in(&mut browser, &issuer, &person).await;
    assert!(page.body.contains(&name), "after signing in again");
    // A new browser.
    let page = personal::sign_in(&mut Browser::new(http()), &issuer, &person).await;
    assert!(page.body.contains(&name), "in a new session");

    // The server stops and starts; then it is killed and starts.
    assert_eq!(server.terminate(), Some(0));
    let server = place.start().await;
    stays("after a restart").await;
    assert!(browser.get(&account).await.unwrap().body.contains(&name), "the session lives on and shows it");
    server.kill();
    let server = place.start().await;
    stays("after a crash").await;

    // The profile is updated.
    let change = http().put(&profile).header("authorization", format!("Token {token}"));
    let change = change.json(&json!({ "given_name": "Augusta", "preferred_language": "fr" }));
    let changed = Answer::of(change).await.expect(200).body;
    assert_eq!(changed["profile"]["profile_picture_url"], url);
    stays("after an update of the profile").await;
    assert_eq!(server.terminate(), Some(0));
}
