//! Clients' logos as we made them anew.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::{
    Store, StoreError,
    schema::{client_logos, clients},
};

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = client_logos)]
pub struct ClientLogo {
    pub client_id: String,
    /// Where it came from: a registration that names another address needs another picture.
    pub source_uri: String,
    pub jpeg: Vec<u8>,
    pub fetched_at: i64,
}

impl Store {
    pub async fn client_logo(&self, client_id: &str) -> Result<Option<ClientLogo>, StoreError> {
        let id = client_id.to_owned();
        read!(self, |c| Ok(client_logos::table
            .find(&id)
            .select(ClientLogo::as_select())
            .first(c)
            .await
            .optional()?))
    }

    /// In the place of an older one; nothing where the client is gone meanwhile.
    pub async fn keep_client_logo(&self, logo: ClientLogo) -> Result<(), StoreError> {
        write!(self, |c| {
            let there: Option<String> =
                clients::table.find(&logo.client_id).select(clients::id).first(c).await.optional()?;
            if there.is_some() {
                diesel::insert_into(client_logos::table)
                    .values(logo.clone())
                    .on_conflict(client_logos::client_id)
                    .do_update()
                    .set(logo)
                    .execute(c)
                    .await?;
            }
            Ok(())
        })
    }
}
