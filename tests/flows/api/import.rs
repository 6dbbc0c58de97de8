//! A photo by its address (`photos.import_by_url`): the same pipeline, and never to where we must not go.

use serde_json::json;
use tests::{Answer, App, Engine, House};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use visage::demo::picture;

/// Pictures elsewhere, by path.
async fn elsewhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = [0; 4096];
                let read = stream.read(&mut head).await.unwrap_or(0);
                let head = String::from_utf8_lossy(&head[..read]).into_owned();
                let (status, location, body) = match head.split(' ').nth(1).unwrap_or_default() {
                    "/people/grace.png?size=large" => ("200 OK", "", picture::png(600, 3)),
                    "/moved" => ("302 Found", "/people/grace.png?size=large", Vec::new()),
                    "/inside" => ("302 Found", "http://169.254.169.254/latest/meta-data/", Vec::new()),
                    "/page" => ("200 OK", "", b"<!doctype html>".to_vec()),
                    "/large" => ("200 OK", "", vec![0; 6 << 20]),
                    _ => ("404 Not Found", "", Vec::new()),
                };
                let head = format!(
                    "HTTP/1.1 {status}\r\nlocation: {location}\r\ncontent-type: image/png\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                    body.len()
                );
                let _ = stream.write_all(&[head.into_bytes(), body].concat()).await;
            });
        }
    });
    origin
}

async fn import(house: &House, token: &str, path: &str, url: &str) -> Answer {
    let request = house.http.post(house.url(path)).bearer_auth(token);
    Answer::of(request.json(&json!({ "url": url, "crop": "0,0,300" }))).await
}

async fn brought_in_like_an_upload(engine: Engine) {
    let settings = [
        ("photos.import_by_url", "true"),
        ("outbound.allow_networks", "['127.0.0.0/8', '::1']"),
        ("photos.uploads_per_hour", "10"),
    ];
    let house = &House::with(engine, &settings).await;
    let person = house.person("grace@example.org").await;
    let app = house.app("importing").await;
    let tokens = app.tokens(&person, "openid profile").await;
    let token = tokens["access_token"].as_str().unwrap();
    let origin = elsewhere().await;
    let photo = "/api/auth/profile/photo";

    let imported = import(house, token, photo, &format!("{origin}/moved")).await.expect(200);
    let picture = imported.text("picture").to_owned();
    assert!(picture.starts_with(&house.issuer), "stored by us: {picture}");
    assert_eq!(house.http.get(&picture).send().await.unwrap().status(), 200);
    let history = house.http.get(house.url("/api/users/profile-picture-uploads/")).bearer_auth(token);
    let history = Answer::of(history).await.expect(200).body;
    assert_eq!(history["uploads"][0]["original_filename"], "moved");

    // What is refused changes nothing.
    for (url, code) in [
        (format!("{origin}/inside"), "photo_url_invalid"),
        ("https://10.0.0.1/a.png".to_owned(), "photo_url_invalid"),
        ("file:///etc/passwd".to_owned(), "photo_url_invalid"),
        ("no address".to_owned(), "photo_url_invalid"),
        (format!("{origin}/missing"), "photo_url_failed"),
        (format!("{origin}/page"), "photo_wrong_type"),
        (format!("{origin}/large"), "photo_too_large"),
    ] {
        import(house, token, photo, &url).await.expect_error(400, code);
    }
    assert_eq!(app.userinfo(token).await.body["picture"], picture.as_str());

    // The same for uploads that wait; the ninth and tenth try of this hour.
    let moved = format!("{origin}/moved");
    let staged = import(house, token, "/api/users/upload-profile-picture/", &moved).await;
    assert_eq!(staged.expect(201).body["is_confirmed"], false);
    let nothing = house.http.post(house.url(photo)).bearer_auth(token).json(&json!({ "crop": "1,1,1" }));
    Answer::of(nothing).await.expect_error(400, "photo_missing");
    import(house, token, photo, &moved).await.expect(429);

    // PUT never fetches.
    let put = house.http.put(house.url("/api/auth/profile")).bearer_auth(token);
    let put = put.json(&json!({ "picture_url": format!("{origin}/missing") }));
    assert_eq!(Answer::of(put).await.expect(200).body["profile"]["picture"], format!("{origin}/missing"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn brought_in_on_sqlite() {
    brought_in_like_an_upload(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn brought_in_on_postgres() {
    brought_in_like_an_upload(Engine::Postgres).await;
}

/// Off unless somebody says so; the other networks stay closed even then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn off_by_default() {
    let origin = elsewhere().await;
    for (setting, code) in [("false", "photo_import_disabled"), ("true", "photo_url_invalid")] {
        let house = House::with(Engine::Sqlite, &[("photos.import_by_url", setting)]).await;
        let person = house.person("grace@example.org").await;
        let app: App = house.app("importing").await;
        let tokens = app.tokens(&person, "openid profile").await;
        let token = tokens["access_token"].as_str().unwrap();
        let url = format!("{origin}/moved");
        import(&house, token, "/api/auth/profile/photo", &url).await.expect_error(400, code);
        house.stop().await;
    }
}
