//! The emulator of Google Cloud Storage: buckets of one's own, faults on demand, and a proxy that loses answers.

use crate::forms::{self, variable};
use photo::objects::{Gcs, GcsSettings};
use std::io::{Read, Write};
use std::net::TcpStream;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};

const ENDPOINT: &str = "VISAGE_TEST_GCS_ENDPOINT";
const GRPC_ENDPOINT: &str = "VISAGE_TEST_GCS_GRPC_ENDPOINT";

/// A new bucket; its name is nobody else's.
pub fn bucket(purpose: &str) -> String {
    let name = format!("{}-{purpose}", forms::unique());
    post("/storage/v1/b?project=x", &format!(r#"{{"name":"{name}"}}"#));
    name
}

/// From now on, `count` calls of the kind `on` to this bucket fail.
pub fn fault(bucket: &str, kind: &str, count: usize, on: &str) {
    post(
        "/_front/faults",
        &format!(r#"{{"bucket":"{bucket}","kind":"{kind}","count":{count},"on":"{on}"}}"#),
    );
}

pub fn settings(bucket: &str) -> GcsSettings {
    GcsSettings {
        bucket: bucket.to_owned(),
        endpoint: Some(variable(ENDPOINT)),
        grpc_endpoint: Some(variable(GRPC_ENDPOINT)),
        credentials: None,
        max_age: 86_400,
    }
}

pub async fn store(bucket: &str) -> Gcs {
    Gcs::open(&settings(bucket)).await.unwrap()
}

pub fn get(path: &str) -> Vec<u8> {
    request(&host(), &format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", host()))
}

fn post(path: &str, body: &str) {
    let answer = request(
        &host(),
        &format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            host(),
            body.len()
        ),
    );
    assert!(answer.starts_with(b"HTTP/1.1 2"), "POST {path}: {}", String::from_utf8_lossy(&answer));
}

fn host() -> String {
    variable(ENDPOINT).trim_start_matches("http://").trim_end_matches('/').to_owned()
}

/// One request over HTTP, and all that is answered.
pub fn request(host: &str, text: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(host).expect("the server listens");
    stream.write_all(text.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    answer
}

/// An address in front of the emulator that loses the first `count` answers: the request goes through, its effect is
/// there, and then the connection breaks.
pub async fn deaf_proxy(count: usize) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut left = count;
        while let Ok((mut client, _)) = listener.accept().await {
            let mut server = tokio::net::TcpStream::connect(host()).await.unwrap();
            let loses = left > 0;
            left = left.saturating_sub(1);
            tokio::spawn(async move {
                if loses {
                    let (mut from_client, _to_client) = client.split();
                    let (mut from_server, mut to_server) = server.split();
                    let mut first = [0; 1];
                    tokio::select! {
                        _ = tokio::io::copy(&mut from_client, &mut to_server) => {}
                        _ = from_server.read_exact(&mut first) => {}
                    }
                    let _ = to_server.shutdown().await;
                } else {
                    let _ = copy_bidirectional(&mut client, &mut server).await;
                }
            });
        }
    });
    address
}
