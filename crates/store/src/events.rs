//! What clients are told about people: where each receives it, and what is still on its way.
//!
//! A row is written in the transaction that made it true ([`picture_event!`]) and goes when its client has it. Whoever
//! sends holds the lease of the receiver, not of the row: one sender at a time for each client, on all nodes.

use diesel::{dsl::exists, prelude::*};
use diesel_async::RunQueryDsl;

use crate::{
    Store, StoreError,
    schema::{clients, consents, event_receivers, events, grants},
};

/// Within a transaction: the audit row of a change of a person's picture, and one event for every client that receives
/// events and is connected to the person with the scope `profile`. `$kind` is `picture.updated` or `picture.removed`,
/// `$actor` an `Option<String>` (a person, a client or `command`), `$picture_id` empty for an address elsewhere.
/// Twice the same is once.
macro_rules! picture_event {
    ($c:ident, $kind:expr, $actor:expr, $user_id:expr, $picture_id:expr, $now:expr) => {{
        use $crate::schema::{audit, clients, consents, event_receivers, events, grants};
        let (kind, user_id, picture_id): (&str, &str, &str) = ($kind, $user_id, $picture_id);
        let actor: Option<String> = $actor;
        let id = format!("{kind}:{user_id}:{picture_id}:{}", $now);
        diesel::insert_into(audit::table)
            .values((
                audit::id.eq(&id),
                audit::at.eq($now),
                audit::actor.eq(actor),
                audit::action.eq(kind),
                audit::subject.eq(user_id),
                audit::detail.eq($crate::events::detail(picture_id)),
            ))
            .on_conflict_do_nothing()
            .execute($c)
            .await?;
        let agreed: Vec<(String, String)> = event_receivers::table
            .inner_join(consents::table.on(consents::client_id.eq(event_receivers::client_id)))
            .inner_join(clients::table.on(clients::id.eq(event_receivers::client_id)))
            .filter(consents::user_id.eq(user_id))
            .filter(clients::is_active.eq(true))
            .select((event_receivers::client_id, consents::scopes))
            .load($c)
            .await?;
        let granted: Vec<(String, String)> = event_receivers::table
            .inner_join(grants::table.on(grants::client_id.eq(event_receivers::client_id)))
            .inner_join(clients::table.on(clients::id.eq(event_receivers::client_id)))
            .filter(grants::user_id.eq(user_id))
            .filter(grants::revoked_at.is_null())
            .filter(grants::expires_at.gt($now))
            .filter(clients::is_active.eq(true))
            .select((event_receivers::client_id, grants::scopes))
            .load($c)
            .await?;
        for client_id in $crate::events::with_profile(agreed.into_iter().chain(granted)) {
            let id = format!("{id}:{client_id}");
            diesel::insert_into(events::table)
                .values((
                    events::id.eq(&id),
                    events::client_id.eq(&client_id),
                    events::user_id.eq(user_id),
                    events::kind.eq(kind),
                    events::created_at.eq($now),
                    events::not_before.eq($now),
                    events::attempts.eq(0i64),
                ))
                .on_conflict((events::client_id, events::user_id))
                .do_update()
                .set((
                    events::id.eq(&id),
                    events::kind.eq(kind),
                    events::created_at.eq($now),
                    events::not_before.eq($now),
                    events::attempts.eq(0i64),
                ))
                .execute($c)
                .await?;
        }
    }};
}
pub(crate) use picture_event;

/// What the audit says of a picture; none for an address elsewhere.
pub(crate) fn detail(picture_id: &str) -> String {
    match picture_id {
        "" => "{}".to_owned(),
        id => serde_json::json!({ "picture": id }).to_string(),
    }
}

/// Each client once, in one order everywhere, so that two transactions cannot wait for each other.
pub(crate) fn with_profile(
    rows: impl Iterator<Item = (String, String)>,
) -> std::collections::BTreeSet<String> {
    rows.filter(|(_, scopes)| has_profile(scopes)).map(|(client_id, _)| client_id).collect()
}

fn has_profile(scopes: &str) -> bool {
    scopes.split(' ').any(|scope| scope == "profile")
}

