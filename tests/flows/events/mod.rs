//! What applications are told when a picture changes (RFC 8417, RFC 8935), by a real receiver that verifies it.

mod killed;

use std::time::Duration;
use tokio::time::Instant;

use serde_json::{Value, json};
use tests::{
    Answer, App, Engine, House, Person,
    receiver::{Mood, Pushed, Receiver},
};
use visage::{commands::client_details::Details, demo::picture};

const SOON: Duration = Duration::from_secs(10);

/// Each becomes two tests, on a house whose applications are on this machine.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            use super::*;

            async fn journey(engine: Engine) {
                let settings = [("outbound.allow_networks", "['127.0.0.0/8', '::1']")];
                let house = House::with(engine, &settings).await;
                super::$name(&house).await;
                house.stop().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                journey(Engine::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                journey(Engine::Postgres).await;
            }
        }
    )+};
}

on_both!(
    whoever_is_connected_is_told,
    a_refusal_is_an_answer,
    what_is_not_taken_comes_again,
    nobody_waits_for_one_that_hangs,
);

async fn app(house: &House, id: &str, receiver: &Receiver) -> App {
    let app = house.register(id, Details::default()).await;
    house.store().set_event_receiver(id, Some(receiver.uri.clone()), 0).await.unwrap();
    app
}

async fn token(app: &App, person: &Person, scope: &str) -> String {
    app.tokens(person, scope).await["access_token"].as_str().unwrap().to_owned()
}

fn jti(pushed: &Pushed) -> String {
    App::claims(&pushed.token)["jti"].as_str().unwrap().to_owned()
}

/// The one event of a token: its URI without the issuer, and what it says.
fn event(house: &House, claims: &Value) -> (String, Value) {
    let events = claims["events"].as_object().unwrap();
    assert_eq!(events.len(), 1, "{claims:#}");
    let (uri, what) = events.iter().next().unwrap();
    (uri.strip_prefix(&house.issuer).unwrap().to_owned(), what.clone())
}

