//! Commands that are killed half-way: a rotation, the deletion of a person.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;
use tests::{Engine, binary};
use visage::demo::picture;

use super::{Place, eventually, moment, on_both_engines};

on_both_engines!(key_rotation, deletion_of_a_person);

const ROUNDS: usize = 6;

// F11: whatever is left of a rotation, there is exactly one current and one next key of each kind.
async fn key_rotation(engine: Engine) {
    let place = Place::new(engine).await;
    place.run(&["migrate"], "");
    place.run(&["keys", "rotate", "--now"], "");
    for _ in 0..ROUNDS {
        binary::run_and_kill(
            &["keys", "rotate", "--now"],
            place.environment(),
            moment(Duration::from_millis(400)),
        );
        let keys: Value = serde_json::from_str(&place.run(&["keys", "list", "--json"], "")).unwrap();
        let mut count = BTreeMap::new();
        for key in keys.as_array().unwrap() {
            let kind = ["purpose", "alg", "state"].map(|name| key[name].as_str().unwrap().to_owned());
            *count.entry(kind).or_insert(0) += 1;
        }
        for alg in ["RS256", "PS256", "ES256", "EdDSA"] {
            for state in ["current", "next"] {
                let kind = ["signing", alg, state].map(str::to_owned);
                assert_eq!(count.get(&kind), Some(&1), "{kind:?} of {count:?}");
            }
        }
    }
    // A server starts with them, and they sign.
    let person = place.person("grace@example.org");
    let app = place.app("after", &[]);
    let server = place.start().await;
    let tokens = app.tokens(&person, "openid").await;
    app.userinfo(tokens["access_token"].as_str().unwrap()).await.expect(200);
    assert_eq!(server.terminate(), Some(0));
}

// F13: a person is there whole or gone whole; asking again finishes it, and no object stays.
async fn deletion_of_a_person(engine: Engine) {
    let place = Place::new(engine).await;
    let app = place.app("deleting", &[]);
    let server = place.start().await;
    for round in 0..ROUNDS {
        let email = format!("grace{round}@example.org");
        let person = place.person(&email);
        let token = app.tokens(&person, "openid profile").await["access_token"].as_str().unwrap().to_owned();
        let picture = app.upload(&token, picture::png(600, 50)).await.expect(200).text("picture").to_owned();
        binary::run_and_kill(
            &["user", "delete", &email],
            place.environment(),
            moment(Duration::from_millis(60)),
        );
        let listed: Value = serde_json::from_str(&place.run(&["user", "list", "--json"], "")).unwrap();
        if listed.as_array().unwrap().iter().any(|user| user["email"] == email.as_str()) {
            app.userinfo(&token).await.expect(200);
            assert_eq!(tests::http().get(&picture).send().await.unwrap().status(), 200);
            place.run(&["user", "delete", &email], "");
        }
        eventually("the token is dead", async || app.userinfo(&token).await.status == 401).await;
        eventually("the photo is gone", async || {
            tests::http().get(&picture).send().await.unwrap().status() == 404
        })
        .await;
    }
    assert_eq!(server.terminate(), Some(0));
    place.run(&["photos", "verify"], "");
}
