//! Deadlines for bodies. actix's own time limit ends with the head of a connection's first request; a body that trickles
//! in would hold its connection and its handler for ever (F36).

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::HttpMessage;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use bytes::Bytes;
use futures_util::Stream;
use tokio::time::{Instant, Sleep, sleep_until};

/// What a body must keep to.
#[derive(Clone, Copy)]
struct Pace {
    /// Nobody is hurried for so long, and no pause may be longer.
    patience: Duration,
    /// After that a body must have arrived at this rate on the whole.
    bytes_per_second: u32,
}

const PACE: Pace = Pace { patience: Duration::from_secs(10), bytes_per_second: 4096 };

/// Guards the body of a request, if it has one.
pub(crate) fn guard(request: &mut ServiceRequest) {
    match request.take_payload() {
        Payload::None => {}
        inner => {
            let payload: Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> =
                Box::pin(Guarded::new(inner, PACE));
            request.set_payload(Payload::Stream { payload });
        }
    }
}

/// The clock starts when somebody first waits for the body.
struct Guarded {
    inner: Payload,
    pace: Pace,
    started: Option<Instant>,
    bytes: u64,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Guarded {
    fn new(inner: Payload, pace: Pace) -> Guarded {
        Guarded { inner, pace, started: None, bytes: 0, sleep: None }
    }

    fn deadline(&mut self) -> Instant {
        let now = Instant::now();
        let Pace { patience, bytes_per_second } = self.pace;
        let started = *self.started.get_or_insert(now);
        let earned = Duration::from_secs_f64(self.bytes as f64 / f64::from(bytes_per_second));
        (started + patience + earned).min(now + patience)
    }
}

impl Stream for Guarded {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Poll::Ready(chunk) = Pin::new(&mut this.inner).poll_next(context) {
            if let Some(Ok(bytes)) = &chunk {
                this.bytes += bytes.len() as u64;
            }
            this.sleep = None;
            return Poll::Ready(chunk);
        }
        if this.sleep.is_none() {
            this.sleep = Some(Box::pin(sleep_until(this.deadline())));
        }
        if let Some(sleep) = &mut this.sleep {
            ready!(sleep.as_mut().poll(context));
        }
        Poll::Ready(Some(Err(PayloadError::Io(std::io::ErrorKind::TimedOut.into()))))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt, stream};

    use super::*;

    /// Whether a body of `count` chunks with `pause` milliseconds between them arrives whole, where 100 ms is patience
    /// and 10 kB a second the rate.
    async fn arrives(count: usize, size: usize, pause: u64) -> bool {
        let chunks = stream::iter(0..count).then(move |_| async move {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            Ok(Bytes::from(vec![0; size]))
        });
        let pace = Pace { patience: Duration::from_millis(100), bytes_per_second: 10_000 };
        let payload: Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> = Box::pin(chunks);
        let mut body = Guarded::new(Payload::Stream { payload }, pace);
        while let Some(chunk) = body.next().await {
            if chunk.is_err() {
                return false;
            }
        }
        true
    }

    // F36: a byte now and then never pauses for long, and still does not hold on for ever.
    #[tokio::test]
    async fn a_body_must_arrive_at_some_rate() {
        assert!(!arrives(1000, 1, 20).await, "trickles");
        assert!(!arrives(1, 1, 5000).await, "pauses");
        assert!(arrives(20, 1000, 20).await, "slow, but fast enough");
        assert!(arrives(3, 0, 5).await);
    }
}
