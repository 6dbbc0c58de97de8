//! Single values that belong to the installation: fingerprints, the set-up link.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::{Store, StoreError, schema::settings};

impl Store {
    pub async fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        read!(self, |c| Ok(settings::table.find(name).select(settings::value).first(c).await.optional()?))
    }

    /// Writes a value unless one is there; returns the one that stands. However many nodes ask, one wins.
    pub async fn settle_setting(&self, name: &str, value: &str) -> Result<String, StoreError> {
        let (name, value) = (name.to_owned(), value.to_owned());
        write!(self, |c| {
            diesel::insert_into(settings::table)
                .values((settings::name.eq(&name), settings::value.eq(&value)))
                .on_conflict_do_nothing()
                .execute(c)
                .await?;
            Ok(settings::table.find(&name).select(settings::value).first(c).await?)
        })
    }

    pub async fn put_setting(&self, name: &str, value: &str) -> Result<(), StoreError> {
        let (name, value) = (name.to_owned(), value.to_owned());
        write!(self, |c| {
            diesel::insert_into(settings::table)
                .values((settings::name.eq(&name), settings::value.eq(&value)))
                .on_conflict(settings::name)
                .do_update()
                .set(settings::value.eq(&value))
                .execute(c)
                .await?;
            Ok(())
        })
    }
}
