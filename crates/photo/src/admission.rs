//! Who may send a photo now: only so many bodies lie in memory at once, and only two of one person, so that nobody can
//! hold all places with bodies that trickle in (S135).

use crate::pool::Busy;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

const OF_ONE_PERSON: usize = 2;
/// For one's own turn. Whoever waits holds no place, and none of the body is read.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, Clone)]
pub(crate) struct Admission {
    all: Arc<Semaphore>,
    people: Arc<Mutex<HashMap<String, Arc<Semaphore>>>>,
}

/// A place; dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Admitted {
    _all: OwnedSemaphorePermit,
    _turn: Turn,
}

impl Admission {
    pub fn new(places: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(places)), people: Arc::default() }
    }

    pub async fn enter(&self, user_id: &str) -> Result<Admitted, Busy> {
        let mut turn = self.turn(user_id);
        let permit = tokio::time::timeout(PATIENCE, Arc::clone(&turn.semaphore).acquire_owned()).await;
        turn.permit = Some(permit.map_err(|_| Busy)?.map_err(|_| Busy)?);
        let all = Arc::clone(&self.all).try_acquire_owned().map_err(|_| Busy)?;
        Ok(Admitted { _all: all, _turn: turn })
    }

    fn turn(&self, user_id: &str) -> Turn {
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        let own = people.entry(user_id.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(OF_ONE_PERSON)));
        let (semaphore, people) = (Arc::clone(own), Arc::clone(&self.people));
        Turn { permit: None, semaphore, people, user_id: user_id.to_owned() }
    }
}

/// Of those who hold or wait for a person's permits the last one takes the semaphore out of the map.
#[derive(Debug)]
struct Turn {
    permit: Option<OwnedSemaphorePermit>,
    semaphore: Arc<Semaphore>,
    people: Arc<Mutex<HashMap<String, Arc<Semaphore>>>>,
    user_id: String,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.permit = None;
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        // Clones are made under the lock only: the map's and our own are the last two.
        if Arc::strong_count(&self.semaphore) == 2 {
            people.remove(&self.user_id);
        }
        // Ours must be gone before the next one counts.
        self.semaphore = Arc::new(Semaphore::new(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // S135: the third of one person waits, others go on.
    #[tokio::test]
    async fn one_person_does_not_take_all_places() {
        let admission = Admission::new(3);
        let first = admission.enter("ada").await.unwrap();
        let second = admission.enter("ada").await.unwrap();
        let moment = Duration::from_millis(50);
        assert!(tokio::time::timeout(moment, admission.enter("ada")).await.is_err(), "it waits");
        let bob = admission.enter("bob").await.unwrap();
        assert!(admission.enter("cyd").await.is_err(), "all places are taken");
        drop(bob);

        let waiting = tokio::spawn({
            let admission = admission.clone();
            async move { admission.enter("ada").await.map(drop) }
        });
        tokio::task::yield_now().await;
        drop(first);
        assert!(waiting.await.unwrap().is_ok());
        drop(second);
        assert!(admission.people.lock().unwrap().is_empty());
        assert_eq!(admission.all.available_permits(), 3);
    }
}
