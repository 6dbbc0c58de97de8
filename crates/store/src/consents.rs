//! What a person agreed that a client may have.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use protocol::Scopes;

use crate::{
    Store, StoreError, Subject,
    schema::{clients, codes, consents, events, grants, interactions, picture_links},
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

    /// Records a yes on the consent page of one interaction, in one transaction. `consent.scopes` is what the yes was
    /// said to; it joins what stands by then. `everyone`: an administrator approves it for every person too (S40).
    pub async fn record_consent(
        &self,
        consent: Consent,
        interaction: &[u8],
        everyone: bool,
    ) -> Result<(), StoreError> {
        let interaction = interaction.to_owned();
        change!(self, |c| {
            let (agreed, now) = (consent.scopes.clone(), consent.updated_at);
            let (user_id, client_id) = (consent.user_id.clone(), consent.client_id.clone());
            // Written before it is read: nobody changes the row between the two.
            let standing: String = diesel::insert_into(consents::table)
                .values(consent)
                .on_conflict((consents::user_id, consents::client_id))
                .do_update()
                .set(consents::updated_at.eq(now))
                .returning(consents::scopes)
                .get_result(c)
                .await?;
            diesel::update(consents::table.find((user_id, &client_id)))
                .set(consents::scopes.eq(joined(&standing, &agreed)))
                .execute(c)
                .await?;
            diesel::update(interactions::table.find(interaction))
                .set(interactions::consented.eq(Some(agreed.to_string())))
                .execute(c)
                .await?;
            if !everyone {
                return Ok(((), Vec::new()));
            }
            let standing: Option<String> = diesel::update(clients::table.find(&client_id))
                .set(clients::updated_at.eq(now))
                .returning(clients::everyone_scopes)
                .get_result(c)
                .await
                .optional()?;
            if let Some(standing) = standing {
                diesel::update(clients::table.find(&client_id))
                    .set(clients::everyone_scopes.eq(joined(&standing, &agreed)))
                    .execute(c)
                    .await?;
            }
            Ok(((), vec![Subject::Client(client_id)]))
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
            // What it was to be told of them it is not told any more.
            diesel::delete(events::table.find((&client_id, &user_id))).execute(c).await?;
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
            // After the grants: whoever is making an address for one of them has finished, or finds it ended.
            diesel::delete(
                picture_links::table
                    .filter(picture_links::user_id.eq(&user_id))
                    .filter(picture_links::client_id.eq(&client_id)),
            )
            .execute(c)
            .await?;
            Ok((found == 1 || !ended.is_empty(), ended.into_iter().map(Subject::Grant).collect()))
        })
    }
}

fn joined(standing: &str, agreed: &Scopes) -> String {
    Scopes::parse(standing).unwrap_or_default().union(agreed).to_string()
}
