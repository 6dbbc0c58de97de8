//! Authorization requests that their client pushed (RFC 9126), by the digest of the secret in their `request_uri`.
//!
//! Looking at one does not spend it, since people reload pages; the answer that it leads to does: see [`crate::codes`].

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::{Store, StoreError, schema::pushed_requests};

/// Living ones of one client; whoever pushes more must wait for some to end.
pub const MOST: i64 = 5000;

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = pushed_requests)]
pub struct PushedRequest {
    pub digest: Vec<u8>,
    pub client_id: String,
    /// As JSON, in the form that `protocol` reads back.
    pub parameters: String,
    pub created_at: i64,
    /// Nobody can begin with it after that; whoever began before may finish.
    pub expires_at: i64,
}

impl Store {
    /// False where the client has [`MOST`] already.
    pub async fn push_request(&self, pushed: PushedRequest) -> Result<bool, StoreError> {
        write!(self, |c| {
            let too_many: Option<i64> = pushed_requests::table
                .filter(pushed_requests::client_id.eq(&pushed.client_id))
                .filter(pushed_requests::expires_at.gt(pushed.created_at))
                .order(pushed_requests::expires_at)
                .offset(MOST - 1)
                .select(pushed_requests::expires_at)
                .first(c)
                .await
                .optional()?;
            if too_many.is_some() {
                return Ok(false);
            }
            diesel::insert_into(pushed_requests::table).values(pushed).execute(c).await?;
            Ok(true)
        })
    }

    /// Only for the client that pushed it, only while it lives.
    pub async fn pushed_request(
        &self,
        digest: &[u8],
        client_id: &str,
        now: i64,
    ) -> Result<Option<PushedRequest>, StoreError> {
        read!(self, |c| Ok(pushed_requests::table
            .find(digest)
            .filter(pushed_requests::client_id.eq(client_id))
            .filter(pushed_requests::expires_at.gt(now))
            .select(PushedRequest::as_select())
            .first(c)
            .await
            .optional()?))
    }

    /// Spends it without a code: its client had another answer. What else waits for it finds it gone.
    pub async fn end_pushed_request(&self, digest: &[u8]) -> Result<(), StoreError> {
        let digest = digest.to_owned();
        write!(self, |c| {
            diesel::delete(pushed_requests::table.find(digest)).execute(c).await?;
            Ok(())
        })
    }
}
