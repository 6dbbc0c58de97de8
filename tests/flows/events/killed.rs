//! The server dies while an event is on its way: it comes again, under the same `jti`, from the next one.

use std::time::Duration;

use tests::{
    Engine, binary,
    place::Place,
    receiver::{Mood, Receiver},
};
use visage::demo::picture;

async fn killed_while_it_delivers(engine: Engine) {
    let receiver = Receiver::start(Mood::Hangs).await;
    let mut place = Place::new(engine).await;
    place.set("VISAGE_OUTBOUND__ALLOW_NETWORKS", "['127.0.0.0/8', '::1']");
    let person = place.person("grace@example.org");
    let app = place.app("wall", &["--event-uri", &receiver.uri]);
    let server = place.start().await;
    let tokens = app.tokens(&person, "openid profile").await;
    let photo = app.upload(tokens["access_token"].as_str().unwrap(), picture::png(200, 1)).await.expect(200);
    let first = receiver.wait_for(1, Duration::from_secs(15)).await;
    server.kill();
    receiver.becomes(Mood::Takes);

    let server = place.start().await;
    // The lease of the dead one ends first.
    let pushed = receiver.wait_for(2, Duration::from_secs(40)).await;
    let before = first[0].verified(&place.issuer, "wall").await;
    let again = pushed[1].verified(&place.issuer, "wall").await;
    assert_eq!(before["jti"], again["jti"]);
    let uri = format!("{}/events/picture.updated", place.issuer);
    assert_eq!(again["events"][&uri]["picture"], photo.body["picture"]);
    let shown = || binary::run(&["client", "show", "wall", "--json"], place.environment(), "");
    for _ in 0..100 {
        let shown: serde_json::Value = serde_json::from_slice(&shown().stdout).unwrap();
        if shown["events"]["waiting"] == 0 && shown["events"]["delivered_at"].is_i64() {
            assert_eq!(shown["events"]["uri"], receiver.uri.as_str());
            assert_eq!(shown["events"]["failures"], 0);
            assert_eq!(receiver.pushed().len(), 2, "and no third time");
            assert_eq!(server.terminate(), Some(0));
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it still waits");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite() {
    killed_while_it_delivers(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres() {
    killed_while_it_delivers(Engine::Postgres).await;
}
