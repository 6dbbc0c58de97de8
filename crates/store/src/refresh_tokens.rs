//! Refresh tokens: a path of rotations, of which only the tip counts.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::{
    Store, StoreError, Subject,
    grants::Grant,
    schema::{clients, grants, refresh_tokens, users},
};

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = refresh_tokens)]
pub struct RefreshToken {
    pub digest: Vec<u8>,
    pub grant_id: String,
    pub created_at: i64,
    /// Ends when it is not used for so long.
    pub expires_at: i64,
    /// Ends whatever happens, through all rotations (S64).
    pub max_expires_at: i64,
    pub used_at: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotated {
    /// The successor is the tip now.
    Rotated,
    /// It had been used before: the whole family is revoked now (S62, I2).
    Reused,
    /// Expired or revoked: nothing happens.
    Gone,
}

impl Store {
    /// Living or not, with its grant: the rules decide.
    pub async fn refresh_token(&self, digest: &[u8]) -> Result<Option<(RefreshToken, Grant)>, StoreError> {
        read!(self, |c| Ok(refresh_tokens::table
            .inner_join(grants::table.on(grants::id.eq(refresh_tokens::grant_id)))
            .filter(refresh_tokens::digest.eq(digest))
            .select((RefreshToken::as_select(), Grant::as_select()))
            .first(c)
            .await
            .optional()?))
    }

    /// The same, only while it counts: the tip of its path, not expired, its grant alive, person and client active.
    pub async fn live_refresh_token(
        &self,
        digest: &[u8],
        now: i64,
    ) -> Result<Option<(RefreshToken, Grant)>, StoreError> {
        read!(self, |c| Ok(refresh_tokens::table
            .inner_join(grants::table.on(grants::id.eq(refresh_tokens::grant_id)))
            .inner_join(users::table.on(users::id.eq(grants::user_id)))
            .inner_join(clients::table.on(clients::id.eq(grants::client_id)))
            .filter(refresh_tokens::digest.eq(digest))
            .filter(refresh_tokens::used_at.is_null())
            .filter(refresh_tokens::expires_at.gt(now))
            .filter(refresh_tokens::max_expires_at.gt(now))
            .filter(grants::revoked_at.is_null())
            .filter(users::is_active.eq(true))
            .filter(clients::is_active.eq(true))
            .select((RefreshToken::as_select(), Grant::as_select()))
            .first(c)
            .await
            .optional()?))
    }

    /// Uses a token up and puts its successor in its place: one conditional update decides who is first.
    pub async fn rotate_refresh_token(
        &self,
        digest: &[u8],
        successor: RefreshToken,
        now: i64,
    ) -> Result<Rotated, StoreError> {
        let digest = digest.to_owned();
        change!(self, |c| {
            let grant_id = successor.grant_id.clone();
            // The grant first: a revocation that runs at the same moment waits for us or we for it.
            let alive = diesel::update(grants::table.find(&grant_id).filter(grants::revoked_at.is_null()))
                .set(grants::expires_at.eq(successor.max_expires_at))
                .execute(c)
                .await?;
            if alive == 0 {
                return Ok((Rotated::Gone, Vec::new()));
            }
            let used = diesel::update(
                refresh_tokens::table
                    .find(&digest)
                    .filter(refresh_tokens::used_at.is_null())
                    .filter(refresh_tokens::expires_at.gt(now))
                    .filter(refresh_tokens::max_expires_at.gt(now)),
            )
            .set(refresh_tokens::used_at.eq(Some(now)))
            .execute(c)
            .await?;
            if used == 1 {
                diesel::insert_into(refresh_tokens::table).values(successor).execute(c).await?;
                return Ok((Rotated::Rotated, Vec::new()));
            }
            let used_at: Option<Option<i64>> = refresh_tokens::table
                .find(&digest)
                .select(refresh_tokens::used_at)
                .first(c)
                .await
                .optional()?;
            if used_at.flatten().is_none() {
                return Ok((Rotated::Gone, Vec::new()));
            }
            diesel::update(grants::table.find(&grant_id))
                .set(grants::revoked_at.eq(Some(now)))
                .execute(c)
                .await?;
            Ok((Rotated::Reused, vec![Subject::Grant(grant_id)]))
        })
    }

    /// For clients that keep their token: it lives on. False where it or its grant has ended meanwhile.
    pub async fn extend_refresh_token(
        &self,
        digest: &[u8],
        expires_at: i64,
        now: i64,
    ) -> Result<bool, StoreError> {
        let digest = digest.to_owned();
        write!(self, |c| Ok(diesel::update(
            refresh_tokens::table
                .find(&digest)
                .filter(refresh_tokens::used_at.is_null())
                .filter(refresh_tokens::expires_at.gt(now))
                .filter(refresh_tokens::max_expires_at.gt(now))
                .filter(diesel::dsl::exists(
                    grants::table
                        .filter(grants::id.eq(refresh_tokens::grant_id))
                        .filter(grants::revoked_at.is_null()),
                )),
        )
        .set(refresh_tokens::expires_at.eq(expires_at))
        .execute(c)
        .await?
            == 1))
    }
}
