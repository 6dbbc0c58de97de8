use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use actix_web::{App, HttpResponse, HttpServer};

use super::*;
use crate::outbound::Settings;

const SECOND_KEY: &str = "second";

/// A client's web server, which counts how often it is asked.
#[derive(Clone, Default)]
struct Server {
    asked: Arc<AtomicUsize>,
    /// Also publishes [`SECOND_KEY`].
    rotated: Arc<AtomicBool>,
    down: Arc<AtomicBool>,
    slow: Arc<AtomicBool>,
}

impl Server {
    async fn started(&self) -> u16 {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let server = self.clone();
        let app = move || {
            let server = server.clone();
            let answer = move || {
                server.asked.fetch_add(1, Ordering::SeqCst);
                let answer = match (server.down.load(Ordering::SeqCst), server.rotated.load(Ordering::SeqCst))
                {
                    (true, _) => HttpResponse::ServiceUnavailable().finish(),
                    (_, rotated) => HttpResponse::Ok().body(set(if rotated { SECOND_KEY } else { "first" })),
                };
                let slow = server.slow.load(Ordering::SeqCst);
                async move {
                    if slow {
                        actix_web::rt::time::sleep(Duration::from_secs(1)).await;
                    }
                    answer
                }
            };
            App::new().default_service(actix_web::web::to(answer))
        };
        let server = HttpServer::new(app).workers(1).bind(("127.0.0.1", 0)).unwrap();
        let port = server.addrs()[0].port();
        actix_web::rt::spawn(server.run());
        port
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn set(kid: &str) -> String {
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    serde_json::json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid }] }).to_string()
}

fn outbound() -> Outbound {
    let allow = [("127.0.0.1".parse().unwrap(), 8)].into_iter().collect();
    Outbound::new(Settings { allow, ..Settings::default() }).unwrap()
}

fn client(id: &str, port: u16) -> Client {
    let mut client = Client::blank(id, 0);
    client.metadata.jwks_uri = Some(format!("http://127.0.0.1:{port}/jwks"));
    client
}

/// As if something were signed with this key.
fn needs(kid: &'static str) -> impl Fn(&str) -> Result<(), InvalidJwt> {
    move |set| if set.contains(kid) { Ok(()) } else { Err(InvalidJwt::NoKey) }
}

// S94
#[actix_web::test]
async fn a_set_is_asked_for_once_and_once_more_for_a_key_that_it_lacks() {
    let server = Server::default();
    let client = client("c1", server.started().await);
    let (keys, outbound) = (ClientKeys::new(), outbound());
    let with = |kid, now| keys.with(&outbound, &client, now, needs(kid));
    for now in 0..3 {
        assert_eq!(with("first", now).await, Ok(()));
    }
    assert_eq!(server.asked(), 1);
    // The client rotates: its new key works at once.
    server.rotated.store(true, Ordering::SeqCst);
    assert_eq!(with(SECOND_KEY, SECOND).await, Ok(()));
    assert_eq!(server.asked(), 2);
    // A flood of keys that nobody has.
    for _ in 0..50 {
        assert_eq!(with("nobody's", 2 * SECOND).await, Err(InvalidJwt::NoKey));
    }
    assert_eq!(server.asked(), 2);
    for _ in 0..50 {
        assert_eq!(with("nobody's", SECOND + PAUSE).await, Err(InvalidJwt::NoKey));
    }
    assert_eq!(server.asked(), 3);
    // A key that was taken away is gone when the set is old.
    server.rotated.store(false, Ordering::SeqCst);
    assert_eq!(with(SECOND_KEY, SECOND + PAUSE + KEPT - 1).await, Ok(()));
    assert_eq!(with("first", SECOND + PAUSE + KEPT).await, Ok(()));
    assert_eq!(with(SECOND_KEY, SECOND + PAUSE + KEPT).await, Err(InvalidJwt::NoKey));
}

