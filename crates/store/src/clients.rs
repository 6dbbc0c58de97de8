//! Registered clients, kept in memory while nothing changes: every token request needs one.

use std::sync::Arc;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use moka::sync::Cache as Moka;
use protocol::{AuthMethod, Client, ClientMetadata, Scopes, SigningAlg};

use crate::{
    Stamp, Store, StoreError, Subject,
    audit::AuditRow,
    schema::{audit, clients},
};

const KEPT: u64 = 20_000;

/// Clients by id, each with the stamp under which it was read.
pub(crate) struct Cache(Moka<String, (Stamp, Arc<Client>)>);

impl Cache {
    pub fn new() -> Self {
        Self(Moka::new(KEPT))
    }
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = clients)]
#[diesel(treat_none_as_null = true)]
pub(crate) struct Row {
    pub id: String,
    name: String,
    secret_digest: Option<Vec<u8>>,
    auth_method: String,
    redirect_uris: String,
    post_logout_redirect_uris: String,
    grant_types: String,
    response_types: String,
    scopes: String,
    jwks: Option<String>,
    id_token_alg: String,
    rotate_refresh: bool,
    trusted: bool,
    resource_server: bool,
    everyone_scopes: String,
    logo_uri: Option<String>,
    client_uri: Option<String>,
    policy_uri: Option<String>,
    tos_uri: Option<String>,
    is_active: bool,
    pub created_at: i64,
    updated_at: i64,
    sealed_secret: Option<Vec<u8>>,
    metadata: String,
    registered_by: String,
    management_digest: Option<Vec<u8>>,
    used_at: Option<i64>,
}

impl From<Client> for Row {
    fn from(client: Client) -> Self {
        Self {
            id: client.id,
            name: client.name,
            secret_digest: client.secret_digest,
            auth_method: client.auth_method.as_str().into(),
            redirect_uris: list(&client.redirect_uris),
            post_logout_redirect_uris: list(&client.post_logout_redirect_uris),
            grant_types: list(&client.grant_types),
            response_types: list(&client.response_types),
            scopes: client.scopes.to_string(),
            jwks: client.jwks,
            id_token_alg: client.id_token_alg.as_str().into(),
            rotate_refresh: client.rotate_refresh,
            trusted: client.trusted,
            resource_server: client.resource_server,
            everyone_scopes: client.everyone_scopes.to_string(),
            logo_uri: client.logo_uri,
            client_uri: client.client_uri,
            policy_uri: client.policy_uri,
            tos_uri: client.tos_uri,
            is_active: client.is_active,
            created_at: client.created_at,
            updated_at: client.updated_at,
            sealed_secret: client.sealed_secret,
            metadata: client.metadata.to_json(),
            registered_by: client.registered_by,
            management_digest: client.management_digest,
            used_at: client.used_at,
        }
    }
}

impl TryFrom<Row> for Client {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let broken = |what: &str| StoreError::Fault(format!("client {} has a broken {what}", row.id));
        Ok(Self {
            auth_method: AuthMethod::parse(&row.auth_method).ok_or_else(|| broken("auth_method"))?,
            redirect_uris: unlist(&row.redirect_uris).ok_or_else(|| broken("redirect_uris"))?,
            post_logout_redirect_uris: unlist(&row.post_logout_redirect_uris)
                .ok_or_else(|| broken("post_logout_redirect_uris"))?,
            grant_types: unlist(&row.grant_types).ok_or_else(|| broken("grant_types"))?,
            response_types: unlist(&row.response_types).ok_or_else(|| broken("response_types"))?,
            scopes: Scopes::parse(&row.scopes).map_err(|_| broken("scopes"))?,
            everyone_scopes: Scopes::parse(&row.everyone_scopes).map_err(|_| broken("everyone_scopes"))?,
            id_token_alg: SigningAlg::parse(&row.id_token_alg).ok_or_else(|| broken("id_token_alg"))?,
            metadata: ClientMetadata::from_json(&row.metadata).map_err(|_| broken("metadata"))?,
            id: row.id,
            name: row.name,
            secret_digest: row.secret_digest,
            jwks: row.jwks,
            rotate_refresh: row.rotate_refresh,
            trusted: row.trusted,
            resource_server: row.resource_server,
            logo_uri: row.logo_uri,
            client_uri: row.client_uri,
            policy_uri: row.policy_uri,
            tos_uri: row.tos_uri,
            is_active: row.is_active,
            created_at: row.created_at,
            updated_at: row.updated_at,
            sealed_secret: row.sealed_secret,
            registered_by: row.registered_by,
            management_digest: row.management_digest,
            used_at: row.used_at,
        })
    }
}

fn list(values: &[String]) -> String {
    serde_json::Value::from(values).to_string()
}

fn unlist(text: &str) -> Option<Vec<String>> {
    serde_json::from_str(text).ok()
}

impl Store {
    /// # Errors
    /// `Conflict` where the id is taken.
    pub async fn insert_client(&self, client: Client) -> Result<(), StoreError> {
        let row = Row::from(client);
        change!(self, |c| {
            let subject = Subject::Client(row.id.clone());
            diesel::insert_into(clients::table).values(row).execute(c).await?;
            Ok(((), vec![subject]))
        })
    }

    /// From memory where nothing changed since; disabled clients too.
    pub async fn client(&self, id: &str) -> Result<Option<Arc<Client>>, StoreError> {
        let kept = &self.inner.clients.0;
        if let Some((stamp, client)) = kept.get(id)
            && self.freshness().holds(&stamp)
        {
            return Ok(Some(client));
        }
        let stamp = self.freshness().stamp(&[Subject::Client(id.to_owned())]);
        let row: Option<Row> = read!(self, |c| Ok(clients::table
            .find(id)
            .select(Row::as_select())
            .first(c)
            .await
            .optional()?))?;
        let Some(row) = row else { return Ok(None) };
        let client = Arc::new(Client::try_from(row)?);
        if self.freshness().is_leased() {
            kept.insert(id.to_owned(), (stamp, client.clone()));
        }
        Ok(Some(client))
    }

    pub async fn clients(&self) -> Result<Vec<Client>, StoreError> {
        let rows: Vec<Row> = read!(self, |c| Ok(clients::table
            .order(clients::created_at)
            .select(Row::as_select())
            .load(c)
            .await?))?;
        rows.into_iter().map(Client::try_from).collect()
    }

    /// Replaces what is registered under `client.id`; false where there is none.
    pub async fn update_client(&self, client: Client) -> Result<bool, StoreError> {
        let row = Row::from(client);
        change!(self, |c| {
            let subject = Subject::Client(row.id.clone());
            let found = diesel::update(clients::table.find(row.id.clone())).set(row).execute(c).await?;
            Ok((found == 1, vec![subject]))
        })
    }

    /// Its consents, codes and grants go with it. The audit row is written with the end, or not at all.
    pub async fn delete_client(&self, id: &str, entry: AuditRow) -> Result<bool, StoreError> {
        let id = id.to_owned();
        change!(self, |c| {
            let found = diesel::delete(clients::table.find(&id)).execute(c).await?;
            if found == 1 {
                diesel::insert_into(audit::table).values(entry).execute(c).await?;
            }
            Ok((found == 1, vec![Subject::Client(id)]))
        })
    }
}