async fn settled(house: &House, client_id: &str) {
    let began = Instant::now();
    while house.store().events_waiting(client_id).await.unwrap() > 0 {
        assert!(began.elapsed() < SOON, "events wait");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn whoever_is_connected_is_told(house: &House) {
    let wall = Receiver::start(Mood::Takes).await;
    let stranger = Receiver::start(Mood::Takes).await;
    let nameless = Receiver::start(Mood::Takes).await;
    let on_wall = app(house, "wall", &wall).await;
    app(house, "stranger", &stranger).await;
    let in_nameless = app(house, "nameless", &nameless).await;
    let person = house.person("grace@example.org").await;
    let access = token(&on_wall, &person, "openid profile").await;
    token(&in_nameless, &person, "openid email").await;

    let photo = on_wall.upload(&access, picture::png(300, 1)).await.expect(200);
    let pushed = wall.wait_for(1, SOON).await;
    let claims = pushed[0].verified(&house.issuer, "wall").await;
    assert_eq!(claims["sub_id"], json!({ "format": "iss_sub", "iss": house.issuer, "sub": person.id }));
    assert!(claims.get("exp").is_none() && claims.get("sub").is_none() && claims["jti"].is_string());
    let (uri, what) = event(house, &claims);
    assert_eq!(uri, "/events/picture.updated");
    let userinfo = on_wall.userinfo(&access).await.expect(200).body;
    for member in ["picture", "picture_variants", "thumbhash", "updated_at"] {
        assert_eq!(what[member], userinfo[member], "{member}");
    }
    assert_eq!(what["picture"], photo.body["picture"]);
    let picture = house.http.get(what["picture"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(picture.status(), 200);

    // An address elsewhere, then none, then nobody.
    settled(house, "wall").await;
    let put = house.http.put(house.url("/api/auth/profile")).bearer_auth(&access);
    Answer::of(put.json(&json!({ "picture_url": "https://elsewhere.example/a.jpg" }))).await.expect(200);
    let pushed = wall.wait_for(2, SOON).await;
    let (uri, what) = event(house, &pushed[1].verified(&house.issuer, "wall").await);
    assert_eq!(
        (uri.as_str(), what["picture"].as_str()),
        ("/events/picture.updated", Some("https://elsewhere.example/a.jpg"))
    );
    assert!(what.get("picture_variants").is_none());
    settled(house, "wall").await;
    let remove = house.http.delete(house.url("/api/auth/profile/photo")).bearer_auth(&access);
    Answer::of(remove).await.expect(200);
    let pushed = wall.wait_for(3, SOON).await;
    let (uri, what) = event(house, &pushed[2].verified(&house.issuer, "wall").await);
    assert_eq!(uri, "/events/picture.removed");
    assert_eq!(what["picture"], on_wall.userinfo(&access).await.body["picture"], "the default picture");
    settled(house, "wall").await;
    on_wall.upload(&access, picture::png(300, 2)).await.expect(200);
    wall.wait_for(4, SOON).await;
    settled(house, "wall").await;
    assert!(house.store().delete_user(&person.id, 0, house.clock_now()).await.unwrap());
    let pushed = wall.wait_for(5, SOON).await;
    let claims = pushed[4].verified(&house.issuer, "wall").await;
    assert_eq!(event(house, &claims).0, "/events/picture.removed");
    assert_eq!(claims["sub_id"]["sub"], person.id.as_str());

    // Who took an application's leave is not told of to it; each token is another.
    let other = house.person("ada@example.org").await;
    let access = token(&on_wall, &other, "openid profile").await;
    settled(house, "wall").await;
    house.store().withdraw_consent(&other.id, "wall", house.clock_now()).await.unwrap();
    on_wall.upload(&access, picture::png(300, 3)).await.expect(401);
    let upload = house.store().update_profile(
        &other.id,
        picture_url(),
        &other.id,
        store::pictures::Retention::default(),
        house.clock_now(),
    );
    assert!(matches!(upload.await.unwrap(), store::users::Updated::Done(_)));
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let mut all: Vec<String> = wall.pushed().iter().map(jti).collect();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 5, "{all:?}");
    assert!(stranger.pushed().is_empty() && nameless.pushed().is_empty());
}

fn picture_url() -> store::users::ProfileChange {
    let url = Some(Some("https://elsewhere.example/b.jpg".to_owned()));
    store::users::ProfileChange { picture_url: url, ..Default::default() }
}

async fn a_refusal_is_an_answer(house: &House) {
    let receiver = Receiver::start(Mood::Refuses).await;
    let app = app(house, "picky", &receiver).await;
    let person = house.person("grace@example.org").await;
    let access = token(&app, &person, "openid profile").await;
    app.upload(&access, picture::png(64, 1)).await.expect(200);
    receiver.wait_for(1, SOON).await;
    settled(house, "picky").await;
    let began = Instant::now();
    let row = loop {
        let row = house.store().event_receiver("picky").await.unwrap().unwrap();
        if row.last_error.is_some() {
            break row;
        }
        assert!(began.elapsed() < SOON);
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(row.last_error.as_deref(), Some("access_denied not mine"));
    assert_eq!(row.failures, 0);
    house.advance(3600);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(receiver.pushed().len(), 1, "never again");
    receiver.becomes(Mood::Takes);
    let access = token(&app, &person, "openid profile").await;
    app.upload(&access, picture::png(64, 2)).await.expect(200);
    receiver.wait_for(2, SOON).await;
}

async fn what_is_not_taken_comes_again(house: &House) {
    let receiver = Receiver::start(Mood::Fails).await;
    let app = app(house, "failing", &receiver).await;
    let person = house.person("grace@example.org").await;
    let access = token(&app, &person, "openid profile").await;
    app.upload(&access, picture::png(64, 1)).await.expect(200);
    receiver.wait_for(1, SOON).await;
    // The clock stands still: it waits.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(receiver.pushed().len(), 1);
    let failed = house.store().event_receiver("failing").await.unwrap().unwrap();
    assert_eq!((failed.failures, failed.last_error.as_deref()), (1, Some("it answered 503")));
    for (tries, wait) in [(2, 1), (3, 2), (4, 4)] {
        house.advance(wait);
        receiver.wait_for(tries, SOON).await;
        let began = Instant::now();
        while house.store().event_receiver("failing").await.unwrap().unwrap().failures < tries as i64 {
            assert!(began.elapsed() < SOON);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    // It comes back, and is told what holds by then, once.
    let newer = app.upload(&access, picture::png(64, 2)).await.expect(200);
    receiver.becomes(Mood::Takes);
    let before = receiver.pushed();
    assert!(before.iter().all(|pushed| jti(pushed) == jti(&before[0])), "the same at every try");
    house.advance(8);
    let pushed = receiver.wait_for(5, SOON).await;
    let (_, what) = event(house, &pushed[4].verified(&house.issuer, "failing").await);
    assert_eq!(what["picture"], newer.body["picture"]);
    assert_ne!(jti(&pushed[4]), jti(&pushed[0]));
    settled(house, "failing").await;
    let well = house.store().event_receiver("failing").await.unwrap().unwrap();
    assert!(well.delivered_at.is_some() || well.failures > 0);

    // One that never comes back is given up after `events.keep`.
    receiver.becomes(Mood::Fails);
    app.upload(&access, picture::png(64, 3)).await.expect(200);
    receiver.wait_for(6, SOON).await;
    assert_eq!(house.store().drop_events(house.clock_now() - 3 * 86_400_000_000).await.unwrap(), 0);
    house.advance(3 * 86_400 + 1);
    assert_eq!(house.store().drop_events(house.clock_now() - 3 * 86_400_000_000).await.unwrap(), 1);
}

async fn nobody_waits_for_one_that_hangs(house: &House) {
    let (slow, quick) = (Receiver::start(Mood::Hangs).await, Receiver::start(Mood::Takes).await);
    let in_slow = app(house, "slow", &slow).await;
    let in_quick = app(house, "quick", &quick).await;
    let person = house.person("grace@example.org").await;
    let access = token(&in_slow, &person, "openid profile").await;
    token(&in_quick, &person, "openid profile").await;
    let began = Instant::now();
    for number in 1..=3 {
        in_slow.upload(&access, picture::png(64, number as u8)).await.expect(200);
        quick.wait_for(number, SOON).await;
        settled(house, "quick").await;
    }
    assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
    assert_eq!(slow.pushed().len(), 1, "one at a time");
    let began = Instant::now();
    loop {
        let failed = house.store().event_receiver("slow").await.unwrap().unwrap();
        if failed.failures > 0 {
            assert_eq!(failed.last_error.as_deref(), Some("it took longer than 10 s"));
            break;
        }
        assert!(began.elapsed() < 2 * SOON);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
