//! Access tokens that were revoked on their own, and client assertions that were used: remembered until they expire.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::{
    Store, StoreError, Subject,
    schema::{revoked_tokens, used_assertions},
};

impl Store {
    /// Ends one access token; its grant lives on (S88).
    pub async fn revoke_token(&self, jti: &str, expires_at: i64) -> Result<(), StoreError> {
        let jti = jti.to_owned();
        change!(self, |c| {
            diesel::insert_into(revoked_tokens::table)
                .values((revoked_tokens::jti.eq(&jti), revoked_tokens::expires_at.eq(expires_at)))
                .on_conflict_do_nothing()
                .execute(c)
                .await?;
            Ok(((), vec![Subject::Token(jti)]))
        })
    }

    /// True for the first who uses this assertion, on whatever node (S55). `digest` covers client and `jti`.
    pub async fn use_assertion(&self, digest: &[u8], expires_at: i64) -> Result<bool, StoreError> {
        let digest = digest.to_owned();
        write!(self, |c| Ok(diesel::insert_into(used_assertions::table)
            .values((used_assertions::digest.eq(digest), used_assertions::expires_at.eq(expires_at)))
            .on_conflict_do_nothing()
            .execute(c)
            .await?
            == 1))
    }
}
