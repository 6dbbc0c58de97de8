//! Signed-in browsers. A session's handle is known to the browser alone; `sid` names it in tokens and grants, and goes on
//! when the same person signs in again, so that clients know the session by the name that they were given.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::{
    Store, StoreError, Subject,
    galleries::discard_of_sessions,
    logout::{SessionClient, tell_clients},
    schema::{codes, grants, sessions, users},
    users::User,
};

/// Within a transaction: ends what a session gave without `offline_access`; yields the subjects to forget. A code that is
/// still on its way would otherwise become a grant of a session that is over.
macro_rules! end_grants {
    ($c:ident, $sid:expr, $now:expr) => {{
        diesel::delete(
            codes::table
                .filter(codes::sid.eq($sid))
                .filter(codes::offline.eq(false))
                .filter(codes::used_at.is_null()),
        )
        .execute($c)
        .await?;
        let ended: Vec<String> = diesel::update(
            grants::table
                .filter(grants::sid.eq($sid))
                .filter(grants::offline.eq(false))
                .filter(grants::revoked_at.is_null()),
        )
        .set(grants::revoked_at.eq(Some($now)))
        .returning(grants::id)
        .get_results($c)
        .await?;
        ended.into_iter().map(Subject::Grant).collect::<Vec<_>>()
    }};
}

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions)]
pub struct Session {
    pub digest: Vec<u8>,
    pub sid: String,
    pub user_id: String,
    pub auth_time: i64,
    /// Space-separated authentication methods (RFC 8176).
    pub amr: String,
    pub user_agent: String,
    pub created_at: i64,
    pub seen_at: i64,
    pub expires_at: i64,
}

impl Store {
    /// Begins a session and yields it as it is; the handle that the browser had before dies in the same transaction (S34).
    /// When it is the same person who signed in again, the session keeps its `sid`, and with it its grants and clients;
    /// anybody else has signed the first person out.
    pub async fn begin_session(
        &self,
        session: Session,
        replaces: Option<Vec<u8>>,
    ) -> Result<Session, StoreError> {
        change!(self, |c| {
            let (mut session, mut subjects) = (session, Vec::new());
            if let Some(old) = replaces {
                let ended: Option<(String, String)> = diesel::delete(sessions::table.find(old))
                    .returning((sessions::sid, sessions::user_id))
                    .get_result(c)
                    .await
                    .optional()?;
                match ended {
                    Some((sid, user_id)) if user_id == session.user_id => session.sid = sid,
                    Some((sid, _)) => {
                        discard_of_sessions!(c, [&sid], session.created_at);
                        subjects = end_grants!(c, &sid, session.created_at);
                        tell_clients!(c, std::slice::from_ref(&sid), session.created_at);
                    }
                    None => {}
                }
            }
            diesel::insert_into(sessions::table).values(session.clone()).execute(c).await?;
            Ok((session, subjects))
        })
    }

    /// The living session of an active person: not past its end, seen within `idle` microseconds.
    pub async fn session(
        &self,
        digest: &[u8],
        idle: i64,
        now: i64,
    ) -> Result<Option<(Session, User)>, StoreError> {
        read!(self, |c| Ok(sessions::table
            .inner_join(users::table.on(users::id.eq(sessions::user_id)))
            .filter(sessions::digest.eq(digest))
            .filter(sessions::expires_at.gt(now))
            .filter(sessions::seen_at.gt(now - idle))
            .filter(users::is_active.eq(true))
            .select((Session::as_select(), User::as_select()))
            .first(c)
            .await
            .optional()?))
    }

    pub async fn sessions_of(&self, user_id: &str) -> Result<Vec<Session>, StoreError> {
        read!(self, |c| Ok(sessions::table
            .filter(sessions::user_id.eq(user_id))
            .order(sessions::seen_at.desc())
            .select(Session::as_select())
            .load(c)
            .await?))
    }

    /// Keeps a session from going idle; callers do this once in some minutes, not at every request.
    pub async fn see_session(&self, digest: &[u8], now: i64) -> Result<(), StoreError> {
        let digest = digest.to_owned();
        write!(self, |c| {
            diesel::update(sessions::table.find(digest)).set(sessions::seen_at.eq(now)).execute(c).await?;
            Ok(())
        })
    }

    /// Signs out: the session is gone and so are its grants without `offline_access`; what its clients are to be told is
    /// queued. Yields the clients that took part; none where it was gone already.
    // S100, S101
    pub async fn end_session(&self, sid: &str, now: i64) -> Result<Option<Vec<SessionClient>>, StoreError> {
        let sid = sid.to_owned();
        change!(self, |c| {
            let found = diesel::delete(sessions::table.filter(sessions::sid.eq(&sid))).execute(c).await?;
            discard_of_sessions!(c, [&sid], now);
            let subjects = end_grants!(c, &sid, now);
            let clients = tell_clients!(c, std::slice::from_ref(&sid), now);
            Ok(((found == 1).then_some(clients), subjects))
        })
    }
}
