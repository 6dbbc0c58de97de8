//! The way of a photo: rows and objects, with every failure and every crash in between.

use crate::house::{DELETE_AFTER, House, SECOND, photo, upload};
use crate::samples;
use async_trait::async_trait;
use bytes::Bytes;
use photo::key::ObjectKey;
use photo::lifecycle::{self, UploadError};
use photo::objects::{Disk, ObjectError, ObjectStore, Page};
use photo::sweep::{self, Held, Repair};
use photo::{deletions, image::Refusal};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

// I7, I8, S130, S131: the new photo is whole before it is current, the old one goes after it was superseded.
#[tokio::test(flavor = "multi_thread")]
async fn a_photo_replaces_another() {
    let house = House::new().await;
    let user = house.person("ada").await;
    let first = house.upload(&user, photo()).await.unwrap();
    assert_eq!(house.objects().await.len(), 4);
    assert_eq!(house.picture(&user).await.unwrap(), format!("{}.jpg", first.picture.key_base.as_str()));
    assert!(!first.picture.key_base.as_str().contains(&user.id), "the subject must not be in a URL");

    house.clock.advance(SECOND);
    let second = house.upload(&user, photo()).await.unwrap();
    assert!(second.user.updated_at > first.user.updated_at);
    assert_eq!(house.objects().await.len(), 8, "nobody meets a hole");

    deletions::delete_due(&house.core.store, &house.state, house.core.now()).await.unwrap();
    assert_eq!(house.objects().await.len(), 8, "not before its time");
    house.clock.advance(DELETE_AFTER);
    let round = deletions::delete_due(&house.core.store, &house.state, house.core.now()).await.unwrap();
    assert_eq!((round.deleted, round.failed), (4, 0));
    assert_eq!(house.objects().await, house.promised().await);
    assert_eq!(house.core.store.deletions_waiting().await.unwrap(), 0);
    let rows = house.core.store.pictures("", 10).await.unwrap();
    assert_eq!(rows.len(), 1, "the superseded picture is history: {rows:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_is_removed() {
    let house = House::new().await;
    let user = house.person("ada").await;
    house.upload(&user, photo()).await.unwrap();
    let after = house.remove(&user).await.unwrap();
    assert_eq!((after.picture_id, house.picture(&user).await), (None, None));
    house.remove(&user).await.unwrap();
    house.clock.advance(DELETE_AFTER);
    deletions::delete_due(&house.core.store, &house.state, house.core.now()).await.unwrap();
    assert!(house.objects().await.is_empty());
}

// CONTRACT §4: all or nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_upload_changes_nothing() {
    let house = House::new().await;
    let user = house.person("ada").await;
    house.upload(&user, photo()).await.unwrap();
    let (before, objects) = (house.picture(&user).await, house.objects().await);
    let refused = house.upload(&user, Bytes::from_static(b"GIF89a")).await;
    assert!(matches!(refused, Err(UploadError::Refused(Refusal::Broken))), "{refused:?}");
    assert_eq!((house.picture(&user).await, house.objects().await), (before, objects));
}

// I7, I8 under concurrency: one photo is current at the end, whole, and nothing else is left.
#[tokio::test(flavor = "multi_thread")]
async fn parallel_uploads_leave_one_photo() {
    let house = Arc::new(House::new().await);
    let user = house.person("ada").await;
    let uploads = (0..8).map(|_| {
        let (house, user) = (Arc::clone(&house), user.clone());
        tokio::spawn(async move { house.upload(&user, photo()).await.map(drop) })
    });
    for upload in futures_util::future::join_all(uploads).await {
        upload.unwrap().unwrap();
    }
    assert_eq!(house.promised().await.len(), 4);
    assert!(house.promised().await.contains(&house.picture(&user).await.unwrap()));
    house.settle().await;
    assert_eq!(house.objects().await, house.promised().await);
}

