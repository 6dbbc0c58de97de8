//! Signing keys rotate under a running server without a restart and without one failing verification (S92, S93), and
//! nodes with different master keys do not start (F46).

use serde_json::Value;
use tests::{Answer, App, Engine, binary};

use crate::crashes::Place;

async fn kids(app: &App) -> Vec<String> {
    let answer = Answer::of(app.http.get(format!("{}/oauth2/jwks.json", app.endpoint))).await.expect(200);
    for key in answer.body["keys"].as_array().unwrap() {
        assert!(["d", "p", "q", "k"].iter().all(|private| key.get(private).is_none()), "S92");
    }
    answer.body["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

fn kid(jwt: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let header = URL_SAFE_NO_PAD.decode(jwt.split('.').next().unwrap()).unwrap();
    serde_json::from_slice::<Value>(&header).unwrap()["kid"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotation_on_sqlite() {
    rotation(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotation_on_postgres() {
    rotation(Engine::Postgres).await;
}

// S92, S93, F41
async fn rotation(engine: Engine) {
    let place = Place::new(engine).await;
    let person = place.person("grace@example.org");
    let app = place.app("verifying", &[]);
    let server = place.start().await;
    let before = app.tokens(&person, "openid offline_access").await;
    let cached = kids(&app).await;
    // At first start no copy without the next key exists, so it may sign at once.
    let said = place.run(&["keys", "rotate", "--alg", "RS256", "--alg", "ES256"], "");
    assert!(said.contains("has taken it up"), "{said}");
    let after = app.tokens(&person, "openid offline_access").await;
    for name in ["id_token", "access_token"] {
        let (old, new) = (kid(before[name].as_str().unwrap()), kid(after[name].as_str().unwrap()));
        assert_ne!(old, new, "{name}");
        assert!(cached.contains(&new), "whoever kept the set from before the rotation can verify: {name}");
        let published = kids(&app).await;
        assert!(published.contains(&old) && published.contains(&new));
    }
    for tokens in [&before, &after] {
        app.userinfo(tokens["access_token"].as_str().unwrap()).await.expect(200);
    }
    assert_eq!(server.terminate(), Some(0));
}

// F45
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_with_one_database_have_the_same_keys() {
    let place = Place::new(Engine::Postgres).await;
    let app = place.app("looking", &[]);
    // Both for the first time, at once: one of them makes the keys (F45).
    let (first, second) = tokio::join!(place.start(), place.start_second());
    let on_second = App { endpoint: place.second_origin.clone(), ..app.clone() };
    assert_eq!(kids(&app).await, kids(&on_second).await);
    place.run(&["keys", "rotate", "--alg", "ES256"], "");
    crate::crashes::eventually("both nodes publish the new key", async || {
        kids(&app).await == kids(&on_second).await
    })
    .await;
    drop((first, second));
}

// F46
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_master_key_refuses_to_start() {
    let place = Place::new(Engine::Sqlite).await;
    drop(place.start().await);
    let mut environment = place.environment().to_vec();
    environment.push(("VISAGE_KEYS__MASTER".to_owned(), "A".repeat(43)));
    let output = binary::run(&["serve"], &environment, "");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("master key") && said.contains("copy it"), "{said}");
}
