//! When clients that registered themselves were last used, to the day: those that nobody uses are forgotten.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use protocol::{Client, Micros, SECOND, client::BY_ADMINISTRATOR};
use store::StoreError;

use crate::Core;

const DAY: Micros = 24 * 3600 * SECOND;
/// Beyond this some are noted twice a day.
const MOST: usize = 20_000;

/// Whose use this node has noted today.
#[derive(Default)]
pub(crate) struct Noted(Mutex<(Micros, HashSet<String>)>);

impl Noted {
    /// Whether it is the first time today.
    fn first(&self, client: &str, day: Micros) -> bool {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.0 != day || noted.1.len() >= MOST {
            *noted = (day, HashSet::new());
        }
        noted.1.insert(client.to_owned())
    }

    fn forget(&self, client: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1.remove(client);
    }
}

impl Core {
    /// Before a client is given anything, so that it is not swept while it is. Costs nothing for those that an
    /// administrator registered, one write a day for the others.
    pub async fn note_client_use(&self, client: &Client) -> Result<(), StoreError> {
        let day = self.now() - self.now().rem_euclid(DAY);
        let noted =
            client.registered_by == BY_ADMINISTRATOR || client.used_at.is_some_and(|used| used >= day);
        if noted || !self.noted.first(&client.id, day) {
            return Ok(());
        }
        let written = self.store.note_client_use(&client.id, day).await;
        if written.is_err() {
            self.noted.forget(&client.id);
        }
        written
    }
}