// S136
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_person_takes_the_photo_along() {
    let house = House::new().await;
    let user = house.person("ada").await;
    house.upload(&user, photo()).await.unwrap();
    house.core.store.delete_user(&user.id, DELETE_AFTER, house.core.now()).await.unwrap();
    let late = house.upload(&user, photo()).await;
    assert!(matches!(late, Err(UploadError::NoSuchPerson)), "{late:?}");
    house.settle().await;
    assert!(house.objects().await.is_empty());
}

// S135
#[tokio::test(flavor = "multi_thread")]
async fn uploads_are_counted_by_the_hour() {
    let house = House::new().await;
    let user = house.person("ada").await;
    for number in 0..10 {
        lifecycle::count_try(&house.core, &house.state, &user.id).await.unwrap();
        // A refused picture is a try like any other.
        let bytes = if number % 2 == 0 { photo() } else { Bytes::from_static(b"GIF89a") };
        assert_eq!(house.upload(&user, bytes).await.is_ok(), number % 2 == 0);
        house.clock.advance(60 * SECOND);
    }
    match lifecycle::count_try(&house.core, &house.state, &user.id).await {
        Err(UploadError::TooOften { seconds }) => assert_eq!(seconds, 3000),
        other => panic!("{other:?}"),
    }
    house.clock.advance(3000 * SECOND);
    lifecycle::count_try(&house.core, &house.state, &user.id).await.unwrap();
}

/// The disk, failing or dying at its `n`-th effect.
#[derive(Debug)]
struct Breaking {
    disk: Disk,
    effects: AtomicUsize,
    at: usize,
    how: How,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    FailsBefore,
    /// The effect is there, the answer is lost.
    FailsAfter,
    /// As if the process had died: nothing comes after it.
    DiesBefore,
    DiesAfter,
}

impl Breaking {
    async fn effect<T>(
        &self,
        effect: impl Future<Output = Result<T, ObjectError>>,
    ) -> Result<T, ObjectError> {
        if self.effects.fetch_add(1, Ordering::SeqCst) != self.at {
            return effect.await;
        }
        match self.how {
            How::FailsBefore => Err(ObjectError::Timeout),
            How::FailsAfter => effect.await.and(Err(ObjectError::Timeout)),
            How::DiesBefore => std::future::pending().await,
            How::DiesAfter => {
                effect.await?;
                std::future::pending().await
            }
        }
    }
}

#[async_trait]
impl ObjectStore for Breaking {
    async fn put(&self, key: &ObjectKey, body: Bytes) -> Result<(), ObjectError> {
        self.effect(self.disk.put(key, body)).await
    }

    async fn get(&self, key: &ObjectKey, most: usize) -> Result<Option<Bytes>, ObjectError> {
        self.disk.get(key, most).await
    }

    async fn exists(&self, key: &ObjectKey) -> Result<bool, ObjectError> {
        self.disk.exists(key).await
    }

    async fn delete(&self, key: &ObjectKey) -> Result<bool, ObjectError> {
        self.effect(self.disk.delete(key)).await
    }

    async fn list(&self, prefix: &str, cursor: Option<String>, limit: usize) -> Result<Page, ObjectError> {
        self.disk.list(prefix, cursor, limit).await
    }
}

// F8, F9, F10, F28, F29, I10: whatever breaks at whichever effect, the photo is the old one or the new one, whole, and
// after a restart and the sweep every object has its row.
#[tokio::test(flavor = "multi_thread")]
async fn every_effect_may_break() {
    for how in [How::FailsBefore, How::FailsAfter, How::DiesBefore, How::DiesAfter] {
        // Four objects of the first photo, four of the second, four deletions of the first.
        for at in 4..13 {
            breaks_at(how, at).await;
        }
    }
}

