//! Access tokens that only we can read: their claims by their digest. They end with their grant like signed ones, which is
//! for [`crate::grants`] to say.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::{Store, StoreError, schema::opaque_tokens};

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = opaque_tokens)]
pub struct OpaqueToken {
    pub digest: Vec<u8>,
    /// JSON, in the form that `keyring` reads back.
    pub claims: String,
    pub client_id: String,
    pub grant_id: Option<String>,
    pub expires_at: i64,
}

impl Store {
    pub async fn insert_opaque_token(&self, token: OpaqueToken) -> Result<(), StoreError> {
        write!(self, |c| {
            diesel::insert_into(opaque_tokens::table).values(token).execute(c).await?;
            Ok(())
        })
    }

    /// Only while it lives.
    pub async fn opaque_token(&self, digest: &[u8], now: i64) -> Result<Option<OpaqueToken>, StoreError> {
        read!(self, |c| Ok(opaque_tokens::table
            .find(digest)
            .filter(opaque_tokens::expires_at.gt(now))
            .select(OpaqueToken::as_select())
            .first(c)
            .await
            .optional()?))
    }
}
