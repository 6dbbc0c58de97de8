//! Moving house: disk → Google Cloud Storage → S3, killed on the way, while people look at their photos.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use photo::objects::{ObjectStore, Stores};
use serde_json::Value;
use store::{Store, pictures::state};
use tests::{App, Engine, Place, binary, http, services};
use tokio::time::Instant;
use visage::{compose, config::Loaded, demo::picture};

use crate::quantity;

/// People who use the house meanwhile.
const LOOKING: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_photos_move_twice_and_nobody_sees_it() {
    journey(Engine::Sqlite, 2000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_with_fewer_on_postgres() {
    journey(Engine::Postgres, 200).await;
}

async fn journey(engine: Engine, count: usize) {
    let mut place = Place::new(engine).await;
    let (cloud, s3) = (services::gcs().await, services::s3().await);
    place.add_store("cloud", &cloud);
    place.add_store("s3", &s3);
    place.set("VISAGE_LOGS__LEVEL", "warn");
    place.set("VISAGE_PHOTOS__KEEP_VERSIONS", "1");
    let server = place.start().await;
    let store = place.store().await;
    let began = Instant::now();
    let mut keys = quantity::make(&store, &place.dir.path().join("photos"), count).await;
    let app = place.app("looking", &[]);
    let mut tokens = Vec::new();
    for number in 0..LOOKING {
        let person = place.person(&format!("grace{number}@example.org"));
        let token = app.tokens(&person, "openid profile").await["access_token"].as_str().unwrap().to_owned();
        let hue = u8::try_from(number * 40).unwrap();
        app.upload(&token, picture::png(300, hue)).await.expect(200);
        tokens.push(token);
    }
    eprintln!("{} objects made in {:.1?}", keys.len(), began.elapsed());
    let looking = Looking::begin(&app, &tokens, &keys);

    // New uploads go where everything goes to, before anything moves.
    place.set("VISAGE_PHOTOS__UPLOAD_STORE", "cloud");
    looking.pause().await;
    drop(server);
    let server = place.start().await;
    looking.go_on();
    let watch = Instant::now();
    let first = killed_twice(&place, &store, "default", "cloud", count).await;
    eprintln!("disk → GCS: {first} in {:.1?}", watch.elapsed());
    let picture = app.userinfo(&tokens[1]).await.expect(200).text("picture").to_owned();
    assert!(
        picture.starts_with(cloud.public_url.as_deref().unwrap()),
        "the new address, without a restart: {picture}"
    );
    // One more, while the first half of the way is behind us: it is in the cloud and moves on with the rest.
    app.upload(&tokens[0], picture::png(320, 200)).await.expect(200);

    place.set("VISAGE_PHOTOS__UPLOAD_STORE", "s3");
    looking.pause().await;
    drop(server);
    let server = place.start().await;
    looking.go_on();
    let watch = Instant::now();
    let second = killed_twice(&place, &store, "cloud", &s3.settings[0].1, count).await;
    eprintln!("GCS → S3: {second} in {:.1?}", watch.elapsed());
    let looked = looking.end().await;
    assert!(looked > 100, "only {looked} looks");
    eprintln!("{looked} pictures fetched meanwhile, every one answered 200");

    // Quiet: everything is in the last store, once, and nothing anywhere else.
    settled(&store).await;
    let rows = store.pictures("", 100_000).await.unwrap();
    for row in rows.iter().filter(|row| row.state != state::SUPERSEDED) {
        assert_eq!(row.store, "s3", "{row:?}");
    }
    for token in &tokens {
        let picture = app.userinfo(token).await.expect(200).text("picture").to_owned();
        assert!(picture.starts_with(&place.issuer), "{picture}");
    }
    let own = rows.iter().filter(|row| row.user_id.as_deref().is_some_and(|id| !id.starts_with('p')));
    keys.extend(
        own.filter(|row| row.state != state::SUPERSEDED)
            .flat_map(|row| store::pictures::object_keys(&row.key_base, &row.sizes)),
    );
    let stores = stores(&place).await;
    let all: BTreeSet<String> = keys.into_iter().collect();
    assert_eq!(objects(&**stores.get("s3").unwrap()).await, all);
    assert_eq!(objects(&**stores.get("default").unwrap()).await, BTreeSet::new());
    assert_eq!(objects(&**stores.get("cloud").unwrap()).await, BTreeSet::new());
    let verified: Value = serde_json::from_str(&place.run(&["photos", "verify", "--json"], "")).unwrap();
    assert_eq!(verified["copies"], serde_json::json!({}));
    assert_eq!(server.terminate(), Some(0));
}

/// Moves everything; kills the command after a fifth and after a half of it. Gives what the last run said.
async fn killed_twice(place: &Place, store: &Store, from: &str, to: &str, count: usize) -> String {
    let arguments = ["photos", "migrate", "--from", from, "--to", to, "--delete-source", "--json"];
    let left = async || in_store(store, from).await;
    let whole = left().await;
    for part in [whole * 4 / 5, whole / 2] {
        let mut running = binary::spawn(&arguments, place.environment());
        while left().await > part {
            assert_eq!(running.ended(), None, "it ended with {} of {count} left", left().await);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        drop(running);
        assert!(left().await > 0, "killed too late");
    }
    let said = place.run(&arguments, "");
    assert_eq!(left().await, 0);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["failed"], serde_json::json!([]), "{said:#}");
    assert_eq!(place.run(&arguments, "").matches("\"pictures\": 0").count(), 1, "nothing twice");
    said.to_string()
}

async fn in_store(store: &Store, name: &str) -> i64 {
    let counts = store.pictures_by_store().await.unwrap();
    let live = counts.iter().filter(|(own, state, _)| own == name && *state != state::SUPERSEDED);
    live.map(|(_, _, count)| *count).sum()
}

/// The queue is empty. A server that was killed had rows of it for a minute more: that is the lease.
pub async fn settled(store: &Store) {
    for _ in 0..2000 {
        if store.deletions_waiting().await.unwrap() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{} deletions wait", store.deletions_waiting().await.unwrap());
}

pub async fn stores(place: &Place) -> Stores {
    let loaded = Loaded::load(None, place.environment().iter().cloned()).unwrap();
    Stores::open(&compose::photo_settings(&loaded.config).stores).await.unwrap()
}

/// The names of all pictures' objects.
pub async fn objects(store: &dyn ObjectStore) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for prefix in ["profile-photos/", "galleries/"] {
        let mut cursor = None;
        loop {
            let page = store.list(prefix, cursor, 1000).await.unwrap();
            all.extend(page.objects.into_iter().map(|object| object.name));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
    }
    all
}

/// People who look at photos all the time: their own by `picture`, and others by addresses that they learned before.
struct Looking {
    task: tokio::task::JoinHandle<usize>,
    ended: Arc<AtomicBool>,
    paused: Arc<AtomicBool>,
    asleep: Arc<AtomicBool>,
}

impl Looking {
    fn begin(app: &App, tokens: &[String], keys: &[String]) -> Self {
        let [ended, paused, asleep] = [0; 3].map(|_| Arc::new(AtomicBool::new(false)));
        let (app, tokens) = (app.clone(), tokens.to_vec());
        let addresses: Vec<String> = keys
            .iter()
            .filter(|key| key.starts_with("profile-photos/") && !key.contains("xs.") && !key.contains("xk."))
            .map(|key| format!("{}/media/{key}", app.issuer))
            .collect();
        let (over, still, sleeping) = (ended.clone(), paused.clone(), asleep.clone());
        let task = tokio::spawn(async move {
            let mut looks = 0;
            while !over.load(Ordering::SeqCst) {
                if still.load(Ordering::SeqCst) {
                    sleeping.store(true, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    continue;
                }
                sleeping.store(false, Ordering::SeqCst);
                let own = app.userinfo(&tokens[looks % tokens.len()]).await.expect(200);
                let known = addresses[looks * 7919 % addresses.len()].clone();
                for address in [own.text("picture").to_owned(), known] {
                    let answer = http().get(&address).send().await.unwrap();
                    assert_eq!(answer.status(), 200, "{address}");
                    let kept =
                        answer.headers().get("cache-control").map(|value| value.to_str().unwrap().to_owned());
                    assert_ne!(
                        kept.as_deref(),
                        Some("no-store"),
                        "the default picture stands in for {address}"
                    );
                    assert!(answer.bytes().await.unwrap().starts_with(&[0xff, 0xd8]), "{address}");
                    looks += 1;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            looks
        });
        Self { task, ended, paused, asleep }
    }

    /// While the server is started anew.
    async fn pause(&self) {
        self.paused.store(true, Ordering::SeqCst);
        while !self.asleep.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn go_on(&self) {
        self.paused.store(false, Ordering::SeqCst);
    }

    async fn end(self) -> usize {
        self.ended.store(true, Ordering::SeqCst);
        self.task.await.unwrap()
    }
}
