//! Killed while a photo is uploaded, replaced, removed.

use std::path::Path;

use tests::{Answer, Engine, http};
use visage::{demo::picture, stopwatch::Stopwatch};

use super::{Place, Sides, eventually, moment, on_both_engines};

on_both_engines!(replacement);

/// I7, I8, F8 to F10: `picture` is always there and whole, the old one or the new one; no object without a row; and in
/// the end only the current photo's objects are left.
async fn replacement(engine: Engine) {
    let place = Place::new(engine).await;
    let person = place.person("grace@example.org");
    let app = place.app("crashing", &[]);
    let mut server = place.start().await;
    let token = app.tokens(&person, "openid profile").await["access_token"].as_str().unwrap().to_owned();
    let watch = Stopwatch::default();
    let mut current = app.upload(&token, picture::png(640, 0)).await.expect(200).text("picture").to_owned();
    let took = watch.milliseconds();
    let mut sides = Sides::default();
    while sides.wants_more() {
        let round = sides.before + sides.after;
        let (uploading, bearer) = (app.clone(), token.clone());
        let hue = u8::try_from(round * 20 % 256).unwrap();
        let request = tokio::spawn(async move {
            let part = reqwest::multipart::Part::bytes(picture::png(640, hue)).file_name("photo.png");
            let form = reqwest::multipart::Form::new().part("photo", part);
            let url = format!("{}/api/auth/profile/photo", uploading.endpoint);
            let answer = uploading.http.post(url).bearer_auth(bearer).multipart(form).send().await.ok()?;
            let body: serde_json::Value = answer.json().await.ok()?;
            body["picture"].as_str().map(str::to_owned)
        });
        tokio::time::sleep(moment(sides.window(took))).await;
        server.kill();
        let promised = request.await.unwrap();
        assert_every_object_has_a_row(&place).await;

        server = place.start().await;
        let shown = app.userinfo(&token).await.expect(200).text("picture").to_owned();
        if let Some(promised) = promised {
            assert_eq!(shown, promised, "what was answered holds");
        }
        assert_whole(&shown).await;
        *(if shown == current { &mut sides.before } else { &mut sides.after }) += 1;
        current = shown;
    }
    sides.assert_both();
    // When input stops: the queue empties, and of everything only the current photo is left besides what was never
    // confirmed, which the sweep gives up later.
    eventually("superseded photos are gone", async || {
        let store = place.store().await;
        store.deletions_waiting().await.unwrap() == 0
    })
    .await;
    assert_whole(&current).await;
    assert_every_object_has_a_row(&place).await;
    server.terminate();
    place.run(&["photos", "cleanup", "--days", "0"], "");
    // What a kill cut short is given up by the sweep, a quarter of an hour later: here, by hand.
    let store = place.store().await;
    let unfinished = store::pictures::state::UPLOADING;
    store.discard_waiting(unfinished, i64::MAX, 1000, 0).await.unwrap();
    drop(store);
    let server = place.start().await;
    eventually("only the current photo is left", async || {
        objects(&place.dir.path().join("photos")).len() == 4
    })
    .await;
    assert_whole(&current).await;
    assert_eq!(server.terminate(), Some(0));
    place.run(&["photos", "verify"], "");
}

/// Every advertised size answers, without authentication, with a picture of that size.
async fn assert_whole(url: &str) {
    let base = url.strip_suffix(".jpg").unwrap();
    for (suffix, side) in [("", 512), ("_256", 256), ("_96", 96), ("_48", 48)] {
        let answer = http().get(format!("{base}{suffix}.jpg")).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{base}{suffix}.jpg");
        assert_eq!(picture::jpeg_size(&answer.bytes().await.unwrap()), Some((side, side)));
    }
}

/// The row is written before the object: whatever a crash leaves behind, a row names it (I8).
async fn assert_every_object_has_a_row(place: &Place) {
    let store = place.store().await;
    for key in objects(&place.dir.path().join("photos")) {
        let (folder, file) = key.rsplit_once('/').unwrap();
        let base = format!("{folder}/{}", file.split(['_', '.']).next().unwrap());
        let named = store.named_key_bases(std::slice::from_ref(&base)).await.unwrap();
        assert!(named.iter().any(|row| row.key_base == base), "an object that no row names: {key}");
    }
}

/// The names of stored objects, without what an interrupted write left beside them.
fn objects(dir: &Path) -> Vec<String> {
    fn walk(dir: &Path, root: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, root, found);
            } else {
                found.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    let mut found = Vec::new();
    walk(dir, dir, &mut found);
    found.retain(|key| key.starts_with("profile-photos/"));
    found
}

on_both_engines!(between_the_steps);

/// F8, F9, I10: an upload that waits survives the server; a confirmation whose answer was lost is done or not, never half.
async fn between_the_steps(engine: Engine) {
    let place = Place::new(engine).await;
    let person = place.person("grace@example.org");
    let app = place.app("crashing", &[]);
    let mut server = place.start().await;
    let token = app.tokens(&person, "openid profile").await["access_token"].as_str().unwrap().to_owned();
    let api = |path: &str| format!("{}/api/users/{path}/", app.endpoint);
    let stage = async || {
        let part = reqwest::multipart::Part::bytes(picture::png(640, 7)).file_name("photo.png");
        let form = reqwest::multipart::Form::new().part("image", part);
        let request = http().post(api("upload-profile-picture")).bearer_auth(&token).multipart(form);
        Answer::of(request).await.expect(201)
    };
    let confirm = |upload: &Answer| {
        let request = http().post(api("confirm-profile-picture")).bearer_auth(&token);
        request.json(&serde_json::json!({ "upload_id": upload.text("id") }))
    };
    let first = stage().await;
    let watch = Stopwatch::default();
    Answer::of(confirm(&first)).await.expect(200);
    let took = watch.milliseconds();
    let mut sides = Sides::default();
    while sides.wants_more() {
        let upload = stage().await;
        let preview = upload.text("preview_url").to_owned();
        server.kill();
        server = place.start().await;
        assert_eq!(http().get(&preview).send().await.unwrap().status(), 200, "it waits");

        let answer = tokio::spawn(confirm(&upload).send());
        tokio::time::sleep(moment(sides.window(took))).await;
        server.kill();
        assert_every_object_has_a_row(&place).await;
        let answered = answer.await.unwrap().is_ok_and(|answer| answer.status() == 200);

        server = place.start().await;
        let history =
            Answer::of(http().get(api("profile-picture-uploads")).bearer_auth(&token)).await.expect(200);
        let confirmed = history.body["uploads"][0]["is_confirmed"] == true;
        assert!(confirmed || !answered, "what was answered holds");
        let second = Answer::of(confirm(&upload)).await;
        assert_eq!(second.status, if confirmed { 404 } else { 200 }, "{:#}", second.body);
        *(if confirmed { &mut sides.after } else { &mut sides.before }) += 1;
        assert_whole(app.userinfo(&token).await.expect(200).text("picture")).await;
    }
    sides.assert_both();
    assert_eq!(server.terminate(), Some(0));
}
