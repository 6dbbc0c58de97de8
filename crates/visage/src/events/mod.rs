//! Tells applications what changed: takes what `store::events` has queued to the receivers of clients.
//!
//! [`token`] makes the security event token (RFC 8417), this module pushes it (RFC 8935). Whoever sends to a client holds
//! the lease of its receiver, so one at a time does, on all nodes; a node that dies gives it back by doing nothing, and
//! what it sent without noting it is sent again under the same `jti`: at least once. A receiver that does not take what
//! it is sent waits longer each time, on its own: nobody else waits for it.

mod token;

use std::{sync::Arc, time::Duration};

use protocol::{Micros, SECOND};
use store::{
    StoreError,
    events::{Event, Receiver, Took},
};
use tokio::task::JoinSet;
use url::Url;
use web::{
    Core,
    outbound::{Answer, Bounds},
};

use crate::delivery::{pause, short, shown};

/// Receivers that are sent to at the same time.
const AT_ONCE: usize = 16;
/// Other processes queue too, so the queue is looked at this often.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// For one event; the answer is an error of some lines at most.
const BOUNDS: Bounds = Bounds { largest: 4096, deadline: Duration::from_secs(10), redirects: 0 };
/// How long one receiver is served at a stretch, and longer than that with the slowest last answer: its lease.
const TURN: Micros = 5 * SECOND;
const LEASE: Micros = 20 * SECOND;
const BATCH: i64 = 50;

/// Never ends; may be stopped anywhere, since the lease gives back what was claimed.
pub async fn run(core: Arc<Core>) {
    let mut turns = JoinSet::new();
    loop {
        while turns.try_join_next().is_some() {}
        match claim(&core, AT_ONCE - turns.len()).await {
            Ok(claimed) => {
                for receiver in claimed {
                    turns.spawn(turn(core.clone(), receiver));
                }
            }
            Err(error) => tracing::warn!(%error, "cannot look for events; will try again"),
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            // A place is free: somebody may wait for it.
            Some(_) = turns.join_next() => {}
        }
    }
}

async fn claim(core: &Core, places: usize) -> Result<Vec<Receiver>, StoreError> {
    match places {
        0 => Ok(Vec::new()),
        places => core.store.claim_receivers(places as i64, LEASE, core.now()).await,
    }
}

/// What one client has to be told, in order, until there is nothing more, or it fails, or others should have the place.
async fn turn(core: Arc<Core>, receiver: Receiver) {
    let took = match deliver(&core, &receiver).await {
        Ok(took) => took,
        // The lease ends by itself.
        Err(error) => {
            tracing::warn!(%error, client = %receiver.client_id, "events are left to the next turn");
            return;
        }
    };
    if let Err(error) = core.store.release_receiver(&receiver, took, core.now()).await {
        tracing::warn!(%error, client = %receiver.client_id, "a receiver of events is left to its lease");
    }
}

async fn deliver(core: &Core, receiver: &Receiver) -> Result<Took, StoreError> {
    let began = tokio::time::Instant::now();
    let mut last_error = None;
    loop {
        let due = core.store.due_events(&receiver.client_id, BATCH, core.now()).await?;
        if due.is_empty() {
            return Ok(Took::Answers { last_error });
        }
        for event in due {
            match send(core, receiver, &event).await? {
                Sent::Taken => core.store.finish_event(&event).await?,
                Sent::NotTheirs => core.store.finish_event(&event).await?,
                Sent::Refused(error) => {
                    tracing::warn!(client = %event.client_id, event = %event.kind, %error, "a client refuses an event");
                    core.store.finish_event(&event).await?;
                    last_error = Some(error);
                }
                Sent::Failed { error, wait } => {
                    tracing::info!(client = %event.client_id, failures = receiver.failures + 1, %error, "an event could not be delivered");
                    let now = core.now();
                    core.store.postpone_event(&event, now + pause(event.attempts).max(wait)).await?;
                    return Ok(Took::Fails { error, retry_at: now + pause(receiver.failures).max(wait) });
                }
            }
            if began.elapsed() > Duration::from_micros(TURN.unsigned_abs()) {
                return Ok(Took::Answers { last_error });
            }
        }
    }
}

