//! Chaos: people use every way that a picture can take, at random, while the object store fails at random and the server
//! is killed at random. When it is quiet again, rows and objects must tell one story, and everything that was ever
//! answered must be true.
//!
//! `VISAGE_CHAOS_SEED` gives the seed (it is printed), `VISAGE_CHAOS_SECONDS` how long the storm lasts. The seed decides
//! what is done and broken; where a kill meets a request is chance.

mod gallery;
mod person;

use std::{
    collections::BTreeSet,
    io::Write,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use store::{Store, pictures::state};
use tests::{App, Engine, Place, binary, services};
use tokio::time::Instant;
use visage::{compose, config::Loaded};
use web::{Clock, System};

use crate::moving;

const HOUR: i64 = 3_600_000_000;
const PEOPLE: usize = 4;
const OWNERS: usize = 2;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_the_disk() {
    storm(Engine::Sqlite, None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_the_emulator() {
    storm(Engine::Postgres, Some(services::gcs().await)).await;
}

/// A generator that everybody has of their own.
#[derive(Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64, whose: u64) -> Self {
        Self((seed ^ whose.wrapping_mul(0x9e37_79b9_7f4a_7c15)) | 1)
    }

    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 11) % sides as u64).unwrap()
    }

    fn moment(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.roll(usize::try_from(to - from).unwrap()) as u64)
    }
}

/// What everybody in the storm knows.
#[derive(Clone)]
pub struct Weather {
    over: Arc<AtomicBool>,
    /// The store is whole and the server stays up.
    calm: Arc<AtomicBool>,
}

impl Weather {
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    pub fn is_calm(&self) -> bool {
        self.calm.load(Ordering::SeqCst)
    }
}

/// Also where the test passes and its output is swallowed.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

async fn storm(engine: Engine, bucket: Option<services::Bucket>) {
    let drawn = u64::from_be_bytes(keyring::Random::system().bytes::<8>()) >> 16;
    let seed = number("VISAGE_CHAOS_SEED").unwrap_or(drawn);
    let seconds = number("VISAGE_CHAOS_SECONDS").unwrap_or(60);
    let place_name = if bucket.is_some() { "emulator" } else { "disk" };
    say(&format!("chaos on the {place_name}: VISAGE_CHAOS_SEED={seed} VISAGE_CHAOS_SECONDS={seconds}"));
    let mut place = Place::new(engine).await;
    if let Some(bucket) = &bucket {
        // Without its public address: what is looked at goes through us and meets the faults.
        place.add_store("cloud", &services::Bucket { public_url: None, ..bucket.clone() });
        place.set("VISAGE_PHOTOS__UPLOAD_STORE", "cloud");
    }
    place.set("VISAGE_PHOTOS__KEEP_VERSIONS", "1");
    place.set("VISAGE_PHOTOS__UPLOADS_PER_HOUR", "1000000");
    place.set("VISAGE_OAUTH__ACCESS_TOKEN_TTL", "4h");
    place.set("VISAGE_LOGS__LEVEL", "warn");
    let place = Arc::new(place);

    let weather = Weather { over: Arc::default(), calm: Arc::default() };
    let mut app = place.app("chaos", &[]);
    // No connection is used twice: after a kill an old one would fail, and it would not be the server's fault.
    app.http = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(0)
        .timeout(Duration::from_secs(90))
        .build()
        .unwrap();
    let server = place.start().await;
    let mut people = Vec::new();
    for name in 0..PEOPLE {
        let token = token(&place, &app, &format!("person{name}@example.org")).await;
        people.push(person::Person::new(
            app.clone(),
            token,
            Dice::new(seed, name as u64 + 1),
            weather.clone(),
        ));
    }
    let mut owners = Vec::new();
    for name in 0..OWNERS {
        let token = token(&place, &app, &format!("owner{name}@example.org")).await;
        owners.push(gallery::Owner::new(
            app.clone(),
            token,
            Dice::new(seed, name as u64 + 100),
            weather.clone(),
        ));
    }

    let people: Vec<_> = people.into_iter().map(|person| tokio::spawn(person.live())).collect();
    let owners: Vec<_> = owners.into_iter().map(|owner| tokio::spawn(owner.live())).collect();
    let store_fails = tokio::spawn(break_the_store(
        bucket.as_ref().map(|bucket| bucket.name.clone()),
        place.dir.path().join("photos"),
        Dice::new(seed, 1000),
        weather.clone(),
    ));
    let cleaner = tokio::spawn(clean_up(place.clone(), Dice::new(seed, 1001), weather.clone()));

    let (mut dice, began, mut kills, mut server) = (Dice::new(seed, 1002), Instant::now(), 0, Some(server));
    while began.elapsed() < Duration::from_secs(seconds) {
        tokio::time::sleep(dice.moment(300, 2500)).await;
        server.take().unwrap().kill();
        server = Some(place.start().await);
        kills += 1;
    }
    weather.over.store(true, Ordering::SeqCst);
    store_fails.await.unwrap();
    cleaner.await.unwrap();
    weather.calm.store(true, Ordering::SeqCst);
    let (mut done, mut after) = (0, Vec::new());
    for person in people {
        let person = person.await.unwrap();
        done += person.done;
        after.push(person);
    }
    let (mut built, mut rooms) = (0, Vec::new());
    for owner in owners {
        let owner = owner.await.unwrap();
        built += owner.done;
        rooms.push(owner);
    }
    say(&format!("chaos: {kills} kills; {done} answers about photos, {built} about galleries"));
    assert!(done > 10 && built > 5, "hardly anything was answered");

    // Everything that was answered is true.
    for person in &mut after {
        person.look_back().await;
    }
    for owner in &mut rooms {
        owner.look_back().await;
    }
    assert_eq!(server.take().unwrap().terminate(), Some(0));
    quiet(&place).await;
    let server = place.start().await;
    for person in &mut after {
        person.look_back().await;
    }
    for owner in &mut rooms {
        owner.look_back().await;
    }
    assert_eq!(server.terminate(), Some(0));
    place.run(&["photos", "verify"], "");
}

