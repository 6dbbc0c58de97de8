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

/// Nobody is hurried for so long, and no pause may be longer.
const PATIENCE: Duration = Duration::from_secs(10);
/// After that a body must have arrived at this rate on the whole.
const BYTES_PER_SECOND: u64 = 4096;

/// Guards the body of a request, if it has one.
pub(crate) fn guard(request: &mut ServiceRequest) {
    match request.take_payload() {
        Payload::None => {}
        inner => {
            let payload: Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> =
                Box::pin(Guarded { inner, started: None, bytes: 0, sleep: None });
            request.set_payload(Payload::Stream { payload });
        }
    }
}

/// The clock starts when somebody first waits for the body.
struct Guarded {
    inner: Payload,
    started: Option<Instant>,
    bytes: u64,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Guarded {
    fn deadline(&mut self) -> Instant {
        let now = Instant::now();
        let started = *self.started.get_or_insert(now);
        let on_the_whole = started + PATIENCE + Duration::from_secs(self.bytes / BYTES_PER_SECOND);
        on_the_whole.min(now + PATIENCE)
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

    /// A body of `count` chunks with `pause` between them; how it ended and after how many seconds.
    async fn trickle(count: usize, size: usize, pause: Duration) -> (bool, u64) {
        let chunks = stream::iter(0..count).then(move |_| async move {
            tokio::time::sleep(pause).await;
            Ok(Bytes::from(vec![0; size]))
        });
        let inner = Payload::Stream { payload: Box::pin(chunks) };
        let mut body = Guarded { inner, started: None, bytes: 0, sleep: None };
        let started = Instant::now();
        let mut whole = true;
        while let Some(chunk) = body.next().await {
            whole &= chunk.is_ok();
            if !whole {
                break;
            }
        }
        (whole, started.elapsed().as_secs())
    }

    // F36: one byte every nine seconds never stops for ten, and still does not hold on for long.
    #[tokio::test(start_paused = true)]
    async fn a_body_must_arrive_at_some_rate() {
        assert_eq!(trickle(1000, 1, Duration::from_secs(9)).await, (false, 10));
        assert_eq!(trickle(2, 1, Duration::from_secs(60)).await, (false, 10));
        assert_eq!(trickle(100, 8192, Duration::from_secs(1)).await, (true, 100));
        assert_eq!(trickle(1, 10, Duration::from_secs(9)).await, (true, 9));
    }
}
