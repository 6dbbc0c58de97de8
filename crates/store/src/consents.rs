//! What a person agreed that a client may have.

use std::collections::BTreeMap;

use diesel::{prelude::*, upsert::excluded};
use diesel_async::RunQueryDsl;
use protocol::Scopes;

use crate::{
    Store, StoreError, Subject,
    schema::{clients, codes, consents, grants, interactions},
};

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = consents)]
pub struct Consent {
    pub user_id: String,
    pub client_id: String,
    #[diesel(deserialize_as = String, serialize_as = String)]
    pub scopes: Scopes,
    pub granted_at: i64,
    pub updated_at: i64,
}

/// An application that a person is connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    pub client_id: String,
    pub client_name: String,
    pub scopes: Scopes,
    pub since: i64,
}

impl Store {
    pub async fn consent(&self, user_id: &str, client_id: &str) -> Result<Option<Consent>, StoreError> {
        read!(self, |c| Ok(consents::table
            .find((user_id, client_id))
            .select(Consent::as_select())
            .first(c)
            .await
            .optional()?))
    }

    /// Every active application that the person is connected to, by name: those they agreed to, and those that nobody is
    /// asked about (trusted, or approved for everyone) while a grant of theirs lives.
    pub async fn connections(&self, user_id: &str, now: i64) -> Result<Vec<Connection>, StoreError> {
        type Row = (String, String, String, i64);
        let (agreed, granted): (Vec<Row>, Vec<Row>) = read!(self, |c| {
            let agreed = consents::table
                .inner_join(clients::table.on(clients::id.eq(consents::client_id)))
                .filter(consents::user_id.eq(user_id))
                .filter(clients::is_active.eq(true))
                .select((clients::name, clients::id, consents::scopes, consents::granted_at))
                .load(c)
                .await?;
            let granted = grants::table
                .inner_join(clients::table.on(clients::id.eq(grants::client_id)))
                .filter(grants::user_id.eq(user_id))
                .filter(grants::revoked_at.is_null())
                .filter(grants::expires_at.gt(now))
                .filter(clients::is_active.eq(true))
                .order(grants::created_at)
                .select((clients::name, clients::id, grants::scopes, grants::created_at))
                .load(c)
                .await?;
            Ok((agreed, granted))
        })?;
        let mut found: BTreeMap<(String, String), Connection> = BTreeMap::new();
        for (name, client_id, scopes, since) in agreed.into_iter().chain(granted) {
            let scopes = Scopes::parse(&scopes).unwrap_or_default();
            found
                .entry((name.to_lowercase(), client_id.clone()))
                .and_modify(|connection| connection.scopes = connection.scopes.union(&scopes))
                .or_insert(Connection { client_id, client_name: name, scopes, since });
        }
        Ok(found.into_values().collect())
    }

    /// Records a yes on the consent page of one interaction, in one transaction. `consent.scopes` is the whole set that
    /// stands from now on. `everyone`: what an administrator approves for every person (S40).
    pub async fn record_consent(
        &self,
        consent: Consent,
        interaction: &[u8],
        agreed: &Scopes,
        everyone: Option<Scopes>,
    ) -> Result<(), StoreError> {
        let (interaction, agreed) = (interaction.to_owned(), agreed.to_string());
        change!(self, |c| {
            let client_id = consent.client_id.clone();
            diesel::insert_into(consents::table)
                .values(consent)
                .on_conflict((consents::user_id, consents::client_id))
                .do_update()
                .set((
                    consents::scopes.eq(excluded(consents::scopes)),
                    consents::updated_at.eq(excluded(consents::updated_at)),
                ))
                .execute(c)
                .await?;
            diesel::update(interactions::table.find(interaction))
                .set(interactions::consented.eq(Some(agreed)))
                .execute(c)
                .await?;
            let mut subjects = Vec::new();
            if let Some(scopes) = everyone {
                diesel::update(clients::table.find(&client_id))
                    .set(clients::everyone_scopes.eq(scopes.to_string()))
                    .execute(c)
                    .await?;
                subjects.push(Subject::Client(client_id));
            }
            Ok(((), subjects))
        })
    }

    /// The person takes it back: consent, codes and every token of the client for this person are gone.
    pub async fn withdraw_consent(
        &self,
        user_id: &str,
        client_id: &str,
        now: i64,
    ) -> Result<bool, StoreError> {
        let (user_id, client_id) = (user_id.to_owned(), client_id.to_owned());
        change!(self, |c| {
            let found = diesel::delete(consents::table.find((&user_id, &client_id))).execute(c).await?;
            diesel::delete(
                codes::table.filter(codes::user_id.eq(&user_id)).filter(codes::client_id.eq(&client_id)),
            )
            .execute(c)
            .await?;
            let ended: Vec<String> = diesel::update(
                grants::table
                    .filter(grants::user_id.eq(&user_id))
                    .filter(grants::client_id.eq(&client_id))
                    .filter(grants::revoked_at.is_null()),
            )
            .set(grants::revoked_at.eq(Some(now)))
            .returning(grants::id)
            .get_results(c)
            .await?;
            Ok((found == 1 || !ended.is_empty(), ended.into_iter().map(Subject::Grant).collect()))
        })
    }
}