async fn breaks_at(how: How, at: usize) {
    let breaking =
        |disk| Arc::new(Breaking { disk, effects: AtomicUsize::new(0), at, how }) as Arc<dyn ObjectStore>;
    let mut house = House::with(breaking).await;
    let user = house.person("ada").await;
    house.upload(&user, photo()).await.unwrap();
    let before = house.picture(&user).await.unwrap();

    house.clock.advance(SECOND);
    let moment = Duration::from_millis(600);
    let outcome =
        tokio::time::timeout(moment, lifecycle::upload(&house.core, &house.state, upload(&user, photo())))
            .await;
    let now = house.picture(&user).await.unwrap();
    match &outcome {
        Ok(Ok(applied)) => assert_eq!(now, format!("{}.jpg", applied.picture.key_base.as_str())),
        Ok(Err(_)) | Err(_) => assert_eq!(now, before, "{how:?} at {at}"),
    }
    assert!(house.promised().await.is_subset(&house.objects().await), "{how:?} at {at}");

    house.clock.advance(DELETE_AFTER);
    let due = deletions::delete_due(&house.core.store, &house.state, house.core.now());
    let _ = tokio::time::timeout(moment, due).await;
    assert!(house.promised().await.is_subset(&house.objects().await), "{how:?} at {at}");

    house.restart();
    house.settle().await;
    assert_eq!(house.objects().await, house.promised().await, "{how:?} at {at}");
    assert_eq!(house.core.store.deletions_waiting().await.unwrap(), 0, "{how:?} at {at}");
    assert_eq!(house.picture(&user).await.unwrap(), now);
    house.upload(&user, photo()).await.unwrap();
}

// F34: a deletion that fails waits longer each time, and works in the end.
#[tokio::test(flavor = "multi_thread")]
async fn a_failed_deletion_is_retried() {
    let house = House::new().await;
    let user = house.person("ada").await;
    let applied = house.upload(&user, photo()).await.unwrap();
    house.remove(&user).await.unwrap();
    // A folder that is not empty, in the object's place: it cannot be deleted.
    let path = house.path(&format!("{}.jpg", applied.picture.key_base.as_str()));
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir_all(path.join("x")).unwrap();
    house.clock.advance(DELETE_AFTER);
    for wait in [1, 2, 4, 8] {
        let round = deletions::delete_due(&house.core.store, &house.state, house.core.now()).await.unwrap();
        assert_eq!(round.failed, 1);
        let again = deletions::delete_due(&house.core.store, &house.state, house.core.now()).await.unwrap();
        assert_eq!(again, deletions::Round::default(), "no hot loop");
        house.clock.advance(wait * SECOND);
    }
    std::fs::remove_dir_all(&path).unwrap();
    let round = deletions::delete_due(&house.core.store, &house.state, house.core.now()).await.unwrap();
    assert_eq!((round.deleted, round.failed), (1, 0), "it was gone already, which is as good");
    assert_eq!(house.core.store.deletions_waiting().await.unwrap(), 0);
}

// F35, DESIGN "What never happens" 4
#[tokio::test(flavor = "multi_thread")]
async fn orphans_go_when_they_are_old_enough() {
    let house = House::new().await;
    let user = house.person("ada").await;
    house.upload(&user, photo()).await.unwrap();
    let orphan = house.path("profile-photos/nobody/1-a.jpg");
    std::fs::create_dir_all(orphan.parent().unwrap()).unwrap();
    std::fs::write(&orphan, samples::jpeg(20, 20, false)).unwrap();
    let stranger = house.path("profile-photos/notes of a stranger.txt");
    std::fs::write(&stranger, "hello").unwrap();

    sweep::sweep(&house.core.store, &house.state, house.core.now()).await.unwrap();
    assert!(orphan.exists(), "its row may be on the way");
    house.clock.advance(2 * 3600 * SECOND);
    let verified = sweep::sweep(&house.core.store, &house.state, house.core.now()).await.unwrap();
    assert_eq!(verified.orphans.len(), 1);
    assert!(!orphan.exists() && stranger.exists());
    assert_eq!(house.promised().await.len(), 4);
}