/// Where a client receives events, and how that goes.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = event_receivers)]
pub struct Receiver {
    pub client_id: String,
    pub uri: String,
    pub created_at: i64,
    /// Nothing is sent to it before: it failed.
    pub not_before: i64,
    pub leased_until: i64,
    /// In a row, since it last took one.
    pub failures: i64,
    pub last_error: Option<String>,
    pub delivered_at: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = events)]
pub struct Event {
    pub id: String,
    pub client_id: String,
    pub user_id: String,
    /// `picture.updated` or `picture.removed`.
    pub kind: String,
    pub created_at: i64,
    pub not_before: i64,
    pub attempts: i64,
}

/// How a receiver took what was sent to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Took {
    /// It answers: with yes, or with a no that is about the one event.
    Answers { last_error: Option<String> },
    /// It does not, or not now.
    Fails { error: String, retry_at: i64 },
}

impl Store {
    /// Where the client receives events from now on; none: nowhere, and what was on its way is dropped.
    pub async fn set_event_receiver(
        &self,
        client_id: &str,
        uri: Option<String>,
        now: i64,
    ) -> Result<(), StoreError> {
        let client_id = client_id.to_owned();
        write!(self, |c| {
            let Some(uri) = uri else {
                diesel::delete(event_receivers::table.find(&client_id)).execute(c).await?;
                return Ok(());
            };
            diesel::insert_into(event_receivers::table)
                .values((
                    event_receivers::client_id.eq(&client_id),
                    event_receivers::uri.eq(&uri),
                    event_receivers::created_at.eq(now),
                    event_receivers::not_before.eq(0i64),
                    event_receivers::leased_until.eq(0i64),
                    event_receivers::failures.eq(0i64),
                ))
                .on_conflict(event_receivers::client_id)
                .do_update()
                .set((
                    event_receivers::uri.eq(&uri),
                    event_receivers::not_before.eq(0i64),
                    event_receivers::failures.eq(0i64),
                    event_receivers::last_error.eq(None::<String>),
                ))
                .execute(c)
                .await?;
            Ok(())
        })
    }

    pub async fn event_receiver(&self, client_id: &str) -> Result<Option<Receiver>, StoreError> {
        read!(self, |c| Ok(event_receivers::table
            .find(client_id)
            .select(Receiver::as_select())
            .first(c)
            .await
            .optional()?))
    }

    pub async fn event_receivers(&self) -> Result<Vec<Receiver>, StoreError> {
        read!(self, |c| Ok(event_receivers::table
            .order(event_receivers::client_id)
            .select(Receiver::as_select())
            .load(c)
            .await?))
    }

    /// How many events are on their way to a client.
    pub async fn events_waiting(&self, client_id: &str) -> Result<i64, StoreError> {
        read!(self, |c| Ok(events::table
            .filter(events::client_id.eq(client_id))
            .count()
            .get_result(c)
            .await?))
    }

    /// Takes up to `limit` receivers that have something due, for `lease` microseconds; a worker that dies gives them
    /// back by doing nothing.
    pub async fn claim_receivers(
        &self,
        limit: i64,
        lease: i64,
        now: i64,
    ) -> Result<Vec<Receiver>, StoreError> {
        let due: Vec<String> = read!(self, |c| Ok(event_receivers::table
            .inner_join(clients::table.on(clients::id.eq(event_receivers::client_id)))
            .filter(clients::is_active.eq(true))
            .filter(event_receivers::not_before.le(now))
            .filter(event_receivers::leased_until.le(now))
            .filter(exists(
                events::table
                    .filter(events::client_id.eq(event_receivers::client_id))
                    .filter(events::not_before.le(now)),
            ))
            .order(event_receivers::not_before)
            .limit(limit)
            .select(event_receivers::client_id)
            .load(c)
            .await?))?;
        if due.is_empty() {
            return Ok(Vec::new());
        }
        write!(self, |c| {
            Ok(diesel::update(
                event_receivers::table
                    .filter(event_receivers::client_id.eq_any(due))
                    .filter(event_receivers::not_before.le(now))
                    .filter(event_receivers::leased_until.le(now)),
            )
            .set(event_receivers::leased_until.eq(now + lease))
            .returning(Receiver::as_returning())
            .get_results(c)
            .await?)
        })
    }

