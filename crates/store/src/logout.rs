//! Who is to be told that a session has ended: the clients that took part in it, and the outbox of back-channel logout.
//!
//! A client joins in the transaction that writes its code ([`join_session!`]); whoever ends a session queues what is to be
//! said in that transaction ([`tell_clients!`]), so that no end is forgotten, wherever the process dies. A notice goes when
//! its client has taken it, or when it is too old to matter.

use diesel::{
    dsl::{count_star, max, min},
    prelude::*,
};
use diesel_async::RunQueryDsl;

use crate::{
    Store, StoreError,
    schema::{logout_notices, session_clients},
};

const HOUR: i64 = 3_600_000_000;

/// A client that could not be told for so long is not told any more.
pub const NOTICE_KEPT: i64 = 24 * HOUR;

/// How many names fit into one statement of SQLite, with room to spare.
pub(crate) const NAMES: usize = 500;

/// Within a transaction that holds the session's row: the client hears of the session's end.
macro_rules! join_session {
    ($c:ident, $sid:expr, $client_id:expr, $user_id:expr, $now:expr) => {{
        use $crate::schema::session_clients;
        diesel::insert_into(session_clients::table)
            .values((
                session_clients::sid.eq($sid),
                session_clients::client_id.eq($client_id),
                session_clients::user_id.eq($user_id),
                session_clients::seen_at.eq($now),
            ))
            .on_conflict((session_clients::sid, session_clients::client_id))
            .do_update()
            .set(session_clients::seen_at.eq($now))
            .execute($c)
            .await?;
    }};
}
pub(crate) use join_session;

/// Within a transaction that ended these sessions: nobody takes part in them any more. Yields who did.
macro_rules! leave_session {
    ($c:ident, $sids:expr) => {{
        use $crate::schema::session_clients;
        let mut left: Vec<SessionClient> = Vec::new();
        for sids in $sids.chunks($crate::logout::NAMES) {
            let of = session_clients::table.filter(session_clients::sid.eq_any(sids.to_vec()));
            let some: Vec<SessionClient> =
                diesel::delete(of).returning(SessionClient::as_returning()).get_results($c).await?;
            left.extend(some);
        }
        left
    }};
}
pub(crate) use leave_session;

/// Within a transaction that ended these sessions: one notice for every client that took part and listens on the back
/// channel. Yields all that took part.
macro_rules! tell_clients {
    ($c:ident, $sids:expr, $now:expr) => {{
        use $crate::logout::{NOTICE_KEPT, SessionClient, leave_session};
        use $crate::schema::{clients, logout_notices};
        let left: Vec<SessionClient> = leave_session!($c, $sids);
        for one in &left {
            // Whoever sends looks again; here it only saves a row.
            let listens: Option<String> = clients::table
                .find(&one.client_id)
                .filter(clients::is_active.eq(true))
                .filter(clients::metadata.like("%\"backchannel_logout_uri\":%"))
                .select(clients::id)
                .first($c)
                .await
                .optional()?;
            if listens.is_none() {
                continue;
            }
            diesel::insert_into(logout_notices::table)
                .values((
                    logout_notices::id.eq(format!("{}:{}", one.sid, one.client_id)),
                    logout_notices::client_id.eq(&one.client_id),
                    logout_notices::sid.eq(&one.sid),
                    logout_notices::user_id.eq(&one.user_id),
                    logout_notices::attempts.eq(0i64),
                    logout_notices::not_before.eq($now),
                    logout_notices::leased_until.eq(0i64),
                    logout_notices::created_at.eq($now),
                    logout_notices::expires_at.eq($now + NOTICE_KEPT),
                ))
                .on_conflict_do_nothing()
                .execute($c)
                .await?;
        }
        left
    }};
}
pub(crate) use tell_clients;

/// A client that a session signed in to.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = session_clients)]
pub struct SessionClient {
    pub sid: String,
    pub client_id: String,
    pub user_id: String,
}

/// What one client is to be told: this session of this person has ended.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = logout_notices)]
pub struct Notice {
    pub id: String,
    pub client_id: String,
    pub sid: String,
    pub user_id: String,
    pub attempts: i64,
    pub leased_until: i64,
    pub created_at: i64,
    pub expires_at: i64,
}