/// What became of one event.
enum Sent {
    Taken,
    /// The client may not know of the person any more.
    NotTheirs,
    /// Another try would be answered the same.
    Refused(String),
    Failed {
        error: String,
        wait: Micros,
    },
}

async fn send(core: &Core, receiver: &Receiver, event: &Event) -> Result<Sent, StoreError> {
    let Some(token) = token::of(core, event).await? else {
        return Ok(counted("withdrawn", Sent::NotTheirs));
    };
    let token = match token {
        Ok(token) => token,
        Err(error) => {
            return Ok(counted("failed", Sent::Failed { error: format!("cannot sign ({error})"), wait: 0 }));
        }
    };
    let uri = match Url::parse(&receiver.uri) {
        Ok(uri) => uri,
        Err(error) => return Ok(counted("failed", Sent::Failed { error: error.to_string(), wait: 0 })),
    };
    // > the HTTP request MUST … contain … a Content-Type header field of "application/secevent+jwt"
    // > https://www.rfc-editor.org/rfc/rfc8935#section-2.1
    Ok(match core.outbound.post(&uri, "application/secevent+jwt", token, BOUNDS).await {
        Ok(answer) if (200..300).contains(&answer.status) => counted("delivered", Sent::Taken),
        Ok(answer) => refusal(&answer),
        Err(error) => counted("failed", Sent::Failed { error: shown(&error), wait: 0 }),
    })
}

/// > the SET Recipient SHALL respond with an HTTP Response Status Code of 400 … a JSON object … "err" … "description"
///
/// <https://www.rfc-editor.org/rfc/rfc8935#section-2.3>. A key that it does not know yet it will know later.
fn refusal(answer: &Answer) -> Sent {
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    match (answer.status, body["err"].as_str()) {
        (400, Some(err)) if err != "invalid_key" => {
            let description = body["description"].as_str().unwrap_or_default();
            counted("refused", Sent::Refused(short(&format!("{err} {description}"))))
        }
        (status, err) => {
            let error = short(&format!("it answered {status} {}", err.unwrap_or_default()));
            let wait = answer.retry_after.map_or(0, |seconds| seconds.min(86_400) as Micros * SECOND);
            counted("failed", Sent::Failed { error, wait })
        }
    }
}

fn counted(result: &'static str, sent: Sent) -> Sent {
    metrics::counter!("visage_events_total", "result" => result).increment(1);
    sent
}

/// What is older than `keep` is given up.
pub async fn give_up(core: &Core, keep: Micros) -> Result<(), StoreError> {
    let given_up = core.store.drop_events(core.now() - keep).await?;
    if given_up > 0 {
        metrics::counter!("visage_events_total", "result" => "given_up").increment(given_up as u64);
        tracing::warn!(
            events = given_up,
            "events that nobody took are given up; `visage client list` shows whose"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart() {
        let answer = |status, body: &'static str| Answer { status, body: body.into(), retry_after: Some(9) };
        let Sent::Refused(error) =
            refusal(&answer(400, r#"{"err":"invalid_audience","description":"no\nt us"}"#))
        else {
            panic!("tried again");
        };
        assert_eq!(error, "invalid_audience not us");
        for (status, body) in [
            (400, "not JSON"),
            (400, "{}"),
            (400, r#"{"err":"invalid_key"}"#),
            (302, ""),
            (401, r#"{"err":"authentication_failed"}"#),
            (503, ""),
        ] {
            let Sent::Failed { wait, .. } = refusal(&answer(status, body)) else { panic!("{status} {body}") };
            assert_eq!(wait, 9 * SECOND, "{status} {body}");
        }
        let Sent::Failed { wait, .. } = refusal(&Answer { retry_after: Some(u64::MAX), ..answer(503, "") })
        else {
            panic!("given up")
        };
        assert!((0..=86_400 * SECOND).contains(&wait), "{wait}");
    }
}
