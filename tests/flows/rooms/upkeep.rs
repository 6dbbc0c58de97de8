//! What is left behind goes: with the session, with the person, by the command, by the sweep.

use super::*;
use photo::verify::{Repair, verify};
use std::collections::BTreeSet;
use std::path::Path;
use tests::{Engine, Place, binary, on_both};

fn objects(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.join("galleries")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                found.insert(entry.path().display().to_string());
            }
        }
    }
    found
}

async fn emptied(house: &House, left: usize) {
    house.advance(60);
    for _ in 0..200 {
        if objects(&house.photos_dir()).len() == left {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{:?}", objects(&house.photos_dir()));
}

on_both! {
    async fn a_session_that_ends_takes_its_pictures_along(house: &House) {
        let person = house.person("grace@example.org").await;
        let client = by_token(house, &person, "gallery").await;
        client.waits(1).await;
        let mut session = house.sign_in(&person).await;
        Asking::Browser(&session).waits(2).await;
        assert_eq!(objects(&house.photos_dir()).len(), 4);
        let logout = house.url("/oauth2/logout").parse().unwrap();
        let page = session.browser.get(&logout).await.unwrap();
        let form = page.form("logout").unwrap().with("answer", "yes");
        session.browser.submit(&page.url.clone(), &form).await.unwrap();
        emptied(house, 2).await;
        assert_eq!(client.waiting().await.len(), 1, "the client's wait on");
    }

    async fn a_person_who_is_deleted_leaves_nothing_of_their_own(house: &House) {
        let (ada, bob) = (house.person("ada@example.org").await, house.person("bob@example.org").await);
        let (adas, bobs) = (by_token(house, &ada, "one").await, by_token(house, &bob, "two").await);
        adas.waits(1).await;
        let shared = adas.room("Chambre", "Hôtel").await;
        bobs.waits(2).await;
        bobs.room("Bob's", "Bob's").await;
        bobs.waits(3).await;
        let establishment = shared["establishment_id"].as_str().unwrap();
        let store = house.store();
        store.invite_owner(establishment, &ada.id, &bob.email, house.clock_now()).await.unwrap().unwrap();
        store.accept_invitation(establishment, &bob.id, house.clock_now()).await.unwrap().unwrap();
        let id = shared["id"].as_str().unwrap();
        bobs.upload(&format!("/rooms/{id}/upload-image/"), 4).await.expect(201);
        house.store().delete_user(&bob.id, 0, house.clock_now()).await.unwrap();
        emptied(house, 4).await;
        assert_eq!(adas.images(id).await.len(), 2, "what was given to the gallery of others stays");
        // The file of SQLite remembers what was overwritten; PostgreSQL shows rows.
        if house.database.engine == Engine::Postgres {
            let dump = house.database.dump().await;
            let rows: Vec<_> = dump.lines().filter(|row| row.starts_with("pictures:")).collect();
            assert!(!rows.is_empty() && !rows.iter().any(|row| row.contains(&bob.id)), "{rows:?}");
        }
        house.store().delete_user(&ada.id, 0, house.clock_now()).await.unwrap();
        emptied(house, 0).await;
    }
}

/// Seed 002: `cleanup_temp_images`, with `--days 7`, with `--dry-run`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_in_its_three_forms() {
    let house = House::start(Engine::Sqlite).await;
    let person = house.person("grace@example.org").await;
    let asking = by_token(&house, &person, "gallery").await;
    asking.waits(1).await;
    asking.waits(2).await;
    let (store, now) = (house.store(), house.clock_now());
    let day = 86_400_000_000;
    let count = async |days: i64, dry: bool| {
        photo::sweep::cleanup(store, days * day, now + 2 * day, dry).await.unwrap()
    };
    assert_eq!(count(7, false).await, 0, "not after seven days");
    assert_eq!(count(1, true).await, 2, "says what it would do");
    assert_eq!(asking.waiting().await.len(), 2, "and does not");
    assert_eq!(count(1, false).await, 2);
    assert!(asking.waiting().await.is_empty());
    house.advance(2 * 86_400);
    emptied(&house, 0).await;
    house.stop().await;

    let place = Place::new(Engine::Sqlite).await;
    assert!(binary::run(&["migrate"], place.environment(), "").status.success());
    for arguments in [
        &["photos", "cleanup"][..],
        &["photos", "cleanup", "--days", "7"],
        &["photos", "cleanup", "--dry-run"],
    ] {
        let done = binary::run(arguments, place.environment(), "");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

/// The sweep and `verify` know galleries as they know profile photos.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orphans_and_lost_pictures_are_found() {
    let house = House::start(Engine::Sqlite).await;
    let person = house.person("grace@example.org").await;
    let asking = by_token(&house, &person, "gallery").await;
    asking.waits(1).await;
    asking.waits(2).await;
    let room = asking.room("Chambre", "Hôtel").await;
    let id = room["id"].as_str().unwrap();
    let all: Vec<String> = objects(&house.photos_dir()).into_iter().collect();
    let folder = Path::new(&all[0]).parent().unwrap().to_owned();
    std::fs::write(folder.join("1-nobody.jpg"), b"x").unwrap();
    let lost = room["images"][1]["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    std::fs::remove_file(folder.join(&lost)).unwrap();
    let settings = photo::Settings {
        stores: vec![photo::objects::StoreSettings {
            name: "default".to_owned(),
            url: format!("file://{}", house.photos_dir().display()),
            ..Default::default()
        }],
        ..photo::Settings::default()
    };
    let state = photo::State::open(&settings).await.unwrap();
    let later = house.clock_now() + 3 * 3_600_000_000;
    let look = async |repair| verify(house.store(), &state.stores, later, repair, &|_| {}).await.unwrap();
    let report = look(Repair::report()).await;
    assert_eq!(report.orphans.len(), 1, "{report:?}");
    assert!(report.orphans[0].1.ends_with("1-nobody.jpg"));
    assert_eq!(
        report.missing.iter().map(|missing| missing.picture.as_str()).collect::<Vec<_>>(),
        [ids(&room)[1].as_str()]
    );
    let mended = look(Repair::mend()).await;
    assert!(mended.mended && !folder.join("1-nobody.jpg").exists());
    assert_eq!(asking.images(id).await, [ids(&room)[0].clone()]);
    house.stop().await;
}
