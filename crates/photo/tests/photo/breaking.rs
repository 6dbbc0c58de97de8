//! Every effect on the object store may fail, or be the last thing that the process did.

use crate::forms::Form;
use crate::house::{DELETE_AFTER, House, SECOND, photo, upload};
use async_trait::async_trait;
use bytes::Bytes;
use photo::key::ObjectKey;
use photo::objects::{ObjectError, ObjectStore, Page};
use photo::{deletions, lifecycle, sweep};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// A store, failing or dying at its `n`-th effect.
#[derive(Debug)]
struct Breaking {
    store: Arc<dyn ObjectStore>,
    effects: AtomicUsize,
    at: usize,
    how: How,
    died: Arc<Notify>,
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
            How::DiesBefore => self.die().await,
            How::DiesAfter => {
                effect.await?;
                self.die().await
            }
        }
    }
}

impl Breaking {
    async fn die<T>(&self) -> T {
        self.died.notify_one();
        std::future::pending().await
    }
}

/// `None`: the process died while it did this.
async fn done<T>(died: &Notify, work: impl Future<Output = T>) -> Option<T> {
    let death = async {
        died.notified().await;
        // What was under way beside it may come to its end.
        let moment = if Form::chosen() == Form::Disk { 300 } else { 1500 };
        tokio::time::sleep(Duration::from_millis(moment)).await;
    };
    tokio::select! {
        done = work => Some(done),
        () = death => None,
    }
}

#[async_trait]
impl ObjectStore for Breaking {
    async fn put(&self, key: &ObjectKey, body: Bytes) -> Result<(), ObjectError> {
        self.effect(self.store.put(key, body)).await
    }

    async fn get(&self, key: &ObjectKey, most: usize) -> Result<Option<Bytes>, ObjectError> {
        self.store.get(key, most).await
    }

    async fn exists(&self, key: &ObjectKey) -> Result<bool, ObjectError> {
        self.store.exists(key).await
    }

    async fn delete(&self, key: &ObjectKey) -> Result<bool, ObjectError> {
        self.effect(self.store.delete(key)).await
    }

    async fn list(&self, prefix: &str, cursor: Option<String>, limit: usize) -> Result<Page, ObjectError> {
        self.store.list(prefix, cursor, limit).await
    }
}

// F8, F9, F10, F28, F29, I10: whatever breaks at whichever effect, the photo is the old one or the new one, whole, and
// after a restart and the sweep every object has its row.
#[tokio::test(flavor = "multi_thread")]
async fn every_effect_may_break() {
    // At a distance everything takes its time, so only some effects break there.
    let step = if Form::chosen() == Form::Disk { 1 } else { 4 };
    for how in [How::FailsBefore, How::FailsAfter, How::DiesBefore, How::DiesAfter] {
        // Four objects of the first photo, four of the second, four deletions of the first.
        for at in (4..13).step_by(step) {
            breaks_at(how, at).await;
        }
    }
}

async fn breaks_at(how: How, at: usize) {
    let died = Arc::new(Notify::new());
    let effects = AtomicUsize::new(0);
    let breaking = |store| Arc::new(Breaking { store, effects, at, how, died: Arc::clone(&died) });
    let mut house = House::with(|store| breaking(store)).await;
    let user = house.person("ada").await;
    house.upload(&user, photo()).await.unwrap();
    let before = house.picture(&user).await.unwrap();

    house.clock.advance(SECOND);
    let uploading = lifecycle::upload(&house.core, &house.state, upload(&user, photo()));
    let outcome = done(&died, uploading).await;
    let now = house.picture(&user).await.unwrap();
    match &outcome {
        Some(Ok(applied)) => assert_eq!(now, format!("{}.jpg", applied.picture.key_base.as_str())),
        Some(Err(_)) | None => assert_eq!(now, before, "{how:?} at {at}"),
    }
    assert!(house.promised().await.is_subset(&house.objects().await), "{how:?} at {at}");

    house.clock.advance(DELETE_AFTER);
    let due = deletions::delete_due(&house.core.store, &house.state, house.core.now());
    let _ = done(&died, due).await;
    assert!(house.promised().await.is_subset(&house.objects().await), "{how:?} at {at}");

    house.restart().await;
    house.settle().await;
    assert_eq!(house.objects().await, house.promised().await, "{how:?} at {at}");
    assert_eq!(house.core.store.deletions_waiting().await.unwrap(), 0, "{how:?} at {at}");
    assert_eq!(house.picture(&user).await.unwrap(), now);
    house.upload(&user, photo()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn unfinished_uploads_are_given_up() {
    let died = Arc::new(Notify::new());
    let (effects, how) = (AtomicUsize::new(0), How::DiesAfter);
    let never = |store| Arc::new(Breaking { store, effects, at: 2, how, died: Arc::clone(&died) });
    let house = House::with(|store| never(store)).await;
    let user = house.person("ada").await;
    let upload = lifecycle::upload(&house.core, &house.state, upload(&user, photo()));
    assert!(done(&died, upload).await.is_none());
    house.clock.advance(3600 * SECOND);
    let (store, now) = (&house.core.store, house.core.now());
    assert_eq!(sweep::cleanup(store, 3 * 3600 * SECOND, now, false).await.unwrap(), 0);
    assert_eq!(sweep::cleanup(store, 600 * SECOND, now, true).await.unwrap(), 1);
    assert_eq!(sweep::cleanup(store, 600 * SECOND, now, false).await.unwrap(), 1);
    assert_eq!(sweep::cleanup(store, 600 * SECOND, now, false).await.unwrap(), 0);
    deletions::delete_due(store, &house.state, now).await.unwrap();
    assert!(house.objects().await.is_empty());
}
