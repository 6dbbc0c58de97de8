//! The way of a photo in two steps, and back: against a model that is a list, and against what may go wrong in between.

use crate::house::{DELETE_AFTER, House, SECOND, actor, photo, upload};
use crate::samples;
use async_trait::async_trait;
use bytes::Bytes;
use photo::key::ObjectKey;
use photo::lifecycle::{self, UploadError};
use photo::objects::{ObjectError, ObjectStore, Page};
use photo::{deletions, sweep};
use proptest::prelude::*;
use std::sync::Arc;
use store::pictures::{Picture, Retention, state};
use store::users::User;
use tokio::sync::Semaphore;

const DAY: i64 = 86_400 * SECOND;

impl House {
    async fn stage(&self, user: &User) -> Picture {
        let upload = upload(user, samples::jpeg(60, 60, false));
        lifecycle::stage(&self.core, &self.state, upload).await.unwrap()
    }

    async fn confirm(&self, user: &User, id: &str) -> bool {
        lifecycle::confirm(&self.core, &self.state, id, None, &actor(user)).await.unwrap().is_some()
    }

    async fn restore(&self, user: &User, id: &str) -> Result<bool, UploadError> {
        let restored = lifecycle::restore(&self.core, &self.state, id, &actor(user)).await;
        restored.map(|restored| restored.is_some())
    }

    async fn discard(&self, user: &User, id: &str) -> bool {
        lifecycle::discard(&self.core, &self.state, id, &actor(user)).await.unwrap()
    }

    fn keep(&mut self, keep_versions: i64) {
        self.state.retention = Retention { delete_after: DELETE_AFTER, keep_versions };
    }

    async fn delete_due(&self) {
        deletions::delete_due(&self.core.store, &self.state, self.core.now()).await.unwrap();
    }
}

// F8: what nobody confirmed goes after its time, by the sweep and by the command; what is confirmed in time stays.
#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_confirms_goes() {
    let house = House::new().await;
    let user = house.person("ada").await;
    let (left, taken) = (house.stage(&user).await, house.stage(&user).await);
    assert_eq!((left.state.as_str(), house.picture(&user).await), (state::STAGED, None));
    house.clock.advance(DAY - SECOND);
    let (store, now) = (&house.core.store, house.core.now());
    assert_eq!(sweep::cleanup(store, DAY, now, true).await.unwrap(), 0);
    sweep::sweep(store, &house.state, now).await.unwrap();
    assert!(house.confirm(&user, &taken.id).await);
    house.clock.advance(2 * SECOND);
    assert_eq!(sweep::cleanup(store, DAY, house.core.now(), true).await.unwrap(), 1, "only counted");
    sweep::sweep(store, &house.state, house.core.now()).await.unwrap();
    assert!(!house.confirm(&user, &left.id).await);
    assert!(!house.confirm(&user, &taken.id).await);
    house.settle().await;
    assert_eq!(house.objects().await, house.promised().await);
    assert_eq!(house.promised().await.len(), 2, "60 pixels: two sizes");
}

/// A store that takes nothing before the gate is open.
#[derive(Debug)]
struct Gated {
    store: Arc<dyn ObjectStore>,
    gate: Arc<Semaphore>,
}

#[async_trait]
impl ObjectStore for Gated {
    async fn put(&self, key: &ObjectKey, body: Bytes) -> Result<(), ObjectError> {
        let _open = self.gate.acquire().await.unwrap();
        self.store.put(key, body).await
    }

    async fn get(&self, key: &ObjectKey, most: usize) -> Result<Option<Bytes>, ObjectError> {
        self.store.get(key, most).await
    }

    async fn exists(&self, key: &ObjectKey) -> Result<bool, ObjectError> {
        self.store.exists(key).await
    }

    async fn delete(&self, key: &ObjectKey) -> Result<bool, ObjectError> {
        self.store.delete(key).await
    }

    async fn list(&self, prefix: &str, cursor: Option<String>, limit: usize) -> Result<Page, ObjectError> {
        self.store.list(prefix, cursor, limit).await
    }
}