    /// Events older than `before` are given up. Returns how many.
    pub async fn drop_events(&self, before: i64) -> Result<usize, StoreError> {
        write!(self, |c| Ok(diesel::delete(events::table.filter(events::created_at.lt(before)))
            .execute(c)
            .await?))
    }

    /// What is due for a client, oldest first.
    pub async fn due_events(&self, client_id: &str, limit: i64, now: i64) -> Result<Vec<Event>, StoreError> {
        read!(self, |c| Ok(events::table
            .filter(events::client_id.eq(client_id))
            .filter(events::not_before.le(now))
            .order(events::created_at)
            .limit(limit)
            .select(Event::as_select())
            .load(c)
            .await?))
    }

    /// Whether a client that is active may know of a person: by their consent or by a living grant, with `profile`.
    pub async fn sees_profile(&self, user_id: &str, client_id: &str, now: i64) -> Result<bool, StoreError> {
        let (agreed, granted): (Vec<String>, Vec<String>) = read!(self, |c| {
            let agreed = consents::table
                .inner_join(clients::table.on(clients::id.eq(consents::client_id)))
                .filter(consents::user_id.eq(user_id))
                .filter(consents::client_id.eq(client_id))
                .filter(clients::is_active.eq(true))
                .select(consents::scopes)
                .load(c)
                .await?;
            let granted = grants::table
                .inner_join(clients::table.on(clients::id.eq(grants::client_id)))
                .filter(grants::user_id.eq(user_id))
                .filter(grants::client_id.eq(client_id))
                .filter(grants::revoked_at.is_null())
                .filter(grants::expires_at.gt(now))
                .filter(clients::is_active.eq(true))
                .select(grants::scopes)
                .load(c)
                .await?;
            Ok((agreed, granted))
        })?;
        Ok(agreed.iter().chain(&granted).any(|scopes| has_profile(scopes)))
    }

    /// The client has it, or never will. A newer one that took its place meanwhile stays.
    pub async fn finish_event(&self, event: &Event) -> Result<(), StoreError> {
        let Event { id, client_id, user_id, .. } = event.clone();
        write!(self, |c| {
            diesel::delete(events::table.find((client_id, user_id)).filter(events::id.eq(id)))
                .execute(c)
                .await?;
            Ok(())
        })
    }

    /// Lets an event wait until `retry_at`.
    pub async fn postpone_event(&self, event: &Event, retry_at: i64) -> Result<(), StoreError> {
        let Event { id, client_id, user_id, .. } = event.clone();
        write!(self, |c| {
            diesel::update(events::table.find((client_id, user_id)).filter(events::id.eq(id)))
                .set((events::not_before.eq(retry_at), events::attempts.eq(events::attempts + 1)))
                .execute(c)
                .await?;
            Ok(())
        })
    }

    /// Gives a receiver back, for whoever still holds it.
    pub async fn release_receiver(&self, held: &Receiver, took: Took, now: i64) -> Result<(), StoreError> {
        let (client_id, lease) = (held.client_id.clone(), held.leased_until);
        write!(self, |c| {
            let receiver =
                event_receivers::table.find(&client_id).filter(event_receivers::leased_until.eq(lease));
            match took {
                Took::Answers { last_error } => {
                    diesel::update(receiver)
                        .set((
                            event_receivers::leased_until.eq(0i64),
                            event_receivers::failures.eq(0i64),
                            event_receivers::last_error.eq(last_error),
                            event_receivers::delivered_at.eq(Some(now)),
                        ))
                        .execute(c)
                        .await?;
                }
                Took::Fails { error, retry_at } => {
                    diesel::update(receiver)
                        .set((
                            event_receivers::leased_until.eq(0i64),
                            event_receivers::failures.eq(event_receivers::failures + 1),
                            event_receivers::last_error.eq(Some(error)),
                            event_receivers::not_before.eq(retry_at),
                        ))
                        .execute(c)
                        .await?;
                }
            }
            Ok(())
        })
    }
}
