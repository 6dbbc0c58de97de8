//! Uploads that came to nothing, counted by cause: in memory first, so that a flood of bad uploads writes no rows, then,
//! every few seconds, one row a day and cause for the statistics.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use protocol::Micros;
use store::{Store, StoreError};

#[derive(Debug, Clone, Default)]
pub struct Tally(Arc<Mutex<BTreeMap<&'static str, i64>>>);

impl Tally {
    /// `cause`: a machine code, of which there are few.
    pub fn refused(&self, cause: &'static str) {
        metrics::counter!("visage_photo_uploads_total", "result" => "refused").increment(1);
        metrics::counter!("visage_photo_refusals_total", "cause" => cause).increment(1);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(cause).or_default() += 1;
    }

    /// Writes down what was counted since the last time. What cannot be written is counted again.
    pub async fn write_down(&self, store: &Store, now: Micros) -> Result<(), StoreError> {
        let counted = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if counted.is_empty() {
            return Ok(());
        }
        let rows = counted.iter().map(|(cause, count)| ((*cause).to_owned(), *count)).collect();
        let written = store.count_refusals(rows, now).await;
        if written.is_err() {
            let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            for (cause, count) in counted {
                *waiting.entry(cause).or_default() += count;
            }
        }
        written
    }
}
