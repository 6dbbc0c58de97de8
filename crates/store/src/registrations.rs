//! Clients that register themselves (RFC 7591, RFC 7592), and the initial access tokens that let them.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use protocol::Client;

use crate::{
    Store, StoreError, Subject,
    audit::AuditRow,
    clients::Row,
    schema::{attempts, audit, clients, grants, initial_access_tokens},
};

/// How many clients are forgotten in one transaction: each is a change that every node hears of, and other writers wait.
const SWEPT_AT_ONCE: u16 = 200;
/// In one round of sweeping, of which there is one each minute: more than come by open registration and by documents.
const SWEPT_IN_A_ROUND: usize = 10_000;

/// Lets its holder register clients. The token itself is known only to whoever it was made for.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = initial_access_tokens)]
pub struct InitialAccessToken {
    pub id: String,
    pub digest: Vec<u8>,
    pub name: String,
    /// None: any number.
    pub uses_left: Option<i64>,
    pub created_by: String,
    pub created_at: i64,
    pub expires_at: i64,
}

impl Store {
    pub async fn insert_initial_access_token(&self, token: InitialAccessToken) -> Result<(), StoreError> {
        write!(self, |c| {
            diesel::insert_into(initial_access_tokens::table).values(token).execute(c).await?;
            Ok(())
        })
    }

    /// Those that may still be used, oldest first.
    pub async fn initial_access_tokens(&self, now: i64) -> Result<Vec<InitialAccessToken>, StoreError> {
        read!(self, |c| Ok(initial_access_tokens::table
            .filter(initial_access_tokens::expires_at.gt(now))
            .order(initial_access_tokens::created_at)
            .select(InitialAccessToken::as_select())
            .load(c)
            .await?))
    }

    pub async fn delete_initial_access_token(&self, id: &str) -> Result<bool, StoreError> {
        let id = id.to_owned();
        write!(self, |c| Ok(diesel::delete(initial_access_tokens::table.find(&id)).execute(c).await? == 1))
    }

    /// The id of the token of this digest, if it may be used now. That it is used up is settled by
    /// [`Store::register_client`].
    pub async fn initial_access_token(&self, digest: &[u8], now: i64) -> Result<Option<String>, StoreError> {
        let digest = digest.to_vec();
        read!(self, |c| Ok(initial_access_tokens::table
            .filter(initial_access_tokens::digest.eq(&digest))
            .filter(initial_access_tokens::expires_at.gt(now))
            .select(initial_access_tokens::id)
            .first(c)
            .await
            .optional()?))
    }

    /// Writes a client and its audit row, and takes one use of the token that lets it, in one transaction; false where
    /// the token has none left.
    pub async fn register_client(
        &self,
        client: Client,
        token: Option<String>,
        entry: AuditRow,
    ) -> Result<bool, StoreError> {
        let row = Row::from(client);
        change!(self, |c| {
            if let Some(token) = token {
                let now = row.created_at;
                let living = initial_access_tokens::table
                    .find(token)
                    .filter(initial_access_tokens::expires_at.gt(now));
                // Null stays null; a number that is used up leaves with its row.
                let left: Option<Option<i64>> = diesel::update(living)
                    .set(initial_access_tokens::uses_left.eq(initial_access_tokens::uses_left - 1))
                    .returning(initial_access_tokens::uses_left)
                    .get_result(c)
                    .await
                    .optional()?;
                if left.is_none() {
                    return Ok((false, Vec::new()));
                }
                diesel::delete(initial_access_tokens::table.filter(initial_access_tokens::uses_left.le(0)))
                    .execute(c)
                    .await?;
            }
            let subject = Subject::Client(row.id.clone());
            diesel::insert_into(clients::table).values(row).execute(c).await?;
            diesel::insert_into(audit::table).values(entry).execute(c).await?;
            Ok((true, vec![subject]))
        })
    }

    /// Replaces a client by what was made of the row as it was at `seen` (its `updated_at`); false where it has changed
    /// since or is gone, so that nobody's change is lost: an administrator's least of all.
    pub async fn replace_client(
        &self,
        client: Client,
        seen: i64,
        entry: AuditRow,
    ) -> Result<bool, StoreError> {
        let row = Row::from(client);
        change!(self, |c| {
            let subject = Subject::Client(row.id.clone());
            let unchanged = clients::table.find(row.id.clone()).filter(clients::updated_at.eq(seen));
            if diesel::update(unchanged).set(row).execute(c).await? == 0 {
                return Ok((false, Vec::new()));
            }
            diesel::insert_into(audit::table).values(entry).execute(c).await?;
            Ok((true, vec![subject]))
        })
    }

    /// Notes on which day a client was used; at most one write a day, of which no cache hears.
    pub async fn note_client_use(&self, id: &str, day: i64) -> Result<(), StoreError> {
        let id = id.to_owned();
        write!(self, |c| {
            let earlier = clients::used_at.is_null().or(clients::used_at.lt(day).assume_not_null());
            diesel::update(clients::table.find(&id).filter(earlier))
                .set(clients::used_at.eq(day))
                .execute(c)
                .await?;
            Ok(())
        })
    }

    /// Forgets clients that registered themselves, have not been used since `before` and hold no grant.
    pub async fn sweep_unused_clients(&self, before: i64) -> Result<usize, StoreError> {
        let mut swept = 0;
        loop {
            let now = self.sweep_some_clients(before).await?;
            swept += now;
            if now < usize::from(SWEPT_AT_ONCE) || swept >= SWEPT_IN_A_ROUND {
                return Ok(swept);
            }
        }
    }

    async fn sweep_some_clients(&self, before: i64) -> Result<usize, StoreError> {
        change!(self, |c| {
            let last_use = || clients::used_at.is_null().or(clients::used_at.lt(before).assume_not_null());
            let unused: Vec<String> = clients::table
                .filter(clients::registered_by.ne(protocol::client::BY_ADMINISTRATOR))
                .filter(clients::created_at.lt(before))
                .filter(last_use())
                .filter(clients::id.ne_all(grants::table.select(grants::client_id)))
                .order(clients::created_at)
                .limit(i64::from(SWEPT_AT_ONCE))
                .select(clients::id)
                .load(c)
                .await?;
            // Asked again: whoever is used just now has noted it before it got a grant.
            let swept: Vec<String> =
                diesel::delete(clients::table.filter(clients::id.eq_any(&unused)).filter(last_use()))
                    .returning(clients::id)
                    .get_results(c)
                    .await?;
            Ok((swept.len(), swept.into_iter().map(Subject::Client).collect()))
        })
    }

    /// Counts one more of something, of which `most` are allowed within `span` from the first; until when there are too
    /// many, if there are. For all nodes together.
    pub async fn count_up(
        &self,
        digest: Vec<u8>,
        most: i64,
        span: i64,
        now: i64,
    ) -> Result<Option<i64>, StoreError> {
        write!(self, |c| {
            let over = attempts::table.find(&digest).filter(attempts::expires_at.le(now));
            diesel::delete(over).execute(c).await?;
            let first = (
                attempts::digest.eq(&digest),
                attempts::failures.eq(1),
                attempts::blocked_until.eq(0),
                attempts::expires_at.eq(now + span),
            );
            let (count, until): (i64, i64) = diesel::insert_into(attempts::table)
                .values(first)
                .on_conflict(attempts::digest)
                .do_update()
                .set(attempts::failures.eq(attempts::failures + 1))
                .returning((attempts::failures, attempts::expires_at))
                .get_result(c)
                .await?;
            Ok((count > most).then_some(until))
        })
    }
}