// No clean-up touches an upload that is under way; one that took a quarter of an hour is told so, and leaves nothing.
#[tokio::test(flavor = "multi_thread")]
async fn what_takes_too_long_is_given_up() {
    let gate = Arc::new(Semaphore::new(0));
    let own = Arc::clone(&gate);
    let house = Arc::new(House::with(|store| Arc::new(Gated { store, gate: own })).await);
    let user = house.person("ada").await;
    for in_one_step in [true, false] {
        let (one, ada) = (Arc::clone(&house), user.clone());
        let on_its_way = tokio::spawn(async move {
            let upload = upload(&ada, samples::jpeg(60, 60, false));
            match in_one_step {
                true => lifecycle::upload(&one.core, &one.state, upload).await.map(drop),
                false => lifecycle::stage(&one.core, &one.state, upload).await.map(drop),
            }
        });
        let store = &house.core.store;
        while store.count_waiting(state::UPLOADING, i64::MAX).await.unwrap() == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!(
            sweep::cleanup(store, 0, house.core.now() + SECOND, false).await.unwrap(),
            0,
            "it is under way"
        );
        house.clock.advance(16 * 60 * SECOND);
        assert_eq!(sweep::cleanup(store, 0, house.core.now(), false).await.unwrap(), 1);
        gate.add_permits(8);
        let outcome = on_its_way.await.unwrap();
        assert!(matches!(outcome, Err(UploadError::GivenUp)), "{outcome:?}");
        gate.forget_permits(8);
    }
    gate.add_permits(8);
    house.settle().await;
    assert!(house.objects().await.is_empty());
}

// Nobody goes back to a photo whose objects are not there.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_photo_is_not_restored() {
    let mut house = House::new().await;
    house.keep(2);
    let user = house.person("ada").await;
    let first = house.upload(&user, photo()).await.unwrap();
    house.clock.advance(SECOND);
    house.upload(&user, photo()).await.unwrap();
    let before = house.picture(&user).await;
    house.lose(&format!("{}_96.jpg", first.picture.key_base)).await;
    let restored = house.restore(&user, &first.picture.id).await;
    assert!(matches!(restored, Err(UploadError::Lost)), "{restored:?}");
    assert_eq!(house.picture(&user).await, before);
    assert!(house.discard(&user, &first.picture.id).await);
    house.settle().await;
    assert_eq!(house.objects().await, house.promised().await);
}

// S136
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_person_takes_everything_along() {
    let mut house = House::new().await;
    house.keep(3);
    let user = house.person("ada").await;
    for _ in 0..3 {
        house.upload(&user, photo()).await.unwrap();
        house.stage(&user).await;
        house.clock.advance(SECOND);
    }
    house.core.store.delete_user(&user.id, DELETE_AFTER, house.core.now()).await.unwrap();
    house.settle().await;
    assert!(house.objects().await.is_empty());
}

// Confirmed, cleaned up, removed and restored at once, again and again: the photo is whole or there is none.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_at_once() {
    let mut house = House::new().await;
    house.keep(1);
    let house = Arc::new(house);
    let user = house.person("ada").await;
    for round in 0..8 {
        house.clock.advance(60 * SECOND);
        let earlier = house.upload(&user, samples::jpeg(60, 60, false)).await.unwrap().picture;
        house.clock.advance(DELETE_AFTER);
        let staged = house.stage(&user).await;
        house.upload(&user, samples::jpeg(60, 60, false)).await.unwrap();
        let mut all: Vec<tokio::task::JoinHandle<usize>> = Vec::new();
        for _ in 0..6 {
            let (house, user, id) = (Arc::clone(&house), user.clone(), staged.id.clone());
            all.push(tokio::spawn(async move { usize::from(house.confirm(&user, &id).await) }));
        }
        let (one, ada, id) = (Arc::clone(&house), user.clone(), earlier.id);
        all.push(tokio::spawn(async move { one.restore(&ada, &id).await.map_or(0, |_| 0) }));
        let one = Arc::clone(&house);
        all.push(tokio::spawn(async move {
            sweep::cleanup(&one.core.store, -SECOND, one.core.now(), false).await.unwrap()
        }));
        if round % 2 == 0 {
            let (one, ada) = (Arc::clone(&house), user.clone());
            all.push(tokio::spawn(async move { one.remove(&ada).await.map_or(0, |_| 0) }));
        }
        let one = Arc::clone(&house);
        all.push(tokio::spawn(async move {
            one.delete_due().await;
            0
        }));
        let mut wins = 0;
        for one in all {
            wins += one.await.unwrap();
        }
        assert_eq!(wins, 1, "confirmed once, or cleaned up");
        assert!(house.promised().await.is_subset(&house.objects().await));
        let rows = house.core.store.pictures("", 1000).await.unwrap();
        let current = rows.iter().filter(|row| row.state == state::CURRENT).count();
        assert_eq!(current, usize::from(house.picture(&user).await.is_some()));
        assert!(rows.iter().filter(|row| row.state == state::KEPT).count() <= 1);
    }
    house.settle().await;
    let rows = house.core.store.pictures("", 1000).await.unwrap();
    let named = rows.iter().flat_map(|row| store::pictures::object_keys(&row.key_base, &row.sizes));
    assert_eq!(house.objects().await, named.collect());
}