#[actix_web::test]
async fn nobody_waits_for_the_keys_of_a_client_in_use() {
    let server = Server::default();
    let client = client("c1", server.started().await);
    let (keys, outbound) = (ClientKeys::new(), outbound());
    let with = |kid, now| keys.with(&outbound, &client, now, needs(kid));
    assert_eq!(with("first", 0).await, Ok(()));
    server.slow.store(true, Ordering::SeqCst);
    server.rotated.store(true, Ordering::SeqCst);
    let began = tokio::time::Instant::now();
    for _ in 0..20 {
        assert_eq!(with("first", FRESH).await, Ok(()));
    }
    assert!(began.elapsed() < Duration::from_millis(800), "{:?}", began.elapsed());
    while keys.fetched(&outbound, &client, client.metadata.jwks_uri.as_ref().unwrap(), None, 0).await.edition
        < 2
    {
        assert!(began.elapsed() < Duration::from_secs(10));
        actix_web::rt::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(with(SECOND_KEY, FRESH).await, Ok(()));
    assert_eq!(server.asked(), 2, "one question, and none for the new key");
}

// Where the client's turn is taken, whoever has waited for it in vain is not followed by others who do.
#[actix_web::test]
async fn a_slow_client_is_waited_for_once() {
    let known = Known { set: Some("old".into()), fetched: 0, ..Known::default() };
    let after = known.clone().after_none(KEPT);
    assert_eq!(
        (after.set.as_deref(), after.next, after.next_for_kid),
        (Some("old"), KEPT + BUSY, KEPT + BUSY)
    );
    assert_eq!(known.after_none(STALE).set, None);
}

#[actix_web::test]
async fn a_set_outlives_an_outage_of_its_server_but_not_for_ever() {
    let server = Server::default();
    let client = client("c1", server.started().await);
    let (keys, outbound) = (ClientKeys::new(), outbound());
    let with = |now| keys.with(&outbound, &client, now, needs("first"));
    server.down.store(true, Ordering::SeqCst);
    for now in 0..10 {
        assert_eq!(with(now).await, Err(InvalidJwt::NoKey));
    }
    assert_eq!(server.asked(), 1);
    server.down.store(false, Ordering::SeqCst);
    assert_eq!(with(PAUSE).await, Ok(()));
    server.down.store(true, Ordering::SeqCst);
    assert_eq!(with(PAUSE + KEPT).await, Ok(()));
    assert_eq!(with(PAUSE + KEPT + 1).await, Ok(()));
    assert_eq!(server.asked(), 3);
    assert_eq!(with(2 * PAUSE + STALE).await, Err(InvalidJwt::NoKey));
}

#[actix_web::test]
async fn many_at_once_ask_once_and_no_client_spends_the_questions_of_another() {
    let server = Server::default();
    let port = server.started().await;
    let (one, other) = (client("c1", port), client("c2", port));
    let (keys, outbound) = (ClientKeys::new(), outbound());
    let all = (0..20).map(|_| keys.with(&outbound, &one, 0, needs("first")));
    assert!(futures_util::future::join_all(all).await.iter().all(Result::is_ok));
    assert_eq!(server.asked(), 1);
    let all = (0..20).map(|_| keys.with(&outbound, &one, 0, needs(SECOND_KEY)));
    assert!(futures_util::future::join_all(all).await.iter().all(Result::is_err));
    assert_eq!(server.asked(), 2);
    server.rotated.store(true, Ordering::SeqCst);
    assert_eq!(keys.with(&outbound, &other, 0, needs("first")).await, Err(InvalidJwt::NoKey));
    assert_eq!(keys.with(&outbound, &other, 0, needs(SECOND_KEY)).await, Ok(()));
}

#[actix_web::test]
async fn a_client_without_an_address_has_what_it_registered() {
    let keys = ClientKeys::new();
    let registered = Client { jwks: Some(set("first")), ..Client::blank("c1", 0) };
    for (client, outcome) in [(registered, Ok(())), (Client::blank("c2", 0), Err(InvalidJwt::NoKey))] {
        assert_eq!(keys.with(&Outbound::default(), &client, 0, needs("first")).await, outcome);
    }
}
