//! Authorization requests on their way through sign-in and consent. Known by a handle in the URL, bound to a browser.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::{
    Store, StoreError,
    schema::{interactions, pushed_requests},
};

/// Pending requests of one browser: many tabs (S32), and an end to them.
pub const MOST: i64 = 200;

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = interactions)]
pub struct Interaction {
    /// SHA-256 of the handle.
    pub digest: Vec<u8>,
    /// SHA-256 of the browser cookie's value (S28); empty until the first browser opens it, where the request came by
    /// POST from another site and so without our cookies.
    pub browser: Vec<u8>,
    pub client_id: String,
    /// The request's parameters as JSON, in the form that `protocol` reads back.
    pub parameters: String,
    /// The scopes that the person agreed to on the consent page of this interaction.
    pub consented: Option<String>,
    pub denied: bool,
    pub created_at: i64,
    pub expires_at: i64,
    /// The pushed request that is spent when the person is through.
    pub pushed: Option<Vec<u8>>,
}

impl Store {
    /// A browser has at most [`MOST`] at a time: the oldest give way.
    pub async fn insert_interaction(&self, interaction: Interaction) -> Result<(), StoreError> {
        write!(self, |c| {
            if !interaction.browser.is_empty() {
                let own = || interactions::table.filter(interactions::browser.eq(&interaction.browser));
                let too_old: Option<i64> = own()
                    .order(interactions::created_at.desc())
                    .offset(MOST - 1)
                    .select(interactions::created_at)
                    .first(c)
                    .await
                    .optional()?;
                if let Some(too_old) = too_old {
                    diesel::delete(own().filter(interactions::created_at.le(too_old))).execute(c).await?;
                }
            }
            diesel::insert_into(interactions::table).values(interaction).execute(c).await?;
            Ok(())
        })
    }

    /// Only for the browser that began it, and only while it lives.
    pub async fn interaction(
        &self,
        digest: &[u8],
        browser: &[u8],
        now: i64,
    ) -> Result<Option<Interaction>, StoreError> {
        read!(self, |c| Ok(interactions::table
            .find(digest)
            .filter(interactions::browser.eq(browser))
            .filter(interactions::expires_at.gt(now))
            .select(Interaction::as_select())
            .first(c)
            .await
            .optional()?))
    }

    /// Whichever browser it belongs to: for the hub, which tells the wrong browser from none.
    pub async fn interaction_of_any_browser(
        &self,
        digest: &[u8],
        now: i64,
    ) -> Result<Option<Interaction>, StoreError> {
        read!(self, |c| Ok(interactions::table
            .find(digest)
            .filter(interactions::expires_at.gt(now))
            .select(Interaction::as_select())
            .first(c)
            .await
            .optional()?))
    }

    /// Binds an interaction that came without a browser to the first one that opens it, and gives it time; false where
    /// another was first.
    pub async fn bind_interaction(
        &self,
        digest: &[u8],
        browser: &[u8],
        expires_at: i64,
    ) -> Result<bool, StoreError> {
        let (digest, browser) = (digest.to_owned(), browser.to_owned());
        write!(self, |c| Ok(diesel::update(
            interactions::table.find(digest).filter(interactions::browser.eq(Vec::<u8>::new())),
        )
        .set((interactions::browser.eq(browser), interactions::expires_at.eq(expires_at)))
        .execute(c)
        .await?
            == 1))
    }

    /// The person said no. The hub then answers the client.
    pub async fn deny_interaction(&self, digest: &[u8]) -> Result<bool, StoreError> {
        let digest = digest.to_owned();
        write!(self, |c| Ok(diesel::update(interactions::table.find(digest))
            .set(interactions::denied.eq(true))
            .execute(c)
            .await?
            == 1))
    }

    /// Takes the interaction away, and with it the pushed request that it came of; true for the one caller who gets it.
    pub async fn end_interaction(&self, digest: &[u8]) -> Result<bool, StoreError> {
        let digest = digest.to_owned();
        write!(self, |c| {
            let ended: Option<Option<Vec<u8>>> = diesel::delete(interactions::table.find(digest))
                .returning(interactions::pushed)
                .get_result(c)
                .await
                .optional()?;
            if let Some(Some(pushed)) = &ended {
                diesel::delete(pushed_requests::table.find(pushed)).execute(c).await?;
            }
            Ok(ended.is_some())
        })
    }
}