/// What people, time and configuration do. A number stands for one of all uploads so far, anybody's.
#[derive(Debug, Clone)]
enum Step {
    Upload(usize),
    Stage(usize),
    Confirm(usize, usize),
    Discard(usize, usize),
    Restore(usize, usize),
    Remove(usize),
    Keep(i64),
    Wait(i64),
    Sweep,
    Delete,
}

fn step() -> impl Strategy<Value = Step> {
    let (who, which) = (0..2usize, 0..12usize);
    prop_oneof![
        2 => who.clone().prop_map(Step::Upload),
        4 => who.clone().prop_map(Step::Stage),
        4 => (who.clone(), which.clone()).prop_map(|(who, which)| Step::Confirm(who, which)),
        1 => (who.clone(), which.clone()).prop_map(|(who, which)| Step::Discard(who, which)),
        3 => (who.clone(), which).prop_map(|(who, which)| Step::Restore(who, which)),
        1 => who.prop_map(Step::Remove),
        1 => (0..4i64).prop_map(Step::Keep),
        1 => prop_oneof![Just(1), Just(30), Just(90_000)].prop_map(Step::Wait),
        1 => Just(Step::Sweep),
        1 => Just(Step::Delete),
    ]
}

/// An upload as the model knows it.
#[derive(Debug, Clone)]
struct Known {
    id: String,
    owner: usize,
    state: &'static str,
    uploaded_at: i64,
    /// Counts the changes: which of the kept ones is the newest.
    superseded: usize,
}

#[derive(Debug, Default)]
struct Model {
    uploads: Vec<Known>,
    keep: usize,
    changes: usize,
}

impl Model {
    fn add(&mut self, id: &str, owner: usize, state: &'static str, uploaded_at: i64) {
        self.uploads.push(Known { id: id.to_owned(), owner, state, uploaded_at, superseded: 0 });
    }

    fn is(&self, which: usize, owner: usize, states: &[&str]) -> bool {
        self.uploads.get(which).is_some_and(|one| one.owner == owner && states.contains(&one.state))
    }

    fn make_current(&mut self, which: usize) {
        self.changes += 1;
        let owner = self.uploads[which].owner;
        let old = self.uploads.iter_mut().find(|one| one.owner == owner && one.state == state::CURRENT);
        if let Some(old) = old {
            (old.state, old.superseded) = (state::KEPT, self.changes);
        }
        self.uploads[which].state = state::CURRENT;
        self.trim(owner);
    }

    fn trim(&mut self, owner: usize) {
        let kept = self.uploads.iter_mut().filter(|one| one.owner == owner && one.state == state::KEPT);
        let mut kept: Vec<_> = kept.collect();
        kept.sort_by_key(|one| std::cmp::Reverse(one.superseded));
        kept.into_iter().skip(self.keep).for_each(|one| one.state = state::GONE);
    }

    fn five_wait(&mut self, owner: usize) {
        let waiting = self.uploads.iter_mut().filter(|one| one.owner == owner && one.state == state::STAGED);
        waiting.rev().skip(5).for_each(|one| one.state = state::GONE);
    }
}

