//! Authorization codes: written when the person is through, spent once.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use protocol::{Scopes, token::MOST_FAILURES};

use crate::{
    Store, StoreError, Subject,
    grants::Grant,
    refresh_tokens::RefreshToken,
    schema::{codes, grants, interactions, refresh_tokens},
};

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = codes)]
pub struct Code {
    pub digest: Vec<u8>,
    pub client_id: String,
    pub user_id: String,
    pub sid: Option<String>,
    pub redirect_uri: String,
    /// Whether the authorization request named it; then the token request must too.
    pub redirect_uri_given: bool,
    /// S256; none only where the policy lets a confidential client do without.
    pub code_challenge: Option<String>,
    #[diesel(deserialize_as = String, serialize_as = String)]
    pub scopes: Scopes,
    /// Whether a refresh token may come of it that outlives the session.
    pub offline: bool,
    pub nonce: Option<String>,
    /// The `claims` parameter, JSON.
    pub claims: Option<String>,
    pub auth_time: i64,
    pub amr: String,
    pub failures: i64,
    /// The grant that came of it.
    pub grant_id: Option<String>,
    pub created_at: i64,
    pub expires_at: i64,
    pub used_at: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spent {
    /// This caller, and no other, has the grant.
    Redeemed,
    /// Somebody was first. What came of the code is revoked now (RFC 6749, section 4.1.2).
    Replayed,
    /// It does not live any more, and nothing came of it.
    Gone,
}

impl Store {
    /// Ends the interaction and writes its code; false where a second submit comes too late (S32).
    pub async fn issue_code(&self, code: Code, interaction: &[u8]) -> Result<bool, StoreError> {
        let interaction = interaction.to_owned();
        write!(self, |c| {
            if diesel::delete(interactions::table.find(interaction)).execute(c).await? == 0 {
                return Ok(false);
            }
            diesel::insert_into(codes::table).values(code).execute(c).await?;
            Ok(true)
        })
    }

    /// A code that needed no page: nothing to end.
    pub async fn insert_code(&self, code: Code) -> Result<(), StoreError> {
        write!(self, |c| {
            diesel::insert_into(codes::table).values(code).execute(c).await?;
            Ok(())
        })
    }

    /// Living, expired or used: the rules decide.
    pub async fn code(&self, digest: &[u8]) -> Result<Option<Code>, StoreError> {
        read!(self, |c| Ok(codes::table.find(digest).select(Code::as_select()).first(c).await.optional()?))
    }

    /// Spends a code that passed every rule: one conditional update, then the grant, in one transaction (S58, I1).
    pub async fn spend_code(
        &self,
        digest: &[u8],
        grant: Grant,
        refresh: Option<RefreshToken>,
        now: i64,
    ) -> Result<Spent, StoreError> {
        let digest = digest.to_owned();
        change!(self, |c| {
            let spent = diesel::update(
                codes::table
                    .find(&digest)
                    .filter(codes::used_at.is_null())
                    .filter(codes::expires_at.gt(now))
                    .filter(codes::failures.lt(MOST_FAILURES)),
            )
            .set((codes::used_at.eq(Some(now)), codes::grant_id.eq(Some(grant.id.clone()))))
            .execute(c)
            .await?;
            if spent == 0 {
                let earlier: Option<Option<String>> =
                    codes::table.find(&digest).select(codes::grant_id).first(c).await.optional()?;
                return match earlier.flatten() {
                    None => Ok((Spent::Gone, Vec::new())),
                    Some(id) => {
                        diesel::update(grants::table.find(&id).filter(grants::revoked_at.is_null()))
                            .set(grants::revoked_at.eq(Some(now)))
                            .execute(c)
                            .await?;
                        Ok((Spent::Replayed, vec![Subject::Grant(id)]))
                    }
                };
            }
            diesel::insert_into(grants::table).values(grant).execute(c).await?;
            if let Some(refresh) = refresh {
                diesel::insert_into(refresh_tokens::table).values(refresh).execute(c).await?;
            }
            Ok((Spent::Redeemed, Vec::new()))
        })
    }

    /// Counts a wrong try at a living code; the last of [`MOST_FAILURES`] burns it.
    pub async fn fail_code(&self, digest: &[u8]) -> Result<(), StoreError> {
        let digest = digest.to_owned();
        write!(self, |c| {
            diesel::update(codes::table.find(&digest).filter(codes::used_at.is_null()))
                .set(codes::failures.eq(codes::failures + 1))
                .execute(c)
                .await?;
            Ok(())
        })
    }
}
