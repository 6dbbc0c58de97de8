//! `visage doctor` on stores that do not work, or that nobody can read: it says what to do.

use serde_json::Value;
use tests::{Engine, Place, binary, services};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_store_and_its_public_address_are_tried() {
    let mut place = Place::new(Engine::Sqlite).await;
    let (ftp, _) = services::ftp("ftps", None);
    place.add_store("hoster", &ftp);
    place.set("VISAGE_PHOTOS__STORES__HOSTER__PUBLIC_URL", "http://localhost:9/images");
    let mut s3 = services::s3().await;
    for (_, value) in &mut s3.settings {
        *value = value.replace("s3://", "s3://not-");
    }
    place.add_store("cloud", &s3);
    let output = binary::run(&["doctor", "--json"], place.environment(), "");
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let lines: Vec<(&str, &str, &str)> = report
        .as_array()
        .unwrap()
        .iter()
        .map(|line| ["check", "result", "detail"].map(|name| line[name].as_str().unwrap()).into())
        .collect();
    let has = |check: &str, result: &str, detail: &str| {
        let found = lines.iter().any(|line| line.0 == check && line.1 == result && line.2.contains(detail));
        assert!(found, "{check} {result} {detail}: {report:#}");
    };
    has("database", "note", "pending");
    has("keys", "note", "not looked at");
    has("object store", "ok", "`default`");
    has("object store", "ok", "`hoster`");
    has("public URL", "wrong", "`hoster`: http://localhost:9/images does not answer");
    has("object store", "wrong", "`cloud`: the object store refused: there is no such bucket: create it");
}