async fn run(steps: Vec<Step>) {
    let mut house = House::new().await;
    let people = [house.person("ada").await, house.person("bob").await];
    let mut model = Model::default();
    for step in steps {
        house.clock.advance(SECOND);
        let id =
            |which: usize| model.uploads.get(which).map_or_else(|| "none".to_owned(), |one| one.id.clone());
        match step.clone() {
            Step::Upload(who) => {
                let uploaded = house.upload(&people[who], samples::jpeg(60, 60, false)).await.unwrap();
                model.add(&uploaded.picture.id, who, state::STAGED, house.core.now());
                model.make_current(model.uploads.len() - 1);
            }
            Step::Stage(who) => {
                model.add(&house.stage(&people[who]).await.id, who, state::STAGED, house.core.now());
                model.five_wait(who);
            }
            Step::Confirm(who, which) => {
                let expected = model.is(which, who, &[state::STAGED]);
                assert_eq!(house.confirm(&people[who], &id(which)).await, expected, "{step:?}");
                if expected {
                    model.make_current(which);
                }
            }
            Step::Restore(who, which) => {
                let expected = model.is(which, who, &[state::KEPT]);
                assert_eq!(house.restore(&people[who], &id(which)).await.unwrap(), expected, "{step:?}");
                if expected {
                    model.make_current(which);
                }
            }
            Step::Discard(who, which) => {
                let expected = model.is(which, who, &[state::STAGED, state::KEPT]);
                assert_eq!(house.discard(&people[who], &id(which)).await, expected, "{step:?}");
                if expected {
                    model.uploads[which].state = state::GONE;
                }
            }
            Step::Remove(who) => {
                house.remove(&people[who]).await.unwrap();
                let current =
                    model.uploads.iter_mut().find(|one| one.owner == who && one.state == state::CURRENT);
                if let Some(one) = current {
                    one.state = state::GONE;
                }
            }
            Step::Keep(count) => {
                house.keep(count);
                model.keep = usize::try_from(count).unwrap();
            }
            Step::Wait(seconds) => house.clock.advance(seconds * SECOND),
            Step::Sweep => {
                let now = house.core.now();
                sweep::sweep(&house.core.store, &house.state, now).await.unwrap();
                let old = |one: &&mut Known| one.state == state::STAGED && one.uploaded_at < now - DAY;
                model.uploads.iter_mut().filter(old).for_each(|one| one.state = state::GONE);
                (0..people.len()).for_each(|owner| model.trim(owner));
            }
            Step::Delete => house.delete_due().await,
        }
        let objects = house.objects().await;
        for known in &model.uploads {
            let row = house.core.store.picture(&known.id).await.unwrap().unwrap();
            let found = if row.state == state::SUPERSEDED { state::GONE } else { &row.state };
            assert_eq!(found, known.state, "after {step:?}: {row:?}");
            let mut keys = store::pictures::object_keys(&row.key_base, &row.sizes).into_iter();
            assert!(
                found == state::GONE || keys.all(|key| objects.contains(&key)),
                "after {step:?}: {row:?}"
            );
        }
        for (who, user) in people.iter().enumerate() {
            let current = model.uploads.iter().find(|one| one.owner == who && one.state == state::CURRENT);
            let pointer = house.core.store.user(&user.id).await.unwrap().unwrap().picture_id;
            assert_eq!(pointer.as_deref(), current.map(|one| one.id.as_str()), "after {step:?}");
        }
    }
    house.clock.advance(DELETE_AFTER);
    house.delete_due().await;
    let rows = house.core.store.pictures("", 1000).await.unwrap();
    let named = rows.iter().flat_map(|row| store::pictures::object_keys(&row.key_base, &row.sizes));
    assert_eq!(house.objects().await, named.collect(), "I8: what is in the store is what rows name");
}

/// Remote stores take their time.
fn cases() -> u32 {
    match std::env::var("VISAGE_TEST_STORE").as_deref() {
        Err(_) | Ok("disk") => 64,
        Ok(_) => 4,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    // I7, I8: whatever people do in whichever order, rows, pointer and objects say the same.
    #[test]
    fn as_the_model_says(steps in prop::collection::vec(step(), 1..40)) {
        tokio::runtime::Runtime::new().unwrap().block_on(run(steps));
    }
}
