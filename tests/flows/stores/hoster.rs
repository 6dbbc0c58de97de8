//! Seed 004: photos at a hoster, uploaded by FTP and shown by the hoster's own web server under a public address. Its
//! five tests, with a real FTP server, plain and with TLS.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use reqwest::Response;
use tests::{Answer, App, Engine, House, services};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use visage::demo::picture;

/// The hoster's web server: what lies in `folder`, under `/static/article_images/`. Gives its public address.
async fn web_server(folder: PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let folder = folder.clone();
            tokio::spawn(async move {
                let mut stream = BufReader::new(stream);
                let mut line = String::new();
                stream.read_line(&mut line).await.ok()?;
                let path = line.split(' ').nth(1)?.strip_prefix("/static/article_images/")?;
                let file = folder.join(path);
                let answer = match std::fs::read(&file).ok().filter(|_| !path.contains("..")) {
                    Some(body) => {
                        let head = format!(
                            "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                            body.len()
                        );
                        [head.into_bytes(), body].concat()
                    }
                    None => {
                        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec()
                    }
                };
                stream.write_all(&answer).await.ok()
            });
        }
    });
    format!("http://localhost:{port}/static/article_images")
}

/// Name and bytes of the files that the FTP server has.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in std::fs::read_dir(next).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                waiting.push(entry.path());
            } else {
                let name = entry.path().strip_prefix(folder).unwrap().display().to_string();
                found.insert(name, std::fs::read(entry.path()).unwrap());
            }
        }
    }
    found.retain(|name, _| name.starts_with("profile-photos/"));
    found
}

struct Hoster {
    house: House,
    folder: PathBuf,
    public_url: String,
    app: App,
    token: String,
}

async fn hoster(engine: Engine, form: &str) -> Hoster {
    let (store, folder) = services::ftp(form, None);
    let public_url = web_server(folder.clone()).await;
    let house = super::house(engine, &store, &[("photos.public_url", &public_url)]).await;
    let person = house.person("grace@example.org").await;
    let app = house.app("articles").await;
    let tokens = app.tokens(&person, "openid profile").await;
    let token = tokens["access_token"].as_str().unwrap().to_owned();
    Hoster { house, folder, public_url, app, token }
}

impl Hoster {
    async fn upload(&self, hue: u8) -> String {
        self.app.upload(&self.token, picture::png(640, hue)).await.expect(200).text("picture").to_owned()
    }

    async fn picture(&self) -> String {
        self.app.userinfo(&self.token).await.expect(200).text("picture").to_owned()
    }

    async fn get(&self, url: &str) -> Response {
        self.house.http.get(url).send().await.unwrap()
    }
}

