//! The database goes away and comes back: nobody restarts anything.

use std::net::SocketAddr;

use tests::{Answer, Engine, binary};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};
use visage::stopwatch::Stopwatch;

use crate::crashes::{Place, eventually};

/// The way to PostgreSQL, which can be cut.
struct Way {
    address: SocketAddr,
    is_open: watch::Sender<bool>,
}

impl Way {
    async fn to(database: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (is_open, open) = watch::channel(true);
        let database = database.to_owned();
        tokio::spawn(async move {
            while let Ok((mut from, _)) = listener.accept().await {
                let (mut open, database) = (open.clone(), database.clone());
                tokio::spawn(async move {
                    if !*open.borrow_and_update() {
                        return;
                    }
                    let Ok(mut to) = TcpStream::connect(database).await else { return };
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut from, &mut to) => {}
                        _ = open.wait_for(|is_open| !is_open) => {}
                    }
                });
            }
        });
        Self { address, is_open }
    }
}

// S24, S87, S143, F16: 503 and a time to come back; live does not care, ready does; what needs no database goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_is_cut_off_and_comes_back() {
    let mut place = Place::new(Engine::Postgres).await;
    let mut url: url::Url = place.database.url.parse().unwrap();
    let database = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432));
    let way = Way::to(&database).await;
    url.set_host(Some("127.0.0.1")).unwrap();
    url.set_port(Some(way.address.port())).unwrap();
    place.set("VISAGE_DATABASE__URL", url.as_str());
    let metrics = format!("127.0.0.1:{}", binary::free_port());
    place.set("VISAGE_SERVER__METRICS_LISTEN", &metrics);
    let person = place.person("grace@example.org");
    let app = place.app("patient", &[]);
    let server = place.start().await;
    let tokens = app.tokens(&person, "openid offline_access").await;
    let (access, refresh) =
        (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
    app.userinfo(access).await.expect(200);

    let http = tests::http();
    let origins = [place.issuer.clone(), format!("http://{metrics}")];
    let status = async |url: String| http.get(url).send().await.unwrap().status().as_u16();

    way.is_open.send(false).unwrap();
    eventually("what a node remembers is not believed for long", async || {
        app.userinfo(access).await.status == 503
    })
    .await;
    for origin in &origins {
        let answer = Answer::of(http.get(format!("{origin}/health/ready"))).await.expect(503);
        assert_eq!(answer.text("status"), "waiting for the database");
        assert_eq!(status(format!("{origin}/health/live")).await, 200);
    }
    for (what, answer) in [
        ("token", app.refresh(refresh).await),
        ("revoke", app.revoke(access).await),
        ("userinfo", app.userinfo(access).await),
    ] {
        assert_eq!(answer.status, 503, "{what}: {:#}", answer.body);
        assert!(answer.headers.contains_key("retry-after"), "{what}");
        assert!(
            !answer.body.to_string().contains("onnection"),
            "the cause is for the log: {:#}",
            answer.body
        );
    }
    let begun = app.begin("openid", &[]);
    let answer = http.get(begun.url).send().await.unwrap();
    assert_eq!(answer.status(), 503, "authorize");
    for path in ["/.well-known/openid-configuration", "/oauth2/jwks.json", "/login"] {
        let answer = status(format!("{}{path}", place.issuer)).await;
        assert!(path == "/login" || answer == 200, "{path} needs no database: {answer}");
        assert!(answer < 500 || answer == 503, "{path}: {answer}");
    }

    way.is_open.send(true).unwrap();
    let watch = Stopwatch::default();
    eventually("it works again by itself", async || {
        status(format!("{}/health/ready", place.issuer)).await == 200
            && app.userinfo(access).await.status == 200
    })
    .await;
    eprintln!("the node worked again after {:.0} ms", watch.milliseconds());
    assert!(watch.milliseconds() < 5000.0 + 2000.0, "F16: within 5 s, on a busy machine within 7");
    app.refresh(refresh).await.expect(200);
    app.tokens(&person, "openid").await;
    assert_eq!(server.terminate(), Some(0));
}
