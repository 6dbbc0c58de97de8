//! Tokens that people make for themselves (CONTRACT §6). The digest is all that is kept; a token that is revoked is a row
//! that is gone.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use protocol::Scopes;

use crate::{
    Store, StoreError, Subject,
    audit::AuditRow,
    schema::{audit, personal_tokens, sessions, users},
};

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = personal_tokens)]
pub struct PersonalToken {
    pub id: String,
    pub digest: Vec<u8>,
    pub user_id: String,
    pub name: String,
    #[diesel(deserialize_as = String, serialize_as = String)]
    pub scopes: Scopes,
    pub created_at: i64,
    pub expires_at: i64,
    /// Within some minutes: see [`Store::use_personal_token`].
    pub last_used_at: Option<i64>,
}

/// What came of making one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    Made,
    /// The person has as many living ones as they may.
    TooMany,
    /// The session in which it was asked for is over: signed out, password changed, person disabled.
    SessionOver,
}

impl Store {
    /// Writes a token and its audit row; `most` living ones a person. `sid`: the session that asks for it.
    pub async fn insert_personal_token(
        &self,
        token: PersonalToken,
        sid: &str,
        most: i64,
        entry: AuditRow,
    ) -> Result<Made, StoreError> {
        let sid = sid.to_owned();
        write!(self, |c| {
            // Changes nothing, holds the row: of two tokens made at once the second counts the first, and a password
            // that is changed meanwhile ends this token or its session.
            let person = users::table.find(&token.user_id).filter(users::is_active.eq(true));
            let active = diesel::update(person).set(users::is_active.eq(true)).execute(c).await? == 1;
            let session: Option<String> = sessions::table
                .filter(sessions::sid.eq(sid))
                .filter(sessions::user_id.eq(&token.user_id))
                .select(sessions::sid)
                .first(c)
                .await
                .optional()?;
            if !active || session.is_none() {
                return Ok(Made::SessionOver);
            }
            let living: i64 = personal_tokens::table
                .filter(personal_tokens::user_id.eq(&token.user_id))
                .filter(personal_tokens::expires_at.gt(token.created_at))
                .count()
                .get_result(c)
                .await?;
            if living >= most {
                return Ok(Made::TooMany);
            }
            diesel::insert_into(personal_tokens::table).values(token).execute(c).await?;
            diesel::insert_into(audit::table).values(entry).execute(c).await?;
            Ok(Made::Made)
        })
    }

    /// A person's living tokens, newest first.
    pub async fn personal_tokens(&self, user_id: &str, now: i64) -> Result<Vec<PersonalToken>, StoreError> {
        read!(self, |c| Ok(personal_tokens::table
            .filter(personal_tokens::user_id.eq(user_id))
            .filter(personal_tokens::expires_at.gt(now))
            .order((personal_tokens::created_at.desc(), personal_tokens::id))
            .select(PersonalToken::as_select())
            .load(c)
            .await?))
    }

    /// The token with this digest, if it lives and its person is active.
    pub async fn live_personal_token(
        &self,
        digest: &[u8],
        now: i64,
    ) -> Result<Option<PersonalToken>, StoreError> {
        read!(self, |c| Ok(personal_tokens::table
            .inner_join(users::table.on(users::id.eq(personal_tokens::user_id)))
            .filter(personal_tokens::digest.eq(digest))
            .filter(personal_tokens::expires_at.gt(now))
            .filter(users::is_active.eq(true))
            .select(PersonalToken::as_select())
            .first(c)
            .await
            .optional()?))
    }

    /// Notes that a token was used, unless that was noted after `before`.
    pub async fn use_personal_token(&self, id: &str, before: i64, now: i64) -> Result<(), StoreError> {
        let id = id.to_owned();
        write!(self, |c| {
            let stale = personal_tokens::last_used_at.is_null().or(personal_tokens::last_used_at.le(before));
            diesel::update(personal_tokens::table.find(id).filter(stale))
                .set(personal_tokens::last_used_at.eq(Some(now)))
                .execute(c)
                .await?;
            Ok(())
        })
    }

    /// Ends a person's token. False where they have none of this id (any more).
    pub async fn revoke_personal_token(
        &self,
        id: &str,
        user_id: &str,
        entry: AuditRow,
    ) -> Result<bool, StoreError> {
        let (id, user_id) = (id.to_owned(), user_id.to_owned());
        change!(self, |c| {
            let own = personal_tokens::table.find(&id).filter(personal_tokens::user_id.eq(user_id));
            if diesel::delete(own).execute(c).await? == 0 {
                return Ok((false, Vec::new()));
            }
            diesel::insert_into(audit::table).values(entry).execute(c).await?;
            Ok((true, vec![Subject::Token(id)]))
        })
    }
}
