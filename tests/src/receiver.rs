//! An application's receiver of events (RFC 8935) and of logout tokens (OpenID Connect Back-Channel Logout), as its
//! developers would write it: a real listener that verifies what it is sent with the keys that the provider publishes, and
//! behaves as the test tells it.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use jsonwebtoken::{DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// How it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// 202, after the signature was verified.
    Takes,
    /// 400 with the reason in JSON.
    Refuses,
    /// 503.
    Fails,
    /// Reads, and never answers.
    Hangs,
}

/// One request, as it came.
#[derive(Clone, Debug)]
pub struct Pushed {
    pub content_type: String,
    /// The body; of a logout request the token in its form.
    pub token: String,
}

#[derive(Clone)]
pub struct Receiver {
    pub uri: String,
    pub logout_uri: String,
    mood: Arc<Mutex<Mood>>,
    pushed: Arc<Mutex<Vec<Pushed>>>,
}

impl Receiver {
    pub async fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let (uri, logout_uri) = (format!("{origin}/events"), format!("{origin}/logout"));
        let receiver = Self { uri, logout_uri, mood: Arc::new(Mutex::new(mood)), pushed: Arc::default() };
        let own = receiver.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let own = own.clone();
                tokio::spawn(async move { own.answer(stream).await });
            }
        });
        receiver
    }

    pub fn becomes(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    pub fn pushed(&self) -> Vec<Pushed> {
        self.pushed.lock().unwrap().clone()
    }

    /// Waits until so many requests have come, and gives them.
    pub async fn wait_for(&self, count: usize, within: Duration) -> Vec<Pushed> {
        let began = tokio::time::Instant::now();
        while self.pushed().len() < count {
            assert!(began.elapsed() < within, "{} of {count} events after {within:?}", self.pushed().len());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.pushed()
    }

    async fn answer(&self, mut stream: TcpStream) {
        let Some(pushed) = read(&mut stream).await else { return };
        self.pushed.lock().unwrap().push(pushed);
        let mood = *self.mood.lock().unwrap();
        let (status, body) = match mood {
            Mood::Takes => ("202 Accepted", String::new()),
            Mood::Refuses => {
                ("400 Bad Request", json!({ "err": "access_denied", "description": "not mine" }).to_string())
            }
            Mood::Fails => ("503 Service Unavailable", String::new()),
            Mood::Hangs => std::future::pending().await,
        };
        let head =
            format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        let _ = stream.write_all((head + &body).as_bytes()).await;
        let _ = stream.shutdown().await;
    }
}

async fn read(stream: &mut TcpStream) -> Option<Pushed> {
    let mut bytes = Vec::new();
    loop {
        let mut part = [0; 4096];
        let length = stream.read(&mut part).await.ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(&part[..length]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let is_logout = head.starts_with("POST /logout HTTP/1.1\r\n");
        assert!(is_logout || head.starts_with("POST /events HTTP/1.1\r\n"), "{head}");
        let header = |name: &str| {
            let mut lines = head.lines().filter_map(|line| line.split_once(": "));
            lines.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
        };
        if body.len() == header("content-length")?.parse::<usize>().ok()? {
            let token =
                if is_logout { body.strip_prefix("logout_token=").expect("a logout token") } else { body };
            return Some(Pushed { content_type: header("content-type")?, token: token.to_owned() });
        }
    }
}

impl Pushed {
    /// The claims of a good event for this client; panics for any other.
    pub async fn verified(&self, issuer: &str, client_id: &str) -> Value {
        assert_eq!(self.content_type, "application/secevent+jwt");
        let mut rules = Validation::default();
        // It tells of something that happened, so it does not expire.
        rules.set_required_spec_claims(&["iss", "aud"]);
        rules.validate_exp = false;
        // RFC 8417 §2.3: so that nobody takes it for an ID token or an access token.
        self.claims("secevent+jwt", rules, issuer, client_id).await
    }

    /// The same of a logout token. The test's clock may be far from ours, so `exp` is compared with `iat`.
    pub async fn logout(&self, issuer: &str, client_id: &str) -> Value {
        assert_eq!(self.content_type, "application/x-www-form-urlencoded");
        let mut rules = Validation::default();
        rules.set_required_spec_claims(&["iss", "aud", "exp", "sub"]);
        rules.validate_exp = false;
        let claims = self.claims("logout+jwt", rules, issuer, client_id).await;
        let event = json!({ "http://schemas.openid.net/event/backchannel-logout": {} });
        assert_eq!(claims["events"], event);
        assert!(claims.get("nonce").is_none() && claims["jti"].is_string());
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 120);
        claims
    }

    async fn claims(&self, typ: &str, mut rules: Validation, issuer: &str, client_id: &str) -> Value {
        let keys = crate::http().get(format!("{issuer}/oauth2/jwks.json")).send().await.unwrap();
        let keys: JwkSet = keys.json().await.unwrap();
        let header = decode_header(&self.token).unwrap();
        assert_eq!(header.typ.as_deref(), Some(typ));
        let key = keys.find(header.kid.as_deref().unwrap()).expect("a published key");
        rules.algorithms = vec![header.alg];
        rules.set_issuer(&[issuer]);
        rules.set_audience(&[client_id]);
        decode(&self.token, &DecodingKey::from_jwk(key).unwrap(), &rules).unwrap().claims
    }
}
