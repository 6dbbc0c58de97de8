//! How much of a public client's room one network may take. Anybody may speak as such a client, since its id is all that it
//! has: without this one host could fill what the client may have waiting, and nobody else could begin.

use actix_web::http::{StatusCode, header::RETRY_AFTER};
use protocol::{Client, ErrorCode, Micros, OAuthError, seconds};
use web::{Core, OAuthFailure, Peer};

/// A kind of request of which something waits for its person.
pub struct Crowd {
    pub name: &'static str,
    /// Of one client, from one network, within…
    pub most: i64,
    /// …this time from the first.
    pub span: Micros,
}

impl Crowd {
    /// One more; 429 where there are too many.
    pub async fn join(&self, core: &Core, client: &Client, peer: Peer) -> Result<(), OAuthFailure> {
        if !client.is_public() {
            return Ok(());
        }
        let of = format!("{}\0{}\0{}", self.name, client.id, peer.network());
        let digest = keyring::digest(of.as_bytes()).to_vec();
        let Some(until) = core.store.count_up(digest, self.most, self.span, core.now()).await? else {
            return Ok(());
        };
        let error =
            OAuthError::new(ErrorCode::TemporarilyUnavailable, "Too many requests wait for their people.");
        let wait = seconds(until - core.now()).max(1).to_string();
        Err(OAuthFailure::new(StatusCode::TOO_MANY_REQUESTS, error).with_header(RETRY_AFTER, &wait))
    }
}
