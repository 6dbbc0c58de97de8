//! Signing keys rotate under a running server without a restart and without one failing verification (S92, S93), and
//! nodes with different master keys do not start (F46).

use serde_json::Value;
use tests::{Answer, App, Engine, House, binary};
use visage::keys;
use web::Clock;

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

// S92, S93, F41: oidcc-server-rotate-keys
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

/// CONTRACT §1: on SQLite a running server takes a rotation up within 100 ms. Measured from the moment when its rows
/// are there, so that the command's own start does not count; a busy machine is given ten times as long.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_is_taken_up_at_once_on_sqlite() {
    let place = Place::new(Engine::Sqlite).await;
    let app = place.app("looking", &[]);
    let server = place.start().await;
    let mut slowest = 0.0_f64;
    for _ in 0..5 {
        let rows: Value = serde_json::from_str(&place.run(&["keys", "list", "--json"], "")).unwrap();
        let next = |row: &&Value| row["alg"] == "ES256" && row["state"] == "next";
        let id = rows.as_array().unwrap().iter().find(next).unwrap()["id"].as_str().unwrap().to_owned();
        // Its successor is the key that the server does not know before.
        let store = place.store().await;
        let before: Vec<String> = store.keys().await.unwrap().into_iter().map(|row| row.id).collect();
        let rotating = {
            let environment = place.environment().to_vec();
            std::thread::spawn(move || {
                binary::run(&["keys", "rotate", "--alg", "ES256", "--now"], &environment, "")
            })
        };
        let new = loop {
            let keys = store.keys().await.unwrap();
            if let Some(row) = keys.iter().find(|row| !before.contains(&row.id)) {
                break row.id.clone();
            }
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        };
        let watch = visage::stopwatch::Stopwatch::default();
        while !kids(&app).await.contains(&new) {
            assert!(watch.milliseconds() < 10_000.0, "not taken up at all");
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        slowest = slowest.max(watch.milliseconds());
        assert!(rotating.join().unwrap().status.success());
        assert!(kids(&app).await.contains(&id), "what signs now is published");
    }
    eprintln!("a rotation was taken up within {slowest:.0} ms at the most");
    assert!(slowest < 1000.0, "{slowest} ms");
    assert_eq!(server.terminate(), Some(0));
}

/// Another program on our port, or another Visage, is not a server of ours that fails to take a rotation up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_else_on_the_port_is_not_our_server() {
    let theirs = Place::new(Engine::Sqlite).await;
    let server = theirs.start().await;
    let mut ours = Place::new(Engine::Sqlite).await;
    let listen = theirs.issuer.replace("http://localhost", "127.0.0.1");
    ours.set("VISAGE_SERVER__LISTEN", &listen);
    ours.run(&["migrate"], "");
    let said = ours.run(&["keys", "rotate", "--alg", "ES256", "--now"], "");
    assert!(said.contains("No server is running here"), "{said}");
    assert_eq!(server.terminate(), Some(0));
}

// F45, S93
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_with_one_database_have_the_same_keys() {
    let place = Place::new(Engine::Postgres).await;
    let person = place.person("grace@example.org");
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
    // A key that was made and signs within a moment: the first token by it is good on the other node at once.
    for _ in 0..3 {
        for _ in 0..2 {
            place.run(&["keys", "rotate", "--alg", "ES256", "--now"], "");
        }
        let tokens = app.tokens(&person, "openid").await;
        on_second.userinfo(tokens["access_token"].as_str().unwrap()).await.expect(200);
    }
    drop((first, second));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_rotate_by_the_clock() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        by_the_clock(engine).await;
    }
}

// S92, S93
async fn by_the_clock(engine: Engine) {
    let house = House::with(engine, &[("keys.rotate_every", "1h")]).await;
    let (config, store, random) = (&house.place().config, house.store(), &house.place().random);
    let person = house.person("grace@example.org").await;
    let app = house.app("looking").await;
    let master = keys::master(&config.keys, store, random).await.unwrap();
    // What the server's worker does every ten minutes of the real clock.
    let look = async || {
        keys::advance(store, &master, random, &keys::rules(config), house.clock.now()).await.unwrap()
    };
    assert!(!look().await, "nothing is due");
    let before = app.tokens(&person, "openid").await;
    let old = kid(before["id_token"].as_str().unwrap());
    let cached = kids(&app).await;
    house.advance(3601);
    assert!(look().await);
    assert!(!look().await, "once");
    crate::crashes::eventually("the server takes the rotation up", async || kids(&app).await != cached).await;
    let after = app.tokens(&person, "openid").await;
    let new = kid(after["id_token"].as_str().unwrap());
    assert_ne!(old, new);
    assert!(cached.contains(&new), "who kept the set from before can verify");
    assert!(kids(&app).await.contains(&old), "what was signed before still verifies");
    house.advance(8 * 24 * 3600);
    assert!(look().await);
    crate::crashes::eventually("the old key goes", async || !kids(&app).await.contains(&old)).await;
    house.stop().await;
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
