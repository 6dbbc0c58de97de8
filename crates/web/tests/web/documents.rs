//! Clients whose `client_id` is the address of their metadata: whose questions are asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use protocol::client::BY_DOCUMENT;
use protocol::{AuthMethod, Client, Policy, SECOND};
use tokio::net::TcpListener;
use web::Peer;
use web::client_document::Documents;
use web::outbound::{Outbound, Settings};

use crate::house::{House, NOW, client};

const MOST: usize = 60;

/// Hangs up on everybody, and counts them.
async fn listener() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let here = format!("https://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    (here, asked)
}

#[actix_web::test]
async fn one_network_does_not_have_us_ask_for_ever_new_clients() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let allow = [("127.0.0.1".parse().unwrap(), 8)].into_iter().collect();
    let house = House::with(|core| {
        core.outbound = Outbound::new(Settings { allow, ..Settings::default() }).unwrap();
        core.documents = Some(Documents::new(Policy::new("https://op.example")));
    })
    .await;
    let (here, asked) = listener().await;
    let asked = || asked.load(Ordering::SeqCst);
    let known = format!("{here}/known");
    let row = Client {
        id: known.clone(),
        registered_by: BY_DOCUMENT.into(),
        updated_at: NOW,
        ..client("d", AuthMethod::None)
    };
    house.core.store.insert_client(row).await.unwrap();

    let (many, other) = (Peer("192.0.2.1".parse().unwrap()), Peer("192.0.2.2".parse().unwrap()));
    for number in 0..MOST + 10 {
        assert!(house.core.client(&format!("{here}/{number}"), many).await.unwrap().is_none());
    }
    assert_eq!(asked(), MOST);
    // Whoever is known is asked for all the same, and goes on though it does not answer.
    assert!(house.core.client(&known, many).await.unwrap().is_some());
    assert_eq!(asked(), MOST + 1);
    house.core.client(&format!("{here}/new"), other).await.unwrap();
    assert_eq!(asked(), MOST + 2);
    house.clock.advance(3601 * SECOND);
    house.core.client(&format!("{here}/later"), many).await.unwrap();
    assert_eq!(asked(), MOST + 3);
}
