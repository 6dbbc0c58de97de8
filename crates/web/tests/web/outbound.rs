//! Requests to addresses that somebody else chose, against a real listener that behaves badly.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;
use web::outbound::{Bounds, Outbound, Refused, Settings};

const BOUNDS: Bounds = Bounds { largest: 1000, deadline: Duration::from_millis(600), redirects: 0 };

fn allowing(networks: &[(&str, u8)]) -> Outbound {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let allow = networks.iter().map(|(address, prefix)| (address.parse::<IpAddr>().unwrap(), *prefix));
    Outbound::new(Settings { allow: allow.collect(), roots: None }).unwrap()
}

/// Answers by path; gives its port and how often somebody connected.
async fn server() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let connected = Arc::new(AtomicUsize::new(0));
    let count = connected.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(answer(stream, port));
        }
    });
    (port, connected)
}

async fn answer(mut stream: TcpStream, port: u16) {
    let mut head = vec![0; 4096];
    let read = stream.read(&mut head).await.unwrap_or(0);
    let head = String::from_utf8_lossy(&head[..read]).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let redirect = |to: String| format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
    let text = match path.as_str() {
        "/good" => "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi".to_owned(),
        "/missing" => "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned(),
        "/announced" => "HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n".to_owned(),
        "/unannounced" => format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(1001)),
        "/all" => format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(1000)),
        "/once" => redirect("/good".to_owned()),
        "/three" => redirect("/two".to_owned()),
        "/two" => redirect("/once".to_owned()),
        "/loop" => redirect("/loop".to_owned()),
        "/nowhere" => "HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n".to_owned(),
        "/by-name" => redirect(format!("http://localhost:{port}/good")),
        "/to-metadata" => redirect("http://169.254.169.254/latest/meta-data".to_owned()),
        "/to-mapped" => redirect(format!("http://[::ffff:10.0.0.1]:{port}/good")),
        "/to-file" => redirect("file:///etc/passwd".to_owned()),
        "/post" => "HTTP/1.1 503 No\r\nretry-after: 7\r\ncontent-length: 2\r\n\r\nno".to_owned(),
        "/drip" => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n").await;
            for _ in 0..500 {
                if stream.write_all(b"x").await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            return;
        }
        // Hangs.
        _ => return std::future::pending().await,
    };
    let _ = stream.write_all(text.as_bytes()).await;
}

#[actix_web::test]
async fn an_answer_is_whole_small_and_soon() {
    let (port, connected) = server().await;
    let outbound = allowing(&[("127.0.0.0", 8)]);
    let get = async |path: &str, redirects| {
        let url = Url::parse(&format!("http://localhost:{port}{path}")).unwrap();
        outbound.get(&url, Bounds { redirects, ..BOUNDS }).await
    };
    assert_eq!(get("/good", 0).await.unwrap(), "hi");
    assert_eq!(get("/all", 0).await.unwrap().len(), 1000);
    assert!(matches!(get("/missing", 0).await, Err(Refused::Status(404))));
    for path in ["/announced", "/unannounced"] {
        assert!(matches!(get(path, 0).await, Err(Refused::TooLarge(1000))), "{path}");
    }
    for path in ["/drip", "/hang"] {
        let began = Instant::now();
        let answer = get(path, 0).await;
        assert!(matches!(answer, Err(Refused::TooSlow(_))), "{path}: {answer:?}");
        assert!(began.elapsed() < Duration::from_secs(2), "{path}: {:?}", began.elapsed());
    }

    // Redirects only where they are wanted, so many and no more.
    let before = connected.load(Ordering::SeqCst);
    assert!(matches!(get("/once", 0).await, Err(Refused::Status(302))));
    assert_eq!(connected.load(Ordering::SeqCst), before + 1);
    assert_eq!(get("/three", 3).await.unwrap(), "hi");
    assert!(matches!(get("/three", 2).await, Err(Refused::Redirect)));
    assert!(matches!(get("/loop", 3).await, Err(Refused::Redirect)));
    assert!(matches!(get("/nowhere", 3).await, Err(Refused::Redirect)));
    assert_eq!(get("/by-name", 3).await.unwrap(), "hi");
    for path in ["/to-metadata", "/to-mapped", "/to-file"] {
        assert!(matches!(get(path, 3).await, Err(Refused::Address)), "{path}");
    }
}

#[actix_web::test]
async fn what_is_posted_gets_any_answer() {
    let (port, _) = server().await;
    let outbound = allowing(&[("127.0.0.1", 32)]);
    let post = async |path: &str| {
        let url = Url::parse(&format!("http://127.0.0.1:{port}{path}")).unwrap();
        outbound.post(&url, "text/plain", "hello".to_owned(), BOUNDS).await
    };
    let answer = post("/post").await.unwrap();
    assert_eq!((answer.status, &answer.body[..], answer.retry_after), (503, &b"no"[..], Some(7)));
    assert_eq!(post("/once").await.unwrap().status, 302, "not followed");
    assert_eq!(post("/unannounced").await.unwrap().status, 200);
    assert!(matches!(post("/hang").await, Err(Refused::TooSlow(_))));
}

#[actix_web::test]
async fn nobody_connects_to_what_is_not_public() {
    let (port, connected) = server().await;
    let refused = async |outbound: &Outbound, url: &str| {
        let url = Url::parse(url).unwrap();
        let got = outbound.get(&url, BOUNDS).await;
        assert!(matches!(got, Err(Refused::Address)), "GET {url}: {got:?}");
        let posted = outbound.post(&url, "text/plain", String::new(), BOUNDS).await;
        assert!(matches!(posted, Err(Refused::Address)), "POST {url}: {posted:?}");
    };
    let strict = allowing(&[]);
    for url in [
        "http://93.184.216.34/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://0x7f.1/",
        "https://2130706433/",
        "https://[::ffff:169.254.169.254]/latest",
        "https://[64:ff9b::7f00:1]/",
        "https://localhost/",
        "http://localhost/",
        "https://user:secret@93.184.216.34/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://10.0.0.1:8443/",
    ] {
        refused(&strict, url).await;
    }
    refused(&strict, &format!("https://localhost:{port}/good")).await;
    refused(&strict, &format!("http://127.0.0.1:{port}/good")).await;
    // Somebody named one network: no other, and no plain http to the world.
    let one = allowing(&[("10.1.0.0", 16)]);
    for url in ["http://10.2.0.1/", "https://10.2.0.1/", "http://93.184.216.34/", "https://localhost/"] {
        refused(&one, url).await;
    }
    refused(&one, &format!("http://localhost:{port}/good")).await;
    assert_eq!(connected.load(Ordering::SeqCst), 0);
}

#[test]
fn roots_that_are_none_are_refused() {
    for roots in ["", "no PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let settings = Settings { roots: Some(roots.into()), ..Settings::default() };
        assert!(Outbound::new(settings).is_err(), "{roots}");
    }
}