/// Each on both databases, and on FTP with and without TLS.
macro_rules! at_a_hoster {
    ($($(#[doc = $doc:literal])+ async fn $name:ident($hoster:ident: &Hoster) $body:block)+) => { $(
        $(#[doc = $doc])+
        mod $name {
            use super::*;

            async fn journey($hoster: &Hoster) $body

            async fn run(engine: Engine, form: &str) {
                let hoster = hoster(engine, form).await;
                journey(&hoster).await;
                hoster.house.stop().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn ftp_and_sqlite() {
                run(Engine::Sqlite, "ftp").await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn ftps_and_postgres() {
                run(Engine::Postgres, "ftps").await;
            }
        }
    )+ };
}

at_a_hoster! {
    /// 1, "Upload via application": the folder is made, every variant is there, and the web server may read it (644).
    async fn upload_through_the_application(hoster: &Hoster) {
        assert!(!hoster.folder.exists());
        let url = hoster.upload(1).await;
        let stored = files(&hoster.folder);
        assert_eq!(stored.len(), 4, "{:?}", stored.keys());
        for (name, bytes) in &stored {
            assert!(picture::jpeg_size(bytes).is_some(), "{name}");
            let mode = std::fs::metadata(hoster.folder.join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o644, "{name}");
        }
        let name = url.strip_prefix(&format!("{}/", hoster.public_url)).unwrap();
        assert!(stored.contains_key(name), "{name}");
        assert_eq!(std::fs::read_dir(hoster.folder.join("visage-parts")).unwrap().count(), 0);
    }

    /// 2, "Database integration": the row remembers the store and the name, and gives whole addresses.
    async fn integration_with_the_database(hoster: &Hoster) {
        let url = hoster.upload(2).await;
        assert_eq!(hoster.picture().await, url);
        let rows = hoster.house.store().pictures("", 10).await.unwrap();
        assert_eq!((rows.len(), rows[0].store.as_str(), rows[0].state.as_str()), (1, "default", "current"));
        assert_eq!(url, format!("{}/{}.jpg", hoster.public_url, rows[0].key_base));
        let dump = hoster.house.database.dump().await;
        let (_, secret) = std::env::var("VISAGE_TEST_FTP_URL").unwrap().rsplit_once(':').map(|(head, _)| {
            let (head, _) = head.rsplit_once('@').unwrap();
            let (user, password) = head.rsplit_once(':').unwrap();
            (user.to_owned(), password.to_owned())
        }).unwrap();
        assert!(!dump.contains(&secret), "the password of the store is in no table");
    }

    /// 3, "Image service": the hoster gives every size to anybody, byte for byte what `/media/` gives.
    async fn image_service(hoster: &Hoster) {
        let url = hoster.upload(3).await;
        for side in [512, 256, 96, 48] {
            let url = if side == 512 { url.clone() } else { url.replace(".jpg", &format!("_{side}.jpg")) };
            let answer = hoster.get(&url).await;
            assert_eq!((answer.status().as_u16(), answer.headers()["content-type"].to_str().unwrap()), (200, "image/jpeg"));
            let bytes = answer.bytes().await.unwrap();
            assert_eq!(picture::jpeg_size(&bytes), Some((side, side)));
            let own = url.replace(&hoster.public_url, &hoster.house.url("/media"));
            assert_eq!(hoster.get(&own).await.bytes().await.unwrap(), bytes);
        }
    }

    /// 4, "Fallback": what is lost is the default picture, through us; a person without a photo has one all the same.
    async fn fallback(hoster: &Hoster) {
        let default = hoster.picture().await;
        assert_eq!(hoster.get(&default).await.status(), 200);
        let url = hoster.upload(4).await;
        std::fs::remove_dir_all(hoster.folder.join("profile-photos")).unwrap();
        let own = url.replace(&hoster.public_url, &hoster.house.url("/media"));
        let answer = hoster.get(&own).await;
        assert_eq!((answer.status().as_u16(), answer.headers()["cache-control"].to_str().unwrap()), (200, "no-store"));
        assert_eq!(picture::jpeg_size(&answer.bytes().await.unwrap()), Some((512, 512)));
        // And the next upload mends it.
        let next = hoster.upload(5).await;
        assert_eq!(hoster.get(&next).await.status(), 200);
    }

    /// 5, "Article workflow": a photo, another in its place, none; the hoster keeps what is current and nothing else.
    async fn the_whole_workflow(hoster: &Hoster) {
        let first = hoster.upload(6).await;
        let second = hoster.upload(7).await;
        assert_eq!(hoster.picture().await, second);
        assert_eq!(hoster.get(&first).await.status(), 200, "no reader meets a hole");
        hoster.house.advance(2);
        gone(hoster, &first).await;
        assert_eq!(files(&hoster.folder).len(), 4);
        assert_eq!(hoster.get(&second).await.status(), 200);
        let removed = hoster.house.http.delete(hoster.house.url("/api/auth/profile/photo")).bearer_auth(&hoster.token);
        Answer::of(removed).await.expect(200);
        assert!(hoster.picture().await.contains("/media/initials/"));
        hoster.house.advance(2);
        gone(hoster, &second).await;
        assert!(files(&hoster.folder).is_empty());
    }
}

/// The deletion worker runs beside the requests.
async fn gone(hoster: &Hoster, url: &str) {
    for _ in 0..100 {
        if hoster.get(url).await.status() == 404 && files(&hoster.folder).len().is_multiple_of(4) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("{url} is still there");
}