impl Store {
    /// Clients for which something is due, those that wait longest first, without those that are being served.
    pub async fn clients_to_notify(
        &self,
        busy: &[String],
        limit: i64,
        now: i64,
    ) -> Result<Vec<String>, StoreError> {
        read!(self, |c| Ok(logout_notices::table
            .filter(logout_notices::not_before.le(now))
            .filter(logout_notices::leased_until.le(now))
            .filter(logout_notices::expires_at.gt(now))
            .filter(logout_notices::client_id.ne_all(busy.to_vec()))
            .group_by(logout_notices::client_id)
            .select((logout_notices::client_id, min(logout_notices::not_before)))
            .order(min(logout_notices::not_before))
            .limit(limit)
            .load::<(String, Option<i64>)>(c)
            .await?
            .into_iter()
            .map(|(client, _)| client)
            .collect()))
    }

    /// Takes what is due for a client, for as long as `lease`; what was tried least comes first.
    pub async fn claim_notices(
        &self,
        client_id: &str,
        limit: i64,
        lease: i64,
        now: i64,
    ) -> Result<Vec<Notice>, StoreError> {
        let client_id = client_id.to_owned();
        write!(self, |c| {
            let due: Vec<String> = logout_notices::table
                .filter(logout_notices::client_id.eq(client_id))
                .filter(logout_notices::not_before.le(now))
                .filter(logout_notices::leased_until.le(now))
                .filter(logout_notices::expires_at.gt(now))
                .order((logout_notices::attempts, logout_notices::created_at))
                .limit(limit)
                .select(logout_notices::id)
                .load(c)
                .await?;
            // Another node may have been quicker: who sets the lease has it.
            let free = logout_notices::table
                .filter(logout_notices::id.eq_any(due))
                .filter(logout_notices::leased_until.le(now));
            let mut claimed: Vec<Notice> = diesel::update(free)
                .set(logout_notices::leased_until.eq(now + lease))
                .returning(Notice::as_returning())
                .get_results(c)
                .await?;
            claimed.sort_by_key(|notice| (notice.attempts, notice.created_at));
            Ok(claimed)
        })
    }

    /// How many ends of sessions a client has not been told of yet, and the most often that one was tried.
    pub async fn notices_waiting(&self, client_id: &str) -> Result<(i64, i64), StoreError> {
        let (count, most): (i64, Option<i64>) = read!(self, |c| Ok(logout_notices::table
            .filter(logout_notices::client_id.eq(client_id))
            .select((count_star(), max(logout_notices::attempts)))
            .first(c)
            .await?))?;
        Ok((count, most.unwrap_or(0)))
    }

    /// The client knows, or nobody wants it to.
    pub async fn finish_notice(&self, id: &str) -> Result<(), StoreError> {
        let id = id.to_owned();
        write!(self, |c| {
            diesel::delete(logout_notices::table.find(id)).execute(c).await?;
            Ok(())
        })
    }

    /// The client could not be told: this notice waits until `retry_at`, what else is due for it until `others_at`.
    pub async fn postpone_notices(
        &self,
        failed: &Notice,
        retry_at: i64,
        others_at: i64,
    ) -> Result<(), StoreError> {
        let (id, client_id) = (failed.id.clone(), failed.client_id.clone());
        write!(self, |c| {
            let others = logout_notices::table
                .filter(logout_notices::client_id.eq(client_id))
                .filter(logout_notices::not_before.lt(others_at));
            diesel::update(others)
                .set((logout_notices::not_before.eq(others_at), logout_notices::leased_until.eq(0i64)))
                .execute(c)
                .await?;
            diesel::update(logout_notices::table.find(id))
                .set((
                    logout_notices::not_before.eq(retry_at),
                    logout_notices::leased_until.eq(0i64),
                    logout_notices::attempts.eq(logout_notices::attempts + 1),
                ))
                .execute(c)
                .await?;
            Ok(())
        })
    }

    /// Gives back what was claimed and not tried.
    pub async fn release_notices(&self, claimed: &[Notice]) -> Result<(), StoreError> {
        let Some(lease) = claimed.first().map(|notice| notice.leased_until) else { return Ok(()) };
        let ids: Vec<String> = claimed.iter().map(|notice| notice.id.clone()).collect();
        write!(self, |c| {
            let held = logout_notices::table
                .filter(logout_notices::id.eq_any(ids))
                .filter(logout_notices::leased_until.eq(lease));
            diesel::update(held).set(logout_notices::leased_until.eq(0i64)).execute(c).await?;
            Ok(())
        })
    }
}
