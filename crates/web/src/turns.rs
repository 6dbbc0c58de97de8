//! Who may ask an address of a client's choice, and when: there are few places for such questions, and an address that
//! answers slowly holds one as long as it likes to.
//!
//! Each client asks one question at a time, so that none takes the places of others; and clients that registered themselves
//! have places of their own, so that however many of them there are, those that an administrator made do not wait for them.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use protocol::Client;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Whoever has not come to ask by then asks nothing: somebody waits for the answer.
const WAIT: Duration = Duration::from_secs(4);
/// Clients that are remembered; a forgotten one could ask twice at once, which is no harm.
const REMEMBERED: u64 = 10_000;

pub struct Turns {
    checked: Arc<Semaphore>,
    unchecked: Arc<Semaphore>,
    own: Cache<String, Arc<Semaphore>>,
}

/// It is somebody's turn until this is dropped.
pub struct Turn {
    _own: OwnedSemaphorePermit,
    _place: OwnedSemaphorePermit,
}

impl Turns {
    /// `places`: questions at the same time, of either kind of client.
    pub fn new(places: usize) -> Turns {
        let places = || Arc::new(Semaphore::new(places));
        Turns { checked: places(), unchecked: places(), own: Cache::new(REMEMBERED) }
    }

    /// Waits for the client's turn; none where that would take too long.
    pub async fn take(&self, client: &Client) -> Option<Turn> {
        let own = self.own.get_with_by_ref(&client.id, || Arc::new(Semaphore::new(1)));
        let places = if client.is_unchecked() { &self.unchecked } else { &self.checked };
        let turn = async {
            // In this order: whoever waits for itself keeps nobody else waiting.
            let own = own.acquire_owned().await.ok()?;
            let place = places.clone().acquire_owned().await.ok()?;
            Some(Turn { _own: own, _place: place })
        };
        timeout(WAIT, turn).await.ok().flatten()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use protocol::client::BY_ANYBODY;

    use super::*;

    fn client(id: &str, registered_by: &str) -> Client {
        Client { registered_by: registered_by.into(), ..Client::blank(id, 0) }
    }

    /// A turn that is there at once.
    fn now(turns: &Turns, client: &Client) -> Option<Turn> {
        turns.take(client).now_or_never().flatten()
    }

    #[actix_web::test]
    async fn nobody_waits_for_clients_that_registered_themselves() {
        let turns = Turns::new(2);
        let slow = client("slow", BY_ANYBODY);
        let held = now(&turns, &slow).unwrap();
        assert!(now(&turns, &slow).is_none(), "one question of a client at a time");
        let second = now(&turns, &client("second", BY_ANYBODY)).unwrap();
        assert!(now(&turns, &client("third", BY_ANYBODY)).is_none(), "no place is left for its kind");
        let _known = now(&turns, &client("known", protocol::client::BY_ADMINISTRATOR)).unwrap();
        drop((held, second));
        assert!(now(&turns, &slow).is_some());
    }

    #[actix_web::test]
    async fn nobody_waits_for_ever() {
        let turns = Turns::new(1);
        let slow = client("slow", BY_ANYBODY);
        let _held = now(&turns, &slow).unwrap();
        let began = tokio::time::Instant::now();
        assert!(turns.take(&slow).await.is_none());
        assert!(began.elapsed() < 2 * WAIT);
    }
}
