//! Grants: what a person gave a client, one row each. Every access and refresh token of a grant dies with it.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use protocol::Scopes;

use crate::{
    Store, StoreError, Subject,
    schema::{clients, grants, revoked_tokens, users},
};

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = grants)]
pub struct Grant {
    pub id: String,
    pub client_id: String,
    pub user_id: String,
    /// The session it was given in; signing out ends it unless `offline`.
    pub sid: Option<String>,
    #[diesel(deserialize_as = String, serialize_as = String)]
    pub scopes: Scopes,
    pub offline: bool,
    /// The `claims` parameter, JSON.
    pub claims: Option<String>,
    pub auth_time: i64,
    pub amr: String,
    pub created_at: i64,
    /// When the last token that can come of it has ended; the row may go then.
    pub expires_at: i64,
    pub revoked_at: Option<i64>,
    /// Who alone may use its refresh tokens: `cnf` of RFC 7800, JSON.
    pub confirmation: Option<String>,
    /// As of the code.
    pub resources: Option<String>,
    pub authorization_details: Option<String>,
    pub acr: Option<String>,
}

impl Store {
    pub async fn grant(&self, id: &str) -> Result<Option<Grant>, StoreError> {
        read!(self, |c| Ok(grants::table.find(id).select(Grant::as_select()).first(c).await.optional()?))
    }

    /// The grant of an access token that still counts, in one round trip: the grant lives, the person and the client
    /// are active, and this one token was not revoked on its own.
    pub async fn live_grant(&self, grant_id: &str, jti: &str) -> Result<Option<Grant>, StoreError> {
        let found: Option<(Grant, Option<String>)> = read!(self, |c| Ok(grants::table
            .inner_join(users::table.on(users::id.eq(grants::user_id)))
            .inner_join(clients::table.on(clients::id.eq(grants::client_id)))
            .left_join(revoked_tokens::table.on(revoked_tokens::jti.eq(jti)))
            .filter(grants::id.eq(grant_id))
            .filter(grants::revoked_at.is_null())
            .filter(users::is_active.eq(true))
            .filter(clients::is_active.eq(true))
            .select((Grant::as_select(), revoked_tokens::jti.nullable()))
            .first(c)
            .await
            .optional()?))?;
        Ok(found.and_then(|(grant, revoked)| revoked.is_none().then_some(grant)))
    }

    /// Whether a token without a grant (client credentials) still counts.
    pub async fn client_token_is_live(&self, client_id: &str, jti: &str) -> Result<bool, StoreError> {
        let revoked: Option<Option<String>> = read!(self, |c| Ok(clients::table
            .left_join(revoked_tokens::table.on(revoked_tokens::jti.eq(jti)))
            .filter(clients::id.eq(client_id))
            .filter(clients::is_active.eq(true))
            .select(revoked_tokens::jti.nullable())
            .first(c)
            .await
            .optional()?))?;
        Ok(revoked == Some(None))
    }

    /// Ends every token of a grant. False where it was ended already.
    pub async fn revoke_grant(&self, id: &str, now: i64) -> Result<bool, StoreError> {
        let id = id.to_owned();
        change!(self, |c| {
            let ended = diesel::update(grants::table.find(&id).filter(grants::revoked_at.is_null()))
                .set(grants::revoked_at.eq(Some(now)))
                .execute(c)
                .await?;
            Ok((ended == 1, vec![Subject::Grant(id)]))
        })
    }
}
