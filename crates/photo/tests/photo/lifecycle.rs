//! The way of a photo that one call uploads and applies: rows, objects, the deletion queue.

use crate::house::{DELETE_AFTER, House, SECOND, photo};
use async_trait::async_trait;
use bytes::Bytes;
use photo::key::{KeyBase, ObjectKey};
use photo::lifecycle::{self, UploadError};
use photo::objects::{ObjectError, ObjectStore, Page};
use photo::{deletions, image::Refusal};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

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

// F34: a deletion that fails waits longer each time, and works in the end.
#[tokio::test(flavor = "multi_thread")]
async fn a_failed_deletion_is_retried() {
    let house = House::with(|store| Arc::new(Stubborn { store, left: AtomicUsize::new(4) })).await;
    let user = house.person("ada").await;
    let applied = house.upload(&user, photo()).await.unwrap();
    house.remove(&user).await.unwrap();
    house.clock.advance(DELETE_AFTER);
    for wait in [1, 2, 4, 8] {
        let round = deletions::delete_due(&house.core.store, &house.state, house.core.now()).await.unwrap();
        assert_eq!(round.failed, 1);
        let again = deletions::delete_due(&house.core.store, &house.state, house.core.now()).await.unwrap();
        assert_eq!(again, deletions::Round::default(), "no hot loop");
        // A little longer: while we delete, time goes on.
        house.clock.advance((wait + 1) * SECOND);
    }
    house.lose(&format!("{}.jpg", applied.picture.key_base.as_str())).await;
    // An empty store without our mark may be a volume that is not mounted: that nothing is there is not believed.
    let round = deletions::delete_due(&house.core.store, &house.state, house.core.now()).await.unwrap();
    assert_eq!((round.deleted, round.failed), (0, 1));
    photo::sweep::sweep(&house.core.store, &house.state, house.core.now()).await.unwrap();
    house.clock.advance(17 * SECOND);
    let round = deletions::delete_due(&house.core.store, &house.state, house.core.now()).await.unwrap();
    assert_eq!((round.deleted, round.failed), (1, 0), "it was gone already, which is as good");
    assert_eq!(house.core.store.deletions_waiting().await.unwrap(), 0);
}

/// Will not delete the largest variant, so many times.
#[derive(Debug)]
struct Stubborn {
    store: Arc<dyn ObjectStore>,
    left: AtomicUsize,
}

#[async_trait]
impl ObjectStore for Stubborn {
    async fn put(&self, key: &ObjectKey, body: Bytes) -> Result<(), ObjectError> {
        self.store.put(key, body).await
    }

    async fn get(&self, key: &ObjectKey, most: usize) -> Result<Option<Bytes>, ObjectError> {
        self.store.get(key, most).await
    }

    async fn exists(&self, key: &ObjectKey) -> Result<bool, ObjectError> {
        self.store.exists(key).await
    }

    async fn delete(&self, key: &ObjectKey) -> Result<bool, ObjectError> {
        let is_largest = KeyBase::of(key).is_some_and(|base| base.objects(&[0])[0] == *key);
        let less = |left: usize| left.checked_sub(1);
        if is_largest && self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok() {
            return Err(ObjectError::Timeout);
        }
        self.store.delete(key).await
    }

    async fn list(&self, prefix: &str, cursor: Option<String>, limit: usize) -> Result<Page, ObjectError> {
        self.store.list(prefix, cursor, limit).await
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
    let name = house.state.stores.default().0;
    let claim = async || store.claim_deletions(name, 3, 60 * SECOND, now).await.unwrap().len();
    let due = async |now| store.deletions_by_store(now).await.unwrap();
    assert_eq!(claim().await, 3);
    assert_eq!(due(now).await, [(name.to_owned(), now)]);
    assert_eq!(claim().await, 1);
    assert_eq!(due(now).await, []);
    assert_eq!(due(now + 60 * SECOND).await, [(name.to_owned(), now)]);
}
