//! `visage photos backup`, `restore`, `import` and `verify`, by the binary.

use std::{
    collections::BTreeSet,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use photo::objects::Disk;
use serde_json::Value;
use store::pictures::state;
use tests::{Engine, Place, binary, services};
use visage::demo::picture;

use crate::{moving, quantity};

fn json(place: &Place, arguments: &[&str]) -> Value {
    serde_json::from_str(&place.run(arguments, "")).unwrap()
}

/// A command that must fail, and what it says.
fn refusal(place: &Place, arguments: &[&str]) -> String {
    let output = binary::run(arguments, place.environment(), "");
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

// A backup of SQLite and a disk comes back on PostgreSQL and in a cloud, and people find everything as it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_comes_back_elsewhere() {
    let old = Place::new(Engine::Sqlite).await;
    let store = old.store_migrated().await;
    let keys = quantity::make(&store, &old.dir.path().join("photos"), 100).await;
    let person = old.person("grace@example.org");
    let app = old.app("app", &[]);
    let server = old.start().await;
    let token = app.tokens(&person, "openid profile offline_access").await;
    let access = token["access_token"].as_str().unwrap().to_owned();
    app.upload(&access, picture::png(300, 10)).await.expect(200);

    let dir = old.dir.path().join("backup");
    let folder = dir.to_str().unwrap();
    let first = json(&old, &["photos", "backup", folder, "--json"]);
    assert_eq!(first["objects"], keys.len() + 4);
    assert_eq!((&first["fetched"], &first["lost"]), (&first["objects"], &Value::Array(Vec::new())));
    for file in files(&dir) {
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} is for its owner alone", file.display());
    }
    // Again: what is new, without what was deleted.
    app.upload(&access, picture::png(300, 90)).await.expect(200);
    moving::settled(&store).await;
    let second = json(&old, &["photos", "backup", folder, "--json"]);
    assert_eq!((&second["objects"], &second["fetched"]), (&first["objects"], &serde_json::json!(4)));
    assert_eq!(second["removed"], 4, "a deleted photo does not live on in the backup");
    let picture = app.userinfo(&access).await.expect(200).text("picture").to_owned();
    let bytes = tests::http().get(&picture).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(server.terminate(), Some(0));
    assert!(refusal(&old, &["photos", "restore", folder]).contains("lives in this database already"));

    // Elsewhere: another database, another store, and at first another master key.
    let mut new = Place::new(Engine::Postgres).await;
    new.set("VISAGE_SERVER__LISTEN", &old.issuer.replace("http://localhost", "127.0.0.1"));
    new.set("VISAGE_SERVER__PUBLIC_URL", &old.issuer);
    new.issuer.clone_from(&old.issuer);
    new.add_store("cloud", &services::Bucket { public_url: None, ..services::gcs().await });
    new.set("VISAGE_PHOTOS__UPLOAD_STORE", "cloud");
    assert!(refusal(&new, &["photos", "restore", folder]).contains("no master key"));
    std::fs::create_dir_all(new.dir.path().join("keys")).unwrap();
    std::fs::copy(old.dir.path().join("keys/master.key"), new.dir.path().join("keys/master.key")).unwrap();
    // Photos of somebody are there that the backup does not know.
    let stranger = new.dir.path().join("photos/profile-photos/x/1-a.jpg");
    std::fs::create_dir_all(stranger.parent().unwrap()).unwrap();
    std::fs::write(&stranger, b"x").unwrap();
    assert!(refusal(&new, &["photos", "restore", folder]).contains("--take-over"));
    std::fs::remove_file(&stranger).unwrap();
    let object = files(&dir.join("objects")).pop().unwrap();
    let whole = std::fs::read(&object).unwrap();
    std::fs::write(&object, b"something else").unwrap();
    assert!(refusal(&new, &["photos", "restore", folder]).contains("digest differs"));
    std::fs::write(&object, whole).unwrap();
    let restored = json(&new, &["photos", "restore", folder, "--keep-access", "--json"]);
    assert_eq!(restored["objects"], second["objects"]);
    assert_eq!(restored["rows"], second["rows"]);
    assert!(refusal(&new, &["photos", "restore", folder]).contains("lives in this database already"));

    // The store `default` is configured there too, so its pictures are in it; all of them.
    let there = moving::objects(&Disk::open(new.dir.path().join("photos")).unwrap()).await;
    assert_eq!(there.len(), keys.len() + 4);
    let server = new.start().await;
    let claims = app.userinfo(&access).await.expect(200);
    assert_eq!(claims.text("picture"), picture, "the same person, token and picture");
    assert_eq!(tests::http().get(&picture).send().await.unwrap().bytes().await.unwrap(), bytes);
    app.refresh(token["refresh_token"].as_str().unwrap()).await.expect(200);
    app.upload(&access, picture::png(200, 3)).await.expect(200);
    assert_eq!(server.terminate(), Some(0));
    new.run(&["photos", "verify"], "");

    // A copy beside it: the store of the first is refused, its queue and its people's access do not come along, and what
    // was queued for a store of another name is forgotten with the name.
    let mut copy = Place::new(Engine::Sqlite).await;
    std::fs::create_dir_all(copy.dir.path().join("keys")).unwrap();
    std::fs::copy(old.dir.path().join("keys/master.key"), copy.dir.path().join("keys/master.key")).unwrap();
    let own = format!("file://{}", copy.dir.path().join("photos").display());
    copy.set("VISAGE_PHOTOS__STORE", &format!("file://{}", new.dir.path().join("photos").display()));
    assert!(refusal(&copy, &["photos", "restore", folder]).contains("belongs to another installation"));
    copy.set("VISAGE_PHOTOS__STORE", &own);
    copy.run(&["photos", "restore", folder], "");
    copy.set("VISAGE_SERVER__LISTEN", &old.issuer.replace("http://localhost", "127.0.0.1"));
    copy.set("VISAGE_SERVER__PUBLIC_URL", &old.issuer);
    copy.issuer.clone_from(&old.issuer);
    let server = copy.start().await;
    app.userinfo(&access).await.expect_error(401, "invalid_token");
    assert_eq!(tests::http().get(&picture).send().await.unwrap().status(), 200);
    assert_eq!(server.terminate(), Some(0));
    copy.run(&["photos", "verify"], "");
}

