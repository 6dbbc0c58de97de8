//! Row and object must tell the same story: what no row names, what is lost, and when nothing is touched.

use crate::house::{House, SECOND, photo};
use crate::samples;
use async_trait::async_trait;
use bytes::Bytes;
use photo::key::ObjectKey;
use photo::objects::{ObjectError, ObjectStore, Page};
use photo::sweep;
use photo::verify::{self, Fate, Held, Repair};
use std::sync::Arc;
use store::users::User;

// F35, DESIGN "What never happens" 4
#[tokio::test(flavor = "multi_thread")]
async fn orphans_go_when_they_are_old_enough() {
    let house = House::new().await;
    let user = house.person("ada").await;
    house.upload(&user, photo()).await.unwrap();
    let (orphan, stranger) = ("profile-photos/nobody/1-a.jpg", "profile-photos/notes-of-a-stranger.txt");
    house.put(orphan, samples::jpeg(20, 20, false)).await;
    house.put(stranger, "hello").await;

    sweep::sweep(&house.core.store, &house.state, house.core.now()).await.unwrap();
    assert!(house.read(orphan).await.is_some(), "its row may be on the way");
    house.clock.advance(2 * 3600 * SECOND);
    let verified = sweep::sweep(&house.core.store, &house.state, house.core.now()).await.unwrap();
    assert_eq!(verified.orphans.len(), 1);
    assert!(house.read(orphan).await.is_none() && house.read(stranger).await.is_some());
    assert_eq!(house.promised().await.len(), 4);
}

async fn put(house: &House, key: &str) {
    house.put(key, "somebody's photo").await;
}

// With a database that is not the store's own, nothing is deleted until a person says so.
#[tokio::test(flavor = "multi_thread")]
async fn the_wrong_database_deletes_nothing() {
    let (owner, other) = (House::new().await, House::new().await);
    let key = "profile-photos/a/1-b.jpg";
    let now = owner.core.now() + 2 * 3600 * SECOND;
    let sweep = async |house: &House| sweep::sweep(&house.core.store, &house.state, now).await.unwrap();
    put(&owner, key).await;
    assert_eq!(sweep(&owner).await.held, [("default".to_owned(), Held::Unknown)], "it never stored a photo");
    assert!(owner.read("visage-installation").await.is_none(), "nor does it take the store");

    owner.lose(key).await;
    assert_eq!(sweep(&owner).await.held, []);
    other.put("visage-installation", owner.read("visage-installation").await.unwrap()).await;
    put(&other, key).await;
    let found = sweep(&other).await;
    assert_eq!((found.held, found.orphans.len()), (vec![("default".to_owned(), Held::Another)], 1));
    put(&owner, key).await;
    assert_eq!(sweep(&owner).await.held, [], "its own");
    assert!(owner.read(key).await.is_none() && other.read(key).await.is_some());

    verify::verify(&other.core.store, &other.state.stores, now, Repair::mend(), &|_| ()).await.unwrap();
    assert!(other.read(key).await.is_none());
    put(&other, key).await;
    assert_eq!(sweep(&other).await.held, [], "the store is this installation's from now on");
    assert!(other.read(key).await.is_none());
}

// A backup of the database that is older than the photos.
#[tokio::test(flavor = "multi_thread")]
async fn many_orphans_are_left_to_a_person() {
    let house = House::new().await;
    let user = house.person("ada").await;
    house.upload(&user, photo()).await.unwrap();
    for number in 0..101 {
        put(&house, &format!("profile-photos/lost/{number}-a.jpg")).await;
    }
    house.clock.advance(2 * 3600 * SECOND);
    let (store, now) = (&house.core.store, house.core.now());
    let found = sweep::sweep(store, &house.state, now).await.unwrap();
    assert_eq!(found.held, [("default".to_owned(), Held::Many { orphans: 101, objects: 105 })]);
    assert_eq!(house.objects().await.len(), 105);
    let mended = verify::verify(store, &house.state.stores, now, Repair::mend(), &|_| ()).await.unwrap();
    assert_eq!(mended.orphans.len(), 101);
    assert_eq!(house.objects().await, house.promised().await);
}

