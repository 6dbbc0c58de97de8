//! Back-channel logout: takes what `store::logout` has queued to the clients.
//! <https://openid.net/specs/openid-connect-backchannel-1_0.html>
//!
//! [`token`] makes the logout token, this module posts it. One client is served by one turn on each node, so that whoever
//! does not answer keeps nobody else waiting; a notice is claimed by a lease, which a node that dies gives back by doing
//! nothing, so that it is sent once more rather than not at all. What nobody takes within [`store::logout::NOTICE_KEPT`] is
//! swept.

mod token;

use std::{collections::HashMap, sync::Arc, time::Duration};

use protocol::{Micros, SECOND};
use store::{StoreError, logout::Notice};
use tokio::{
    task::{Id, JoinSet},
    time::Instant,
};
use url::Url;
use web::{Core, outbound::Bounds};

use crate::delivery::{pause, short, shown};

/// Clients that are told at the same time.
const AT_ONCE: usize = 16;
/// Other processes queue too, so the queue is looked at this often.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// For one client and one token; nothing that it says matters but its status.
const BOUNDS: Bounds = Bounds { largest: 4096, deadline: Duration::from_secs(5), redirects: 0 };
/// How long one client is served at a stretch, and longer than that with the slowest last answer: the lease.
const TURN: Duration = Duration::from_secs(5);
const LEASE: Micros = 20 * SECOND;
const BATCH: i64 = 50;
/// What else a client is to be told waits no longer than this for one notice that fails.
const OTHERS_WAIT: Micros = 30 * SECOND;

/// Never ends; may be stopped anywhere, since the lease gives back what was claimed.
pub async fn run(core: Arc<Core>) {
    let mut turns = Turns::default();
    loop {
        turns.forget_finished();
        match turns.due(&core).await {
            Ok(clients) => {
                for client in clients {
                    turns.start(&core, client);
                }
            }
            Err(error) => tracing::warn!(%error, "cannot look for logout notices; will try again"),
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// The clients that this node is serving.
#[derive(Default)]
struct Turns {
    running: JoinSet<()>,
    busy: HashMap<Id, String>,
}

impl Turns {
    async fn due(&self, core: &Core) -> Result<Vec<String>, StoreError> {
        let places = AT_ONCE - self.running.len();
        if places == 0 {
            return Ok(Vec::new());
        }
        let busy: Vec<String> = self.busy.values().cloned().collect();
        core.store.clients_to_notify(&busy, places as i64, core.now()).await
    }

    fn start(&mut self, core: &Arc<Core>, client: String) {
        let (core, name) = (core.clone(), client.clone());
        let handle = self.running.spawn(async move {
            if let Err(error) = turn(&core, &client).await {
                // The lease ends by itself.
                tracing::warn!(%error, %client, "logout notices are left to the next turn");
            }
        });
        self.busy.insert(handle.id(), name);
    }

    fn forget_finished(&mut self) {
        while let Some(ended) = self.running.try_join_next_with_id() {
            self.busy.remove(&ended.map_or_else(|error| error.id(), |(id, ())| id));
        }
    }
}

/// What one client has to be told, until there is nothing more, or it fails, or others should have the place.
async fn turn(core: &Core, client_id: &str) -> Result<(), StoreError> {
    let claimed = core.store.claim_notices(client_id, BATCH, LEASE, core.now()).await?;
    let began = Instant::now();
    for (place, notice) in claimed.iter().enumerate() {
        if began.elapsed() > TURN {
            return core.store.release_notices(&claimed[place..]).await;
        }
        match send(core, notice).await? {
            Sent::Taken | Sent::NobodyListens => core.store.finish_notice(&notice.id).await?,
            Sent::Failed(error) => {
                tracing::info!(client = %client_id, attempts = notice.attempts + 1, %error, "a client could not be told of a sign-out");
                let (now, wait) = (core.now(), pause(notice.attempts));
                core.store.postpone_notices(notice, now + wait, now + wait.min(OTHERS_WAIT)).await?;
                return Ok(());
            }
        }
    }
    Ok(())
}

enum Sent {
    Taken,
    /// The client is gone, disabled, or does not want to hear of it any more.
    NobodyListens,
    Failed(String),
}

async fn send(core: &Core, notice: &Notice) -> Result<Sent, StoreError> {
    let client = core.store.client(&notice.client_id).await?.filter(|client| client.is_active);
    let Some(client) = client else { return Ok(Sent::NobodyListens) };
    let Some(uri) = client.metadata.backchannel_logout_uri.as_deref() else { return Ok(Sent::NobodyListens) };
    let sent = match (Url::parse(uri), token::of(core, &client, notice).await) {
        (Ok(uri), Ok(token)) => post(core, &uri, &token).await,
        (Err(error), _) => Err(error.to_string()),
        (_, Err(error)) => Err(short(&error)),
    };
    let result = if sent.is_ok() { "delivered" } else { "failed" };
    metrics::counter!("visage_logout_notices_total", "result" => result).increment(1);
    Ok(sent.map_or_else(Sent::Failed, |()| Sent::Taken))
}

/// > the OP sends an HTTP POST request to the RP's back-channel logout URI […] application/x-www-form-urlencoded […] The POST
/// > body […] MUST include a logout_token parameter
///
/// <https://openid.net/specs/openid-connect-backchannel-1_0.html#BCRequest>
///
/// > the RP MUST respond with HTTP 200 OK. However, note that some Web frameworks will substitute an HTTP 204 No Content
///
/// <https://openid.net/specs/openid-connect-backchannel-1_0.html#BCResponse>. Any other answer may be better another time:
/// a client that does not know our new key yet says 400.
async fn post(core: &Core, uri: &Url, token: &str) -> Result<(), String> {
    let form = format!("logout_token={token}");
    match core.outbound.post(uri, "application/x-www-form-urlencoded", form, BOUNDS).await {
        Ok(answer) if (200..300).contains(&answer.status) => Ok(()),
        Ok(answer) => Err(format!("it answered {}", answer.status)),
        Err(error) => Err(shown(&error)),
    }
}