// What was on the queue of a store that is not configured where the backup is restored must not take living photos.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_the_middle_of_a_move_loses_nothing() {
    let mut old = Place::new(Engine::Sqlite).await;
    let second = old.dir.path().join("second");
    old.set("VISAGE_PHOTOS__STORES__OTHER__URL", &format!("file://{}", second.display()));
    let store = old.store_migrated().await;
    let keys = quantity::make(&store, &old.dir.path().join("photos"), 20).await;
    old.run(&["photos", "migrate", "--from", "default", "--to", "other", "--delete-source"], "");
    assert!(store.deletions_waiting().await.unwrap() > 0, "the source is queued");
    let same = format!("file://{}", old.dir.path().join("./second").display());
    old.set("VISAGE_PHOTOS__STORES__AGAIN__URL", &same);
    let refused =
        refusal(&old, &["photos", "migrate", "--from", "other", "--to", "again", "--delete-source"]);
    assert!(refused.contains("the same place"), "{refused}");
    let dir = old.dir.path().join("backup");
    old.run(&["photos", "backup", dir.to_str().unwrap()], "");

    let new = Place::new(Engine::Sqlite).await;
    std::fs::create_dir_all(new.dir.path().join("keys")).unwrap();
    let key = old.dir.path().join("keys/master.key");
    if key.exists() {
        std::fs::copy(key, new.dir.path().join("keys/master.key")).unwrap();
    }
    let said = json(&new, &["photos", "restore", dir.to_str().unwrap(), "--json"]);
    assert_eq!(said["stores"]["other"], "default");
    let server = new.start().await;
    moving::settled(&new.store().await).await;
    let there = moving::objects(&Disk::open(new.dir.path().join("photos")).unwrap()).await;
    assert_eq!(there, keys.into_iter().collect::<BTreeSet<_>>());
    assert_eq!(server.terminate(), Some(0));
    new.run(&["photos", "verify"], "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_imported_once_and_newer_photos_stay() {
    let place = Place::new(Engine::Sqlite).await;
    let (ada, bob) = (place.person("ada@example.org"), place.person("bob@example.org"));
    let (eve, app) = (place.person("eve@example.org"), place.app("app", &[]));
    let server = place.start().await;
    let mut tokens = Vec::new();
    for person in [&ada, &bob, &eve] {
        tokens.push(app.tokens(person, "openid profile").await["access_token"].as_str().unwrap().to_owned());
    }
    let picture_of =
        async |number: usize| app.userinfo(&tokens[number]).await.expect(200).text("picture").to_owned();
    let dir = place.dir.path().join("avatars");
    std::fs::create_dir_all(&dir).unwrap();
    let file = |name: &str, bytes: &[u8]| std::fs::write(dir.join(name), bytes).unwrap();
    file("ada@example.org.jpg", &quantity::jpeg(120, 3));
    file(&format!("{}.png", bob.id), &picture::png(90, 20));
    file("eve@example.org.png", &picture::png(90, 40));
    file("nobody@example.org.jpg", &quantity::jpeg(120, 3));
    file("broken@example.org.png", b"\x89PNG\r\n\x1a\nnot really");
    place.person("broken@example.org");
    file(".hidden", b"x");
    app.upload(&tokens[2], picture::png(200, 70)).await.expect(200);
    let eves = picture_of(2).await;
    let folder = dir.to_str().unwrap();
    let import = |options: &[&str]| -> Value {
        let arguments = [&["photos", "import", folder, "--json"], options].concat();
        let output = binary::run(&arguments, place.environment(), "");
        assert_eq!(
            output.status.code(),
            Some(1),
            "some are refused: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let count = |said: &Value| ["imported", "newer"].map(|name| said[name].as_u64().unwrap());
    let dry = import(&["--dry-run"]);
    assert_eq!(count(&dry), [2, 1]);
    assert!(picture_of(0).await.contains("/initials/"), "nothing happened");
    let said = import(&[]);
    assert_eq!(count(&said), [2, 1], "{said:#}");
    let refused: Vec<&str> =
        said["refused"].as_array().unwrap().iter().map(|one| one["file"].as_str().unwrap()).collect();
    assert_eq!(refused, ["broken@example.org.png", "nobody@example.org.jpg"]);
    // The command is another process: a running server shows what it did within the lease.
    let picture_that = async |number: usize, is_new: &dyn Fn(&str) -> bool| {
        for _ in 0..100 {
            let picture = picture_of(number).await;
            if is_new(&picture) {
                return picture;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        picture_of(number).await
    };
    let adas = picture_that(0, &|picture| !picture.contains("/initials/")).await;
    assert!(adas.contains("/media/profile-photos/"), "a running server shows it: {adas}");
    assert_eq!(picture_of(2).await, eves);
    assert_eq!(count(&import(&[])), [0, 3], "once");
    // Who removes it does not get it back.
    tests::Answer::of(
        tests::http().delete(format!("{}/api/auth/profile/photo", place.issuer)).bearer_auth(&tokens[0]),
    )
    .await
    .expect(200);
    assert_eq!(count(&import(&[])), [0, 3]);
    assert!(picture_of(0).await.contains("/initials/"));
    assert_eq!(count(&import(&["--replace"])), [2, 1], "what is there from this very file stays");
    assert_ne!(picture_that(2, &|picture| picture != eves).await, eves);
    assert_eq!(server.terminate(), Some(0));
}

// Both directions, in every store; what can be made again is, and the exit code says how it stands.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_verify_finds_it_repairs() {
    let mut place = Place::new(Engine::Sqlite).await;
    let bucket = services::gcs().await;
    place.add_store("cloud", &bucket);
    let photos = place.dir.path().join("photos");
    let store = place.store_migrated().await;
    quantity::make(&store, &photos, 60).await;
    let verify = |options: &[&str]| {
        let output =
            binary::run(&[&["photos", "verify", "--json"], options].concat(), place.environment(), "");
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code().unwrap(), said)
    };
    assert_eq!(verify(&[]).0, 0);
    // Half of it in another store: copies are no fault.
    place.run(&["photos", "migrate", "--from", "default", "--to", &format!("gs://{}", bucket.name)], "");
    assert_eq!(verify(&[]).0, 0);
    let refused = refusal(&place, &["photos", "migrate", "--from", "default", "--to", "s3://unknown"]);
    assert!(refused.contains("[photos.stores.NAME]"), "{refused}");
    let back = json(
        &place,
        &["photos", "migrate", "--from", "cloud", "--to", "default", "--delete-source", "--json"],
    );
    assert_eq!(back["pictures"], 66);
    // A lost small variant, a lost photo, a lost one that was kept, an object of nobody.
    let lose = |key: &str| std::fs::remove_file(photos.join(key)).unwrap();
    lose("profile-photos/sp00020/1-p00020_48.jpg");
    lose("profile-photos/sp00001/1-p00001.jpg");
    lose("profile-photos/sp00050/1-p00050xk.jpg");
    let stranger = photos.join("profile-photos/snobody/1-a.jpg");
    std::fs::create_dir_all(stranger.parent().unwrap()).unwrap();
    std::fs::write(&stranger, quantity::jpeg(20, 1)).unwrap();
    let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
    std::fs::File::options().write(true).open(&stranger).unwrap().set_modified(long_ago).unwrap();
    let (code, said) = verify(&[]);
    assert_eq!(
        (code, said["missing"].as_array().unwrap().len(), said["orphans"].as_array().unwrap().len()),
        (1, 3, 1)
    );
    assert_eq!(verify(&["--repair", "--dry-run"]).0, 1);
    let (code, said) = verify(&["--repair"]);
    let fates: BTreeSet<(&str, &str)> = said["missing"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["picture"].as_str().unwrap(), one["fate"].as_str().unwrap()))
        .collect();
    assert_eq!(fates, [("p00001", "given up"), ("p00020", "made again"), ("p00050-k", "given up")].into());
    assert_eq!((code, verify(&[]).0, stranger.exists()), (0, 0, false));
    assert!(store.profile("p00001").await.unwrap().unwrap().portrait.is_none());
    assert_eq!(store.picture("p00050").await.unwrap().unwrap().state, state::CURRENT);
    // The store is not there: nothing is given up, however often one asks.
    let away = place.dir.path().join("away");
    std::fs::rename(&photos, &away).unwrap();
    let (code, said) = verify(&["--repair"]);
    assert_eq!(code, 1);
    assert!(said["doubtful"]["default"].as_u64().unwrap() > 50, "{said:#}");
    assert!(store.profile("p00050").await.unwrap().unwrap().portrait.is_some());
    std::fs::remove_dir_all(&photos).unwrap();
    std::fs::rename(&away, &photos).unwrap();
    assert_eq!(verify(&[]).0, 0, "nothing was given up");
    // A store that nobody configured (any more) is said.
    let elsewhere = store::pictures::Picture {
        id: "x".into(),
        store: "lost".into(),
        key_base: "profile-photos/x/1-x".into(),
        ..store.picture("p00050").await.unwrap().unwrap()
    };
    store.stage_picture(elsewhere).await.unwrap();
    let (code, said) = verify(&["--repair"]);
    assert_eq!((code, said["unknown_stores"]["lost"].as_u64()), (1, Some(1)));
}