// F34: one store that is away keeps nobody from sweeping the others.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_away_is_said() {
    let house = House::with(|_| Arc::new(Away)).await;
    let found = sweep::sweep(&house.core.store, &house.state, house.core.now()).await.unwrap();
    assert_eq!(found.failed.len(), 1);
    assert_eq!(found.failed[0].0, "default");
}

#[derive(Debug)]
struct Away;

#[async_trait]
impl ObjectStore for Away {
    async fn put(&self, _: &ObjectKey, _: Bytes) -> Result<(), ObjectError> {
        Err(ObjectError::Timeout)
    }

    async fn get(&self, _: &ObjectKey, _: usize) -> Result<Option<Bytes>, ObjectError> {
        Err(ObjectError::Timeout)
    }

    async fn exists(&self, _: &ObjectKey) -> Result<bool, ObjectError> {
        Err(ObjectError::Timeout)
    }

    async fn delete(&self, _: &ObjectKey) -> Result<bool, ObjectError> {
        Err(ObjectError::Timeout)
    }

    async fn list(&self, _: &str, _: Option<String>, _: usize) -> Result<Page, ObjectError> {
        Err(ObjectError::Timeout)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_objects_are_reported_and_mended_on_demand() {
    let house = House::new().await;
    let (ada, bob, eve) = (house.person("ada").await, house.person("bob").await, house.person("eve").await);
    let shrunk = house.upload(&ada, photo()).await.unwrap();
    house.upload(&bob, photo()).await.unwrap();
    let lost = house.upload(&eve, photo()).await.unwrap();
    let small = format!("{}_96.jpg", shrunk.picture.key_base.as_str());
    let large = format!("{}.jpg", lost.picture.key_base.as_str());
    let before = house.read(&small).await.unwrap();
    house.lose(&small).await;
    house.lose(&large).await;
    house.clock.advance(2 * 3600 * SECOND);

    let (store, stores, now) = (&house.core.store, &house.state.stores, house.core.now());
    let found = verify::verify(store, stores, now, Repair::report(), &|_| ()).await.unwrap();
    assert_eq!((found.objects, found.orphans.len(), found.missing.len()), (10, 0, 2));
    let of =
        |user: &User| found.missing.iter().find(|missing| missing.user.as_ref() == Some(&user.id)).unwrap();
    assert_eq!((of(&ada).keys.clone(), of(&ada).fate), (vec![small.clone()], Fate::Found));
    assert_eq!((of(&eve).keys.clone(), of(&eve).fate), (vec![large], Fate::Found));
    assert!(!found.is_well());
    assert!(house.picture(&ada).await.is_some() && house.picture(&eve).await.is_some(), "reported only");

    // A smaller variant is made again from the largest; without that the person has the default picture.
    let mended = verify::verify(store, stores, now, Repair::mend(), &|_| ()).await.unwrap();
    let mut fates: Vec<Fate> = mended.missing.iter().map(|missing| missing.fate).collect();
    fates.sort_by_key(|fate| *fate == Fate::GivenUp);
    assert_eq!(fates, [Fate::Renewed, Fate::GivenUp]);
    assert!(mended.is_well());
    assert!(house.picture(&ada).await.is_some());
    assert_eq!(house.picture(&eve).await, None);
    let after = house.read(&small).await.unwrap();
    assert!(after.starts_with(&[0xff, 0xd8]) && after.len().abs_diff(before.len()) < before.len() / 2);
    let told = store.audit_of(&eve.id, 10).await.unwrap();
    assert!(told.iter().any(|row| row.action == "picture.removed"), "{told:?}");
    house.settle().await;
    assert_eq!(house.objects().await, house.promised().await);
    assert!(
        verify::verify(store, stores, house.core.now(), Repair::report(), &|_| ()).await.unwrap().is_well()
    );
}
