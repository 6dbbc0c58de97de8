//! HTTP as somebody hostile speaks it, by hand over a socket: request smuggling, oversized heads, strange methods.

use std::{net::SocketAddr, time::Duration};

use tests::{Engine, House};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Sends bytes as they are and reads until the server closes, or is silent for a while.
async fn raw(house: &House, request: &[u8]) -> String {
    let address: SocketAddr = house.issuer.replace("http://localhost", "127.0.0.1").parse().unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    // A server that refuses early may close before everything is written.
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(Ok(count)) = tokio::time::timeout(Duration::from_millis(700), stream.read(&mut buffer)).await
    {
        if count == 0 {
            break;
        }
        answer.extend(&buffer[..count]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

fn statuses(answer: &str) -> Vec<u16> {
    let lines =
        answer.lines().filter_map(|line| line.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)));
    lines.map(|status| status.parse().unwrap()).collect()
}

/// S139: what two parsers could read in two ways is refused, and what hides behind it is not executed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_smuggled() {
    let house = House::start(Engine::Sqlite).await;
    let hidden = "GET /.well-known/openid-configuration HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let post = "POST /oauth2/token HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-www-form-urlencoded\r\n";
    let long = "x".repeat(100_000);
    let many: String = (0..2000).map(|i| format!("x-{i}: y\r\n")).collect();
    let evil = [
        (
            "length and chunks",
            format!("{post}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{hidden}"),
        ),
        ("two lengths", format!("{post}content-length: 0\r\ncontent-length: 5\r\n\r\nabcde{hidden}")),
        ("an unknown coding", format!("{post}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n{hidden}")),
        ("a negative length", format!("{post}content-length: -1\r\n\r\n{hidden}")),
        ("a length with a sign", format!("{post}content-length: +5\r\n\r\nabcde{hidden}")),
        (
            "a folded header",
            format!("GET /health/live HTTP/1.1\r\nhost: localhost\r\nx-a: b\r\n c: d\r\n\r\n{hidden}"),
        ),
        (
            "NUL in a header",
            format!("GET /health/live HTTP/1.1\r\nhost: localhost\r\nx-a: b\0c\r\n\r\n{hidden}"),
        ),
        (
            "a space before the colon",
            format!("GET /health/live HTTP/1.1\r\nhost : localhost\r\n\r\n{hidden}"),
        ),
        (
            "a header of 100 kB",
            format!("GET /health/live HTTP/1.1\r\nhost: localhost\r\nx-a: {long}\r\n\r\n"),
        ),
        ("2000 headers", format!("GET /health/live HTTP/1.1\r\nhost: localhost\r\n{many}\r\n{hidden}")),
        ("a broken chunk", format!("{post}transfer-encoding: chunked\r\n\r\nZZ\r\n\r\n{hidden}")),
        ("no HTTP at all", "\x16\x03\x01\x02\0\x01\0".to_owned()),
    ];
    for (name, request) in evil {
        let answer = raw(&house, request.as_bytes()).await;
        let statuses = statuses(&answer);
        assert!(!answer.contains("authorization_endpoint"), "{name}: the hidden request was executed");
        assert!(
            statuses.iter().all(|status| matches!(status, 400 | 413 | 431 | 501)),
            "{name}: {statuses:?}\n{answer}"
        );
        assert!(statuses.len() <= 1, "{name}: {statuses:?}");
    }
    // And the server is as well as before.
    assert_eq!(house.http.get(house.url("/health/ready")).send().await.unwrap().status(), 200);
    house.stop().await;
}

/// S140: other methods, other versions.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn methods_and_versions() {
    let house = House::start(Engine::Sqlite).await;
    for method in ["TRACE", "PUT", "FROBNICATE"] {
        let answer = raw(
            &house,
            format!("{method} /oauth2/token HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n").as_bytes(),
        )
        .await;
        assert_eq!(statuses(&answer), [405], "{method}: {answer}");
        assert!(answer.to_lowercase().contains("\r\nallow: "), "{method}: {answer}");
    }
    let connect = raw(&house, b"CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example:443\r\n\r\n").await;
    assert!(statuses(&connect).iter().all(|status| (400..500).contains(status)), "{connect}");
    let old = raw(&house, b"GET /health/live HTTP/1.0\r\n\r\n").await;
    assert_eq!(statuses(&old), [200], "{old}");
    let head = raw(&house, b"HEAD /oauth2/jwks.json HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert_eq!(statuses(&head), [200], "{head}");
    assert!(head.ends_with("\r\n\r\n"), "no body: {head}");
    house.stop().await;
}

/// The bare address leads to one's own page, which leads to sign-in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bare_address_leads_somewhere() {
    let house = House::start(Engine::Sqlite).await;
    let mut browser = tests::Browser::new(house.http.clone());
    let page = browser.get(&house.url("/").parse().unwrap()).await.unwrap();
    assert_eq!((page.status, page.location().unwrap().path()), (303, "/account"));
    let page = browser.follow(page, &house.issuer.parse().unwrap()).await.unwrap();
    assert_eq!(page.name().as_deref(), Some("login"));
    house.stop().await;
}
