//! `visage photos …` for administrators, beside a running server; and `visage user update`.

use serde_json::Value;
use tests::{Engine, binary};
use visage::demo::picture;

use crate::crashes::{Place, eventually};

fn json(place: &Place, arguments: &[&str]) -> Value {
    serde_json::from_str(&place.run(&[arguments, &["--json"]].concat(), "")).unwrap()
}

/// Code and what it said on standard error.
fn fails(place: &Place, arguments: &[&str]) -> (Option<i32>, String) {
    let output = binary::run(arguments, place.environment(), "");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

async fn administrators_use_commands(engine: Engine) {
    let place = Place::new(engine).await;
    let server = place.start().await;
    let person = place.person("grace@example.org");
    let app = place.app("showing", &[]);
    let tokens = app.tokens(&person, "openid profile").await;
    let token = tokens["access_token"].as_str().unwrap();
    app.upload(token, picture::png(64, 1)).await.expect(200);
    app.upload(token, picture::png(64, 2)).await.expect(200);
    let photo = app.userinfo(token).await.expect(200).text("picture").to_owned();
    app.upload(token, b"no picture".to_vec()).await.expect(400);

    let listed = json(&place, &["photos", "list", "--person", "grace@example.org"]);
    assert_eq!(listed.as_array().map(Vec::len), Some(2));
    assert_eq!(json(&place, &["photos", "list", "--limit", "1"]).as_array().map(Vec::len), Some(1));
    let current = json(&place, &["photos", "list", "--state", "current", "--purpose", "profile"]);
    let id = current[0]["id"].as_str().unwrap();
    assert_eq!(json(&place, &["photos", "show", id]), current[0]);
    let table = place.run(&["photos", "list"], "");
    assert!(table.starts_with("ID") && table.contains("grace@example.org"), "{table}");
    let shown = place.run(&["photos", "show", id], "");
    assert!(shown.contains("state: current") && shown.contains(&photo), "{shown}");

    assert!(shown.contains("person: grace@example.org") && !shown.contains('{'), "{shown}");

    // Wrong usage and what is not there, with a word on what to do.
    for (arguments, code, words) in [
        (&["photos", "show", "nothing"][..], 1, "visage photos list"),
        (&["photos", "list", "--state", "lost"], 2, "superseded"),
        (&["photos", "list", "--person", "nobody@example.org"], 1, "visage user list"),
        (&["photos", "remove", id], 2, "--reason"),
        (&["photos", "remove", id, "--reason", " "], 2, "the person reads it"),
        (&["photos", "remove", "nothing", "--reason", "x"], 1, "visage photos list"),
        (&["photos", "block", "nobody@example.org", "--reason", "x"], 1, "visage user list"),
        (&["photos", "unblock", "grace@example.org"], 1, "is not blocked"),
        (&["photos", "stats", "--days", "0"], 2, "1..=400"),
        (&["user", "update", "grace@example.org"], 2, "--admin"),
        (&["user", "update", "grace@example.org", "--admin", "--no-admin"], 2, "cannot be used"),
    ] {
        let (ended, said) = fails(&place, arguments);
        assert_eq!(ended, Some(code), "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
    }

    place.run(&["photos", "remove", id, "--reason", "The photo shows somebody else."], "");
    eventually("the photo is away, at the server too", async || {
        let gone = app.http.get(&photo).send().await.unwrap().status().as_u16() == 404;
        gone && app.userinfo(token).await.expect(200).text("picture").contains("/initials/")
    })
    .await;
    assert_eq!(json(&place, &["photos", "show", id])["removed_reason"], "The photo shows somebody else.");

    assert_eq!(
        json(&place, &["photos", "block", "grace@example.org", "--reason", "Enough."])["reason"],
        "Enough."
    );
    app.upload(token, picture::png(64, 3)).await.expect_error(403, "uploads_blocked");
    eventually("the refusals are written down", async || {
        let refused = &json(&place, &["photos", "stats"])["refused_by_cause"];
        refused["uploads_blocked"] == 1 && refused.as_object().map(serde_json::Map::len) == Some(2)
    })
    .await;
    let said = place.run(&["photos", "stats", "--days", "7"], "");
    assert!(said.contains("applied: 2") && said.contains("uploads_blocked: 1"), "{said}");
    assert_eq!(json(&place, &["photos", "unblock", &person.id])["blocked"], false);
    app.upload(token, picture::png(64, 4)).await.expect(200);

    let updated = json(&place, &["user", "update", "grace@example.org", "--admin", "--user-type", "player"]);
    assert_eq!((&updated["is_admin"], &updated["user_type"]), (&true.into(), &"player".into()));
    eventually("the server says it", async || {
        app.userinfo(token).await.expect(200).body["user_type"] == "player"
    })
    .await;
    let updated = json(&place, &["user", "update", &person.id, "--no-admin", "--user-type", ""]);
    assert_eq!((&updated["is_admin"], &updated["user_type"]), (&false.into(), &Value::Null));
    let actions: Vec<Value> = json_export(&place, &person.id);
    let of = |action: &str| actions.iter().filter(|row| row["action"] == action).count();
    assert_eq!((of("photo.blocked"), of("photo.unblocked"), of("user.updated")), (1, 1, 2));
    assert_eq!(of("photo.removed_by_administrator"), 1);
    assert_eq!(server.terminate(), Some(0));
}

fn json_export(place: &Place, who: &str) -> Vec<Value> {
    let export: Value = serde_json::from_str(&place.run(&["user", "export", who], "")).unwrap();
    export["history"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn administrators_use_commands_sqlite() {
    administrators_use_commands(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn administrators_use_commands_postgres() {
    administrators_use_commands(Engine::Postgres).await;
}

/// What is stored, what waits, what was refused: for those who watch.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_of_photos() {
    let mut place = Place::new(Engine::Sqlite).await;
    let address = format!("127.0.0.1:{}", binary::free_port());
    place.set("VISAGE_SERVER__METRICS_LISTEN", &address);
    let http = tests::http();
    let scrape =
        async || http.get(format!("http://{address}/metrics")).send().await.unwrap().text().await.unwrap();
    let server = place.start().await;
    let (person, app) = (place.person("grace@example.org"), place.app("showing", &[]));
    let tokens = app.tokens(&person, "openid profile").await;
    let token = tokens["access_token"].as_str().unwrap();
    app.upload(token, picture::png(64, 1)).await.expect(200);
    app.upload(token, b"no picture".to_vec()).await.expect(400);
    let text = scrape().await;
    for line in [
        "visage_photo_uploads_total{result=\"applied\"} 1",
        "visage_photo_uploads_total{result=\"refused\"} 1",
        "visage_photo_refusals_total{cause=",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    assert_eq!(server.terminate(), Some(0));
    // The gauges are looked at when a server starts.
    let server = place.start().await;
    eventually("the gauges", async || {
        let text = scrape().await;
        text.contains("visage_photo_pictures{store=\"default\",state=\"current\"} 1")
            && text.contains("visage_photo_pictures{store=\"default\",state=\"staged\"} 0")
            && text.contains("visage_photo_bytes{store=\"default\"}")
            && text.contains("visage_photo_deletions_waiting 0")
            && text.contains("visage_photo_deletions_oldest_seconds 0")
    })
    .await;
    assert_eq!(server.terminate(), Some(0));
}
