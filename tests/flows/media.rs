//! `/media/…`: stored objects, initials, and what is served when neither is there (CONTRACT §8).

use reqwest::{Method, Response};
use tests::{Answer, App, Engine, House, on_both};
use visage::demo::picture;

async fn get(house: &House, url: &str) -> Response {
    house.http.get(url).send().await.unwrap()
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

async fn uploaded(house: &House) -> (App, String, String) {
    let person = house.person("grace@example.org").await;
    let app = house.app("uploading").await;
    let tokens = app.tokens(&person, "openid profile").await;
    let token = tokens["access_token"].as_str().unwrap().to_owned();
    let answer = app.upload(&token, picture::png(640, 10)).await.expect(200);
    assert_eq!(answer.body["success"], true);
    assert!(answer.body["updated_at"].as_i64().unwrap() < 100_000_000_000, "seconds");
    let url = answer.text("picture").to_owned();
    (app, token, url)
}

on_both! {
    /// S130, S131, S133: a photo is there before the answer, versioned and immutable; the old one goes after its time.
    async fn a_photo_and_its_successor(house: &House) {
        let (app, token, url) = uploaded(house).await;
        let answer = get(house, &url).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(header(&answer, "content-type"), "image/jpeg");
        assert_eq!(header(&answer, "cache-control"), "public, max-age=86400, immutable");
        assert_eq!(header(&answer, "x-content-type-options"), "nosniff");
        assert_eq!(header(&answer, "content-security-policy"), "default-src 'none'; sandbox");
        assert_eq!(header(&answer, "cross-origin-resource-policy"), "cross-origin");
        assert!(header(&answer, "content-disposition").starts_with("inline"));
        assert_eq!(header(&answer, "set-cookie"), "");
        let tag = header(&answer, "etag").to_owned();
        let body = answer.bytes().await.unwrap();
        assert_eq!(picture::jpeg_size(&body), Some((512, 512)));
        for side in [256, 96, 48] {
            let variant = url.replace(".jpg", &format!("_{side}.jpg"));
            let bytes = get(house, &variant).await.bytes().await.unwrap();
            assert_eq!(picture::jpeg_size(&bytes), Some((side, side)));
        }
        assert_eq!(get(house, &url.replace(".jpg", "_128.jpg")).await.status(), 404);

        let head = house.http.head(&url).send().await.unwrap();
        assert_eq!((head.status().as_u16(), header(&head, "content-length")), (200, body.len().to_string().as_str()));
        let known = house.http.get(&url).header("if-none-match", format!("\"x\", {tag}")).send().await.unwrap();
        assert_eq!((known.status().as_u16(), header(&known, "etag")), (304, tag.as_str()));
        let ranges = (0..5000).map(|n| format!("{n}-{n}")).collect::<Vec<_>>().join(",");
        let ranged = house.http.get(&url).header("range", format!("bytes={ranges}")).send().await.unwrap();
        assert_eq!((ranged.status().as_u16(), ranged.bytes().await.unwrap()), (200, body));
        // S127
        let posted = house.http.request(Method::POST, &url).send().await.unwrap();
        assert_eq!((posted.status().as_u16(), header(&posted, "allow")), (405, "GET, HEAD"));

        let next = app.upload(&token, picture::png(640, 90)).await.expect(200).text("picture").to_owned();
        assert_ne!(next, url);
        assert_eq!(get(house, &url).await.status(), 200, "no reader meets a hole");
        house.advance(2);
        gone(house, &url).await;
        assert_eq!(get(house, &next).await.status(), 200);

        let removed = house.http.delete(house.url("/api/auth/profile/photo")).bearer_auth(&token);
        assert_eq!(Answer::of(removed).await.expect(200).body["success"], true);
        assert!(app.userinfo(&token).await.expect(200).text("picture").contains("/media/initials/"));
        house.advance(2);
        gone(house, &next).await;
        let old = get(house, &next).await;
        assert_eq!(header(&old, "cache-control"), "no-store");
    }

    /// CONTRACT §8: what a current row names and the store cannot give is the default picture, never to be kept.
    async fn a_lost_object_is_the_default_picture(house: &House) {
        let (_, _, url) = uploaded(house).await;
        std::fs::remove_dir_all(house.photos_dir().join("profile-photos")).unwrap();
        let answer = get(house, &url).await;
        assert_eq!((answer.status().as_u16(), header(&answer, "cache-control")), (200, "no-store"));
        assert_eq!(header(&answer, "content-type"), "image/jpeg");
        assert_eq!(picture::jpeg_size(&answer.bytes().await.unwrap()), Some((512, 512)));
        let never = get(house, &url.replace(".jpg", "x.jpg")).await;
        assert_eq!((never.status().as_u16(), header(&never, "cache-control")), (404, "no-store"));
    }
}

/// The deletion worker runs beside the requests.
async fn gone(house: &House, url: &str) {
    for _ in 0..100 {
        if get(house, url).await.status() == 404 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("{url} is still there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn initials() {
    let house = House::start(Engine::Sqlite).await;
    for (name, status) in [
        ("GH-3.jpg", 200),
        ("%C3%89-11.jpg", 200),
        ("_-0.jpg", 200),
        ("%E5%B1%B1-0.jpg", 200),
        ("GH-12.jpg", 404),
        ("GHX-1.jpg", 404),
        ("%FF-1.jpg", 404),
        ("GH-1.png", 404),
    ] {
        let answer = get(&house, &house.url(&format!("/media/initials/{name}"))).await;
        assert_eq!(answer.status(), status, "{name}");
        let policy = if status == 200 { "public, max-age=86400, immutable" } else { "no-store" };
        assert_eq!(header(&answer, "cache-control"), policy, "{name}");
        if status == 200 {
            assert_eq!(picture::jpeg_size(&answer.bytes().await.unwrap()), Some((512, 512)), "{name}");
        }
    }
    for path in [
        "/media/",
        "/media/../visage.db",
        "/media/%2e%2e/visage.db",
        "/media/.tmp/x",
        "/media/a//b",
        "/media/a%00b",
    ] {
        let answer = get(&house, &house.url(path)).await;
        assert!(matches!(answer.status().as_u16(), 400 | 404), "{path}: {}", answer.status());
    }
    house.stop().await;
}
