//! Where the image steps run: a few threads of their own, a short queue, and a memory budget that all jobs share.
//!
//! The threads yield to everything else (nice 10): a storm of uploads must not slow a token endpoint. A full queue is
//! said at once, [`Busy`], and never waited for; jobs whose caller has gone away are dropped unrun.

use crate::image::{self, Limits, Refusal, Rendition, Shape};
use bytes::Bytes;
use std::num::NonZero;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use tokio::sync::oneshot;

#[derive(Debug, Clone)]
pub struct PoolSettings {
    pub threads: usize,
    /// Jobs that may wait beside those that run.
    pub queue: usize,
    /// Bytes that all running jobs may hold for decoding, together.
    pub memory: u64,
}

impl Default for PoolSettings {
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        Self { threads: cores.min(2), queue: 16, memory: 192 * 1024 * 1024 }
    }
}

/// The queue is full; come back in a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many pictures are being worked on")]
pub struct Busy;

#[derive(Debug, Clone)]
pub struct Pool {
    jobs: SyncSender<Job>,
}

#[derive(Debug)]
struct Job {
    bytes: Bytes,
    shape: Shape,
    answer: oneshot::Sender<Result<Rendition, Refusal>>,
}

#[derive(Debug)]
struct Shared {
    jobs: Mutex<Receiver<Job>>,
    limits: Limits,
    budget: Budget,
}

impl Pool {
    pub fn start(settings: &PoolSettings, limits: Limits) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(settings.queue);
        let memory = settings.memory.max(limits.memory);
        let budget = Budget { free: Mutex::new(memory), freed: Condvar::new() };
        let shared = Arc::new(Shared { jobs: Mutex::new(receiver), limits, budget });
        for number in 0..settings.threads.max(1) {
            let shared = Arc::clone(&shared);
            thread::Builder::new().name(format!("photo-{number}")).spawn(move || shared.work())?;
        }
        Ok(Self { jobs: sender })
    }

    pub async fn render(
        &self,
        bytes: Bytes,
        shape: impl Into<Shape>,
    ) -> Result<Result<Rendition, Refusal>, Busy> {
        let (answer, done) = oneshot::channel();
        match self.jobs.try_send(Job { bytes, shape: shape.into(), answer }) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => return Err(Busy),
        }
        done.await.map_err(|_| Busy)
    }
}

impl Shared {
    /// Ends when the last [`Pool`] is gone.
    fn work(&self) {
        // Without the permission, or on another system, the threads are as important as the others.
        let _ = rustix::process::setpriority_process(None, 10);
        loop {
            let next = self.jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(job) = next else { return };
            if job.answer.is_closed() {
                continue;
            }
            let outcome = self.render(&job);
            // The caller may have gone away meanwhile.
            let _ = job.answer.send(outcome);
        }
    }

    fn render(&self, job: &Job) -> Result<Rendition, Refusal> {
        let inspected = image::inspect(&job.bytes, job.shape, &self.limits)?;
        let _held = self.budget.take(inspected.memory);
        image::render(&inspected, &self.limits)
    }
}

/// Bytes that decoding may hold. A single job's limit is never above the whole, so every job gets its turn.
#[derive(Debug)]
struct Budget {
    free: Mutex<u64>,
    freed: Condvar,
}

struct Held<'a> {
    budget: &'a Budget,
    bytes: u64,
}

impl Budget {
    fn take(&self, bytes: u64) -> Held<'_> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free =
            self.freed.wait_while(free, |free| *free < bytes).unwrap_or_else(PoisonError::into_inner);
        *free -= bytes;
        Held { budget: self, bytes }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        *self.budget.free.lock().unwrap_or_else(PoisonError::into_inner) += self.bytes;
        self.budget.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_share_the_memory() {
        let budget = Arc::new(Budget { free: Mutex::new(10), freed: Condvar::new() });
        let held = budget.take(8);
        let other = Arc::clone(&budget);
        let waiting = thread::spawn(move || drop(other.take(5)));
        assert!(!waiting.is_finished());
        drop(held);
        waiting.join().unwrap();
        assert_eq!(*budget.free.lock().unwrap(), 10);
    }
}
