//! `/account/photo`: a browser's session uploads; its CSRF token may stand before or after the file.

use reqwest::multipart::{Form, Part};
use tests::{Answer, Browser, Engine, House, Person, personal};
use visage::demo::browser::Page;
use visage::demo::picture;

async fn sign_in(house: &House, person: &Person) -> (Browser, Page) {
    let mut browser = Browser::new(house.http.clone());
    let page = personal::sign_in(&mut browser, &house.issuer, person).await;
    (browser, page)
}

async fn post(house: &House, browser: &Browser, form: Form) -> (u16, String) {
    let jar = browser.cookies.values().flatten().map(|(name, value)| format!("{name}={value}"));
    let cookies = jar.collect::<Vec<_>>().join("; ");
    let request = house.http.post(house.url("/account/photo")).header("cookie", cookies).multipart(form);
    let answer = request.send().await.unwrap();
    let location = answer.headers().get("location").map_or("", |value| value.to_str().unwrap());
    (answer.status().as_u16(), location.to_owned())
}

fn photo(hue: u8) -> Part {
    Part::bytes(picture::png(300, hue)).file_name("me.png")
}

async fn picture_of(house: &House, person: &Person) -> Option<String> {
    house.store().profile(&person.id).await.unwrap().unwrap().portrait.map(|portrait| portrait.key_base)
}

/// S36, S124: with the session and its token, or not at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_session() {
    let house = House::start(Engine::Sqlite).await;
    let person = house.person("grace@example.org").await;
    let (mut browser, page) = sign_in(&house, &person).await;
    let form = page.form("photo").unwrap();
    let (_, csrf) = form.fields.iter().find(|(name, _)| name == "csrf").unwrap().clone();

    let before = Form::new().text("csrf", csrf.clone()).part("photo", photo(1));
    assert_eq!(post(&house, &browser, before).await, (303, "/account?done=photo-updated".to_owned()));
    let first = picture_of(&house, &person).await;
    let after = Form::new().part("photo", photo(2)).text("crop", "10,20,100").text("csrf", csrf.clone());
    assert_eq!(post(&house, &browser, after).await, (303, "/account?done=photo-updated".to_owned()));
    let second = picture_of(&house, &person).await;
    assert!(first.is_some() && second.is_some() && first != second);

    for forged in [Form::new(), Form::new().text("csrf", "x".repeat(43))] {
        assert_eq!(post(&house, &browser, forged.part("photo", photo(3))).await.0, 403);
    }
    for (file, problem) in [
        (Part::bytes(b"<svg/>".to_vec()).file_name("x.svg"), "photo-wrong-type"),
        (Part::bytes(Vec::new()).file_name(""), "photo-missing"),
    ] {
        let form = Form::new().text("csrf", csrf.clone()).part("photo", file);
        assert_eq!(post(&house, &browser, form).await, (303, format!("/account?problem={problem}")));
    }
    let twice = Form::new().text("csrf", csrf.clone()).part("photo", photo(4)).part("photo", photo(5));
    assert_eq!(post(&house, &browser, twice).await, (303, "/account?problem=photo-too-many".to_owned()));
    assert_eq!(picture_of(&house, &person).await, second, "what was refused changed nothing");

    let nobody = Browser::new(house.http.clone());
    let form = Form::new().text("csrf", csrf).part("photo", photo(6));
    assert_eq!(post(&house, &nobody, form).await, (303, "/login".to_owned()));

    let page = browser.get(&house.url("/account").parse().unwrap()).await.unwrap();
    let removed = browser.submit(&page.url.clone(), &page.form("photo-remove").unwrap()).await.unwrap();
    assert_eq!(removed.location().unwrap().query(), Some("done=photo-deleted"));
    assert_eq!(picture_of(&house, &person).await, None);
    house.stop().await;
}

/// S135: so many an hour, counted in the database, said with the time to wait.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_than_so_many_an_hour() {
    let house = House::with(Engine::Sqlite, &[("photos.uploads_per_hour", "3")]).await;
    let person = house.person("grace@example.org").await;
    let app = house.app("uploading").await;
    let tokens = app.tokens(&person, "openid profile").await;
    let token = tokens["access_token"].as_str().unwrap();
    for hue in 0..3 {
        app.upload(token, picture::png(64, hue)).await.expect(200);
    }
    let refused: Answer = app.upload(token, picture::png(64, 9)).await.expect(429);
    assert_eq!(refused.body["error"], "too_many_requests");
    let wait: i64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((3500..=3600).contains(&wait), "{wait}");
    // The page says the same, as people say it.
    let (mut browser, page) = sign_in(&house, &person).await;
    let (_, csrf) = page.form("photo").unwrap().fields.into_iter().find(|(name, _)| name == "csrf").unwrap();
    let (_, place) = post(&house, &browser, Form::new().text("csrf", csrf).part("photo", photo(9))).await;
    assert_eq!(place, format!("/account?problem=too-many-requests&seconds={wait}"));
    let page = browser.get(&house.url(&place).parse().unwrap()).await.unwrap();
    assert!(page.body.contains("Please try again in one hour."), "{}", page.body);
    house.advance(3601);
    let tokens = app.tokens(&person, "openid profile").await;
    app.upload(tokens["access_token"].as_str().unwrap(), picture::png(64, 9)).await.expect(200);
    house.stop().await;
}
