//! The lease over `LISTEN`/`NOTIFY`: a heartbeat that makes the whole round trip proves that changes arrive.
//!
//! The cache may be used until `LEASE` after the *sending* of the last beat that came back. A connection that dies
//! ends the lease at once; one that falls silent ends it when the lease runs out. After every connect everything kept
//! is forgotten once `LISTEN` is active. PgBouncer in transaction mode cannot `LISTEN`: use a direct URL.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use futures_util::{StreamExt, future::poll_fn, stream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_postgres::{AsyncMessage, Client, NoTls, Notification, tls::TlsStream};

use super::{CHANNEL, Freshness, Subject};
use crate::connect::Dialer;

const LEASE: u64 = 1500;
const BEAT: Duration = Duration::from_millis(300);
const PAUSE: Duration = Duration::from_millis(200);

pub async fn follow(dialer: Arc<Dialer>, freshness: Weak<Freshness>) {
    while let Some(strong) = freshness.upgrade() {
        drop(strong);
        let ended = session(&dialer, &freshness).await;
        if let Some(strong) = freshness.upgrade() {
            // Said once an outage, not once a try: only a session that had a lease can lose it.
            if let Err(why) = ended
                && strong.end_lease()
            {
                tracing::warn!(%why, "the connection that hears of changes was lost; reading from the database until it is back");
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// One connection's life. Returns `Ok` when the store is gone.
async fn session(dialer: &Dialer, freshness: &Weak<Freshness>) -> Result<(), String> {
    let (client, mut messages, driver) = listen(dialer).await?;
    let _driver = AbortOnDrop(driver);
    match freshness.upgrade() {
        // Whatever was read before LISTEN became active may have changed unheard.
        Some(strong) => strong.flush(),
        None => return Ok(()),
    }
    let beat = client.prepare("SELECT pg_notify($1, $2)").await.map_err(|error| error.to_string())?;
    let node: i32 = client
        .query_one("SELECT pg_backend_pid()", &[])
        .await
        .and_then(|row| row.try_get(0))
        .map_err(|error| error.to_string())?;
    let mut tick = tokio::time::interval(BEAT);
    let (mut number, mut sent_at, mut returned) = (0u64, 0u64, true);
    loop {
        tokio::select! {
            biased;
            message = messages.recv() => {
                let Some(message) = message else { return Err("the connection ended".into()) };
                let Some(strong) = freshness.upgrade() else { return Ok(()) };
                match message.payload().strip_prefix("beat:") {
                    Some(beat) => if beat == format!("{node}:{number}") {
                        returned = true;
                        strong.lease(sent_at, LEASE);
                    },
                    None => match Subject::from_payload(message.payload()) {
                        Some(subject) => strong.touch(&[subject]),
                        // A newer version of us knows subjects that we do not: forget everything.
                        None => strong.flush(),
                    },
                }
            }
            _ = tick.tick() => {
                let Some(strong) = freshness.upgrade() else { return Ok(()) };
                if !returned {
                    if strong.now() > sent_at + 2 * LEASE {
                        return Err("a heartbeat did not come back".into());
                    }
                    continue;
                }
                number += 1;
                sent_at = strong.now();
                returned = false;
                drop(strong);
                let payload = format!("beat:{node}:{number}");
                tokio::time::timeout(Duration::from_millis(2 * LEASE), client.execute(&beat, &[&CHANNEL, &payload]))
                    .await
                    .map_err(|_| "the database did not take a heartbeat".to_owned())?
                    .map_err(|error| error.to_string())?;
            }
        }
    }
}

type Listening = (Client, UnboundedReceiver<Notification>, tokio::task::JoinHandle<()>);

async fn listen(dialer: &Dialer) -> Result<Listening, String> {
    let (config, tls) = dialer.parts();
    let (client, messages, driver) = match tls {
        Some(tls) => {
            let (client, connection) =
                config.connect(tls.clone()).await.map_err(|error| error.to_string())?;
            let (messages, driver) = drive(connection);
            (client, messages, driver)
        }
        None => {
            let (client, connection) = config.connect(NoTls).await.map_err(|error| error.to_string())?;
            let (messages, driver) = drive(connection);
            (client, messages, driver)
        }
    };
    client.batch_execute(&format!("LISTEN {CHANNEL}")).await.map_err(|error| error.to_string())?;
    Ok((client, messages, driver))
}

/// Polls the connection in a task of its own and hands notifications on.
fn drive<S>(
    mut connection: tokio_postgres::Connection<tokio_postgres::Socket, S>,
) -> (UnboundedReceiver<Notification>, tokio::task::JoinHandle<()>)
where
    S: TlsStream + Unpin + Send + 'static,
{
    let (sender, receiver) = unbounded_channel();
    let driver = tokio::spawn(async move {
        let mut messages = stream::poll_fn(move |context| connection.poll_message(context));
        while let Some(Ok(message)) = poll_fn(|context| messages.poll_next_unpin(context)).await {
            if let AsyncMessage::Notification(notification) = message
                && sender.send(notification).is_err()
            {
                return;
            }
        }
    });
    (receiver, driver)
}

struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