async fn put(house: &House, key: &str) {
    let path = house.path(key);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, b"somebody's photo").unwrap();
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
    assert!(!owner.path("visage-installation").exists(), "nor does it take the store");

    std::fs::remove_file(owner.path(key)).unwrap();
    assert_eq!(sweep(&owner).await.held, []);
    std::fs::copy(owner.path("visage-installation"), other.path("visage-installation")).unwrap();
    put(&other, key).await;
    let found = sweep(&other).await;
    assert_eq!((found.held, found.orphans.len()), (vec![("default".to_owned(), Held::Another)], 1));
    put(&owner, key).await;
    assert_eq!(sweep(&owner).await.held, [], "its own");
    assert!(!owner.path(key).exists() && other.path(key).exists());

    sweep::verify(&other.core.store, &other.state.stores, now, Repair::mend()).await.unwrap();
    assert!(!other.path(key).exists());
    put(&other, key).await;
    assert_eq!(sweep(&other).await.held, [], "the store is this installation's from now on");
    assert!(!other.path(key).exists());
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
    let mended = sweep::verify(store, &house.state.stores, now, Repair::mend()).await.unwrap();
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

// A worker died with the queue's head leased: what is due behind it does not wait for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_leased_head_hides_nothing() {
    let house = House::new().await;
    let user = house.person("ada").await;
    house.upload(&user, photo()).await.unwrap();
    house.remove(&user).await.unwrap();
    house.clock.advance(DELETE_AFTER);
    let (store, now) = (&house.core.store, house.core.now());
    assert_eq!(store.claim_deletions(3, 60 * SECOND, now).await.unwrap().len(), 3);
    assert_eq!(store.next_deletion(now).await.unwrap(), Some(now));
    assert_eq!(store.claim_deletions(3, 60 * SECOND, now).await.unwrap().len(), 1);
    assert_eq!(store.next_deletion(now).await.unwrap(), None);
    assert_eq!(store.next_deletion(now + 60 * SECOND).await.unwrap(), Some(now));
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_objects_are_reported_and_mended_on_demand() {
    let house = House::new().await;
    let (ada, bob) = (house.person("ada").await, house.person("bob").await);
    let lost = house.upload(&ada, photo()).await.unwrap();
    house.upload(&bob, photo()).await.unwrap();
    let name = format!("{}_96.jpg", lost.picture.key_base.as_str());
    std::fs::remove_file(house.path(&name)).unwrap();
    house.clock.advance(2 * 3600 * SECOND);

    let (store, stores, now) = (&house.core.store, &house.state.stores, house.core.now());
    let found = sweep::verify(store, stores, now, Repair::report()).await.unwrap();
    assert_eq!((found.objects, found.orphans.len(), found.missing.len()), (7, 0, 1));
    assert_eq!(
        (found.missing[0].keys.clone(), found.missing[0].user.clone()),
        (vec![name], Some(ada.id.clone()))
    );
    assert!(house.picture(&ada).await.is_some(), "reported only");

    sweep::verify(store, stores, now, Repair::mend()).await.unwrap();
    assert_eq!(house.picture(&ada).await, None);
    assert!(house.picture(&bob).await.is_some());
    house.settle().await;
    assert_eq!(house.objects().await, house.promised().await);
    assert_eq!(sweep::verify(store, stores, house.core.now(), Repair::report()).await.unwrap().missing, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn unfinished_uploads_are_given_up() {
    let never = |disk| {
        Arc::new(Breaking { disk, effects: AtomicUsize::new(0), at: 2, how: How::DiesAfter })
            as Arc<dyn ObjectStore>
    };
    let house = House::with(never).await;
    let user = house.person("ada").await;
    let upload = lifecycle::upload(&house.core, &house.state, upload(&user, photo()));
    assert!(tokio::time::timeout(Duration::from_millis(600), upload).await.is_err());
    house.clock.advance(3600 * SECOND);
    let (store, now) = (&house.core.store, house.core.now());
    assert_eq!(sweep::cleanup(store, 3 * 3600 * SECOND, now, false).await.unwrap(), 0);
    assert_eq!(sweep::cleanup(store, 600 * SECOND, now, true).await.unwrap(), 1);
    assert_eq!(sweep::cleanup(store, 600 * SECOND, now, false).await.unwrap(), 1);
    assert_eq!(sweep::cleanup(store, 600 * SECOND, now, false).await.unwrap(), 0);
    deletions::delete_due(store, &house.state, now).await.unwrap();
    assert!(house.objects().await.is_empty());
}
