//! Everything that ends is swept, so that no table grows for ever.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::{
    Store, StoreError,
    logout::{SessionClient, leave_session},
    schema::{
        attempts, audit, codes, device_codes, grants, initial_access_tokens, interactions, logout_notices,
        opaque_tokens, organization_invitations, personal_tokens, photo_refusals, pictures, pushed_requests,
        refresh_tokens, revoked_tokens, sessions, used_assertions,
    },
};

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

/// How long a person's history remembers a picture that has no objects any more.
const GONE_KEPT: i64 = 400 * DAY;

/// How long somebody may think about becoming an owner.
const INVITED_FOR: i64 = 30 * DAY;

/// What was swept, by table.
pub type Swept = Vec<(&'static str, usize)>;

impl Store {
    /// One round of sweeping. `session_idle` in microseconds; codes, device codes and used refresh tokens stay a while longer than
    /// they live, because a replay must be recognised as one.
    pub async fn sweep_expired(
        &self,
        session_idle: i64,
        audit_kept: i64,
        now: i64,
    ) -> Result<Swept, StoreError> {
        write!(self, |c| {
            let unanswered = organization_invitations::table
                .filter(organization_invitations::created_at.le(now - INVITED_FOR));
            let invitations = diesel::delete(unanswered).execute(c).await?;
            let ended = sessions::table
                .filter(sessions::expires_at.le(now).or(sessions::seen_at.le(now - session_idle)));
            let expired: Vec<String> = diesel::delete(ended).returning(sessions::sid).get_results(c).await?;
            // A session that ran out is nobody's wish to sign out: its clients are told nothing.
            let left = leave_session!(c, &expired).len();
            let ended = opaque_tokens::table.filter(opaque_tokens::expires_at.le(now));
            let opaque_tokens = diesel::delete(ended).execute(c).await?;
            let named = interactions::table
                .filter(interactions::pushed.is_not_null())
                .select(interactions::pushed.assume_not_null());
            Ok(vec![
                ("sessions", expired.len()),
                ("session_clients", left),
                // What nobody took.
                (
                    "logout_notices",
                    diesel::delete(logout_notices::table.filter(logout_notices::expires_at.le(now)))
                        .execute(c)
                        .await?,
                ),
                (
                    "interactions",
                    diesel::delete(interactions::table.filter(interactions::expires_at.le(now)))
                        .execute(c)
                        .await?,
                ),
                // Whoever began with one in time may still be at the sign-in page, for which it must be there: as long as an
                // interaction names it. Nobody comes back to the others.
                (
                    "pushed_requests",
                    diesel::delete(
                        pushed_requests::table
                            .filter(pushed_requests::expires_at.le(now - MINUTE))
                            .filter(pushed_requests::digest.ne_all(named)),
                    )
                    .execute(c)
                    .await?,
                ),
                ("opaque_tokens", opaque_tokens),
                (
                    "codes",
                    diesel::delete(codes::table.filter(codes::expires_at.le(now - HOUR))).execute(c).await?,
                ),
                (
                    "device_codes",
                    diesel::delete(device_codes::table.filter(device_codes::expires_at.le(now - HOUR)))
                        .execute(c)
                        .await?,
                ),
                (
                    "refresh_tokens",
                    diesel::delete(
                        refresh_tokens::table.filter(
                            refresh_tokens::expires_at
                                .le(now)
                                .or(refresh_tokens::max_expires_at.le(now))
                                .or(refresh_tokens::used_at.le(now - 7 * DAY)),
                        ),
                    )
                    .execute(c)
                    .await?,
                ),
                // A token whose grant is missing counts as dead, so a revoked grant need not stay.
                (
                    "grants",
                    diesel::delete(
                        grants::table.filter(grants::expires_at.le(now).or(grants::revoked_at.le(now - DAY))),
                    )
                    .execute(c)
                    .await?,
                ),
                (
                    "revoked_tokens",
                    diesel::delete(revoked_tokens::table.filter(revoked_tokens::expires_at.le(now)))
                        .execute(c)
                        .await?,
                ),
                (
                    "personal_tokens",
                    diesel::delete(personal_tokens::table.filter(personal_tokens::expires_at.le(now)))
                        .execute(c)
                        .await?,
                ),
                (
                    "used_assertions",
                    diesel::delete(used_assertions::table.filter(used_assertions::expires_at.le(now)))
                        .execute(c)
                        .await?,
                ),
                (
                    "initial_access_tokens",
                    diesel::delete(
                        initial_access_tokens::table.filter(initial_access_tokens::expires_at.le(now)),
                    )
                    .execute(c)
                    .await?,
                ),
                (
                    "attempts",
                    diesel::delete(attempts::table.filter(attempts::expires_at.le(now))).execute(c).await?,
                ),
                (
                    "audit",
                    diesel::delete(audit::table.filter(audit::at.le(now - audit_kept))).execute(c).await?,
                ),
                (
                    "photo_refusals",
                    diesel::delete(
                        photo_refusals::table.filter(photo_refusals::day.le((now - GONE_KEPT) / DAY)),
                    )
                    .execute(c)
                    .await?,
                ),
                ("organization_invitations", invitations),
                (
                    "pictures",
                    diesel::delete(
                        pictures::table
                            .filter(pictures::state.eq("gone"))
                            .filter(pictures::uploaded_at.le(now - GONE_KEPT)),
                    )
                    .execute(c)
                    .await?,
                ),
            ])
        })
    }

    /// What SQLite wants once an hour: its log folded into the file, its statistics renewed. Nothing on PostgreSQL.
    pub async fn maintain(&self) -> Result<(), StoreError> {
        let crate::connect::Backend::Sqlite(sqlite) = self.backend() else { return Ok(()) };
        let mut connection = sqlite.separate()?;
        let done = tokio::task::spawn_blocking(move || {
            diesel::connection::SimpleConnection::batch_execute(
                &mut connection,
                "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA optimize;",
            )
        });
        Ok(done.await.map_err(|error| StoreError::Fault(error.to_string()))??)
    }
}