/// A token that was good a moment ago is refused: how it is refused from then on says why.
pub async fn refused(app: &App, token: &str, body: &[u8]) -> ! {
    let mut after = Vec::new();
    for _ in 0..15 {
        let request = app.http.get(format!("{}/api/auth/userinfo", app.endpoint)).bearer_auth(token);
        after.push(request.send().await.map_or(0, |answer| answer.status().as_u16()));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("{}; the same token from then on: {after:?}", String::from_utf8_lossy(body));
}

async fn token(place: &Place, app: &App, email: &str) -> String {
    let person = place.person(email);
    let tokens = app.tokens(&person, "openid profile galleries").await;
    tokens["access_token"].as_str().unwrap().to_owned()
}

/// Time passes: what nobody finished is given up, what is queued is deleted. Then the objects in the store are those that
/// rows name, and no row points to nothing.
async fn quiet(place: &Place) {
    let loaded = Loaded::load(None, place.environment().iter().cloned()).unwrap();
    let room = photo::State::open(&compose::photo_settings(&loaded.config)).await.unwrap();
    let store: Store = place.store().await;
    let repair = photo::verify::Repair { older_than: 0, ..photo::verify::Repair::report() };
    let found = photo::verify::verify(&store, &room.stores, System.now(), repair, &|_| {}).await.unwrap();
    assert_eq!(found.missing, [], "rows that point to nothing");
    let orphans = found.orphans.len();
    let later = System.now() + 2 * HOUR;
    photo::sweep::sweep(&store, &room, later).await.unwrap();
    for _ in 0..3 {
        photo::deletions::delete_due(&store, &room, later).await.unwrap();
    }
    assert_eq!(store.deletions_waiting().await.unwrap(), 0, "the queue is empty");
    let rows = store.pictures("", 100_000).await.unwrap();
    let strange: Vec<_> = rows
        .iter()
        .filter(|row| !matches!(row.state.as_str(), state::STAGED | state::CURRENT | state::KEPT))
        .collect();
    assert!(strange.is_empty(), "neither here nor gone: {strange:?}");
    let named: BTreeSet<String> =
        rows.iter().flat_map(|row| store::pictures::object_keys(&row.key_base, &row.sizes)).collect();
    for (name, objects) in room.stores.iter() {
        let there = moving::objects(&**objects).await;
        let here: BTreeSet<String> = rows
            .iter()
            .filter(|row| row.store == name)
            .flat_map(|row| store::pictures::object_keys(&row.key_base, &row.sizes))
            .collect();
        assert_eq!(there, here, "objects in `{name}` and rows");
    }
    eprintln!(
        "quiet: {} rows, {} objects; {orphans} objects had no row until the sweep",
        rows.len(),
        named.len()
    );
    store.close().await;
}

/// The cloud: any fault that it knows. The disk: no place to write to, for a moment.
async fn break_the_store(bucket: Option<String>, disk: PathBuf, mut dice: Dice, weather: Weather) {
    while !weather.is_over() {
        tokio::time::sleep(dice.moment(50, 600)).await;
        match &bucket {
            Some(bucket) => {
                let kind = ["503", "503", "429", "reset", "lost", "lost", "hang"][dice.roll(7)];
                let count = if kind == "hang" { 1 } else { 1 + dice.roll(6) };
                services::fault(bucket, kind, count, ["write", "read", "delete", "any"][dice.roll(4)]).await;
            }
            None => no_place_to_write(&disk, dice.moment(20, 400)).await,
        }
    }
    if let Some(bucket) = &bucket {
        services::fault(bucket, "503", 0, "any").await;
    }
}

async fn no_place_to_write(disk: &Path, time: Duration) {
    let (place, aside) = (disk.join(".tmp"), disk.join(".aside"));
    if std::fs::rename(&place, &aside).is_err() {
        return;
    }
    tokio::time::sleep(time).await;
    // A server that started meanwhile has made a new one.
    if std::fs::rename(&aside, &place).is_err() {
        let _ = std::fs::remove_dir_all(&aside);
        let _ = std::fs::create_dir_all(&place);
    }
}

async fn clean_up(place: Arc<Place>, mut dice: Dice, weather: Weather) {
    while !weather.is_over() {
        tokio::time::sleep(dice.moment(1500, 4000)).await;
        let (place, after) = (place.clone(), dice.moment(100, 1200));
        let killed = dice.roll(3) == 0;
        let cleaned = tokio::task::spawn_blocking(move || {
            let arguments = ["photos", "cleanup", "--days", "0"];
            if killed {
                binary::run_and_kill(&arguments, place.environment(), after);
            } else {
                // It may fail where the store does; the queue has the rest.
                let _ = binary::run(&arguments, place.environment(), "");
            }
        });
        cleaned.await.unwrap();
    }
}
