//! How long one call of a store may take, and when it is made again.

use super::ObjectError;
use std::time::Duration;

/// Between attempts: this, then three times as long each time.
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// A server that refuses at once is not asked for the whole deadline while a person waits.
const ATTEMPTS: usize = 5;

#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    pub attempt: Duration,
    /// For all attempts together.
    pub deadline: Duration,
}

impl Patience {
    /// Runs `attempt` until it answers with something other than an error that may pass. Every call of a store may be
    /// repeated, since no name is used twice.
    pub async fn call<T, F>(self, store: &str, attempt: impl Fn() -> F) -> Result<T, ObjectError>
    where
        F: Future<Output = Result<T, ObjectError>>,
    {
        let all = async {
            let mut wait = FIRST_WAIT;
            for number in 1.. {
                let answer = tokio::time::timeout(self.attempt, attempt()).await;
                match answer.unwrap_or(Err(ObjectError::Timeout)) {
                    Err(error) if error.is_transient() && number < ATTEMPTS => {
                        tracing::warn!(store, %error, number, "trying again");
                    }
                    answer => return answer,
                }
                tokio::time::sleep(wait).await;
                wait *= 3;
            }
            Err(ObjectError::Timeout)
        };
        tokio::time::timeout(self.deadline, all).await.unwrap_or(Err(ObjectError::Timeout))
    }
}
