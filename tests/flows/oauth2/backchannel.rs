//! Back-channel logout, to a real listener that verifies what it is sent: told at every end of a session, again after a
//! failure or a crash, and nobody waits for one that hangs.

use std::time::Duration;

use serde_json::Value;
use tests::{
    App, Browser, Engine, House, Person,
    place::Place,
    receiver::{Mood, Receiver},
};
use tokio::time::Instant;
use url::Url;
use visage::commands::client_details::Details;

const SOON: Duration = Duration::from_secs(10);
const ALLOWED: &str = "['127.0.0.0/8', '::1']";

/// Each becomes two tests, on a house whose applications are on this machine.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            use super::*;

            async fn journey(engine: Engine) {
                let house = House::with(engine, &[("outbound.allow_networks", ALLOWED)]).await;
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

on_both!(whoever_took_part_is_told, what_is_not_taken_comes_again, nobody_waits_for_one_that_hangs,);

async fn app(house: &House, id: &str, receiver: &Receiver) -> App {
    let app = house.register(id, Details::default()).await;
    let mut client = house.store().client(id).await.unwrap().unwrap().as_ref().clone();
    client.metadata.backchannel_logout_uri = Some(receiver.logout_uri.clone());
    client.metadata.backchannel_logout_session_required = true;
    assert!(house.store().update_client(client).await.unwrap());
    app
}

/// The claims of the ID token of a sign-in in this browser.
async fn sign_in(app: &App, browser: &mut Browser, person: &Person) -> (String, Value) {
    let code = app.code_in(browser, person, "openid").await;
    let tokens = app.redeem(&code).await.expect(200);
    let id_token = tokens.text("id_token").to_owned();
    let claims = App::claims(&id_token);
    (id_token, claims)
}

async fn sign_out(issuer: &str, browser: &mut Browser, id_token: &str) {
    let mut url: Url = format!("{issuer}/oauth2/logout").parse().unwrap();
    url.query_pairs_mut().append_pair("id_token_hint", id_token);
    assert_eq!(browser.get(&url).await.unwrap().status, 303);
}

/// S100: oidcc-backchannel-rp-initiated-logout; by sign-out, and by an administrator.
async fn whoever_took_part_is_told(house: &House) {
    let (one, two, never) = (
        Receiver::start(Mood::Takes).await,
        Receiver::start(Mood::Takes).await,
        Receiver::start(Mood::Takes).await,
    );
    let in_one = app(house, "one", &one).await;
    let in_two = app(house, "two", &two).await;
    app(house, "never", &never).await;
    let person = house.person("grace@example.org").await;
    let mut browser = Browser::new(house.http.clone());
    let (id_token, claims) = sign_in(&in_one, &mut browser, &person).await;
    sign_in(&in_two, &mut browser, &person).await;
    // In another browser, which stays.
    let mut elsewhere = Browser::new(house.http.clone());
    let (_, other) = sign_in(&in_one, &mut elsewhere, &person).await;
    assert_ne!(claims["sid"], other["sid"]);

    sign_out(&house.issuer, &mut browser, &id_token).await;
    let told = one.wait_for(1, SOON).await[0].logout(&house.issuer, "one").await;
    assert_eq!((&told["sub"], &told["sid"]), (&claims["sub"], &claims["sid"]));
    let told = two.wait_for(1, SOON).await[0].logout(&house.issuer, "two").await;
    assert_eq!(told["sid"], claims["sid"]);

    house.store().set_active(&person.id, false, house.clock_now()).await.unwrap();
    let told = one.wait_for(2, SOON).await[1].logout(&house.issuer, "one").await;
    assert_eq!(told["sid"], other["sid"]);
    assert_eq!((two.pushed().len(), never.pushed().len()), (1, 0));
}

/// S100: bounded.
async fn what_is_not_taken_comes_again(house: &House) {
    let receiver = Receiver::start(Mood::Fails).await;
    let app = app(house, "failing", &receiver).await;
    let person = house.person("grace@example.org").await;
    let mut browser = Browser::new(house.http.clone());
    let (id_token, claims) = sign_in(&app, &mut browser, &person).await;
    sign_out(&house.issuer, &mut browser, &id_token).await;
    for (tries, wait) in [(1, 1), (2, 2), (3, 4)] {
        let pushed = receiver.wait_for(tries, SOON).await;
        pushed[tries - 1].logout(&house.issuer, "failing").await;
        if tries == 2 {
            receiver.becomes(Mood::Refuses);
        }
        if tries == 3 {
            receiver.becomes(Mood::Takes);
        }
        waits(house, tries as i64).await;
        house.advance(wait);
    }
    let pushed = receiver.wait_for(4, SOON).await;
    let told = pushed[3].logout(&house.issuer, "failing").await;
    assert_eq!(told["sid"], claims["sid"]);
    let mut ids: Vec<String> = pushed.iter().map(|one| App::claims(&one.token)["jti"].to_string()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4, "each try is another token");

    // One that never takes it is given up.
    receiver.becomes(Mood::Fails);
    let (id_token, _) = sign_in(&app, &mut browser, &person).await;
    sign_out(&house.issuer, &mut browser, &id_token).await;
    receiver.wait_for(5, SOON).await;
    waits(house, 1).await;
    house.advance(24 * 3600);
    let now = house.clock_now();
    assert!(house.store().clients_to_notify(&[], 9, now).await.unwrap().is_empty());
    let swept = house.store().sweep_expired(i64::MAX / 2, i64::MAX / 2, now).await.unwrap();
    assert!(swept.contains(&("logout_notices", 1)), "{swept:?}");
}

/// Until the one notice was put off so many times.
async fn waits(house: &House, attempts: i64) {
    let began = Instant::now();
    while house.store().notices_waiting("failing").await.unwrap() != (1, attempts) {
        assert!(began.elapsed() < SOON);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn nobody_waits_for_one_that_hangs(house: &House) {
    let (slow, quick) = (Receiver::start(Mood::Hangs).await, Receiver::start(Mood::Takes).await);
    let in_slow = app(house, "slow", &slow).await;
    let in_quick = app(house, "quick", &quick).await;
    let person = house.person("grace@example.org").await;
    let began = Instant::now();
    for round in 1..=3 {
        let mut browser = Browser::new(house.http.clone());
        sign_in(&in_slow, &mut browser, &person).await;
        let (id_token, _) = sign_in(&in_quick, &mut browser, &person).await;
        sign_out(&house.issuer, &mut browser, &id_token).await;
        quick.wait_for(round, SOON).await;
    }
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
    assert!(slow.pushed().len() <= 3, "one at a time: {}", slow.pushed().len());
}

/// F12, S100: the server dies while it says it; the next one says it again, in words that the client may know.
async fn killed_while_it_tells(engine: Engine) {
    let receiver = Receiver::start(Mood::Hangs).await;
    let mut place = Place::new(engine).await;
    place.set("VISAGE_OUTBOUND__ALLOW_NETWORKS", ALLOWED);
    let person = place.person("grace@example.org");
    let metadata = place.dir.path().join("client.json");
    let document = serde_json::json!({ "backchannel_logout_uri": receiver.logout_uri });
    std::fs::write(&metadata, document.to_string()).unwrap();
    let app = place.app("wall", &["--metadata", &metadata.display().to_string()]);
    let server = place.start().await;
    let mut browser = Browser::new(app.http.clone());
    let (id_token, claims) = sign_in(&app, &mut browser, &person).await;
    sign_out(&place.issuer, &mut browser, &id_token).await;
    let first = receiver.wait_for(1, Duration::from_secs(15)).await;
    server.kill();
    receiver.becomes(Mood::Takes);
    let server = place.start().await;
    // The lease of the dead one ends first.
    let pushed = receiver.wait_for(2, Duration::from_secs(40)).await;
    let again = pushed[1].logout(&place.issuer, "wall").await;
    assert_eq!(again["sid"], claims["sid"]);
    assert_eq!(again["jti"], first[0].logout(&place.issuer, "wall").await["jti"]);
    assert_eq!(server.terminate(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_forgets_nobody_sqlite() {
    killed_while_it_tells(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_forgets_nobody_postgres() {
    killed_while_it_tells(Engine::Postgres).await;
}
