//! Device authorization (RFC 8628): a device waits, a person says yes in their own browser, the device fetches its tokens.
//!
//! The yes makes the grant at once, so that whatever ends grants (signing out, withdrawal, a new password) ends it too
//! before the device has come for its tokens.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use protocol::{Scopes, device};

use crate::{
    Store, StoreError,
    codes::{Ground, Issued, stand},
    grants::Grant,
    refresh_tokens::RefreshToken,
    schema::{device_codes, grants, refresh_tokens},
};

/// Devices of one client that may wait at a time.
pub const MOST: i64 = 10_000;

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = device_codes)]
pub struct DeviceCode {
    /// SHA-256 of the `device_code`.
    pub digest: Vec<u8>,
    /// SHA-256 of the `user_code`, as [`protocol::device::normalised`] has it.
    pub user_code: Vec<u8>,
    pub client_id: String,
    #[diesel(deserialize_as = String, serialize_as = String)]
    pub scopes: Scopes,
    /// As of codes.
    pub resources: Option<String>,
    pub authorization_details: Option<String>,
    /// [`device::PENDING`], [`device::DENIED`] or [`device::APPROVED`].
    pub state: String,
    /// What came of the yes.
    pub grant_id: Option<String>,
    pub poll_interval: i64,
    /// Sooner than this is too often.
    pub poll_after: i64,
    pub created_at: i64,
    pub expires_at: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    Written,
    /// Another device shows this user code.
    Taken,
    /// [`MOST`] wait already.
    TooMany,
}

impl Store {
    pub async fn insert_device_code(&self, code: DeviceCode) -> Result<Begun, StoreError> {
        write!(self, |c| {
            let waiting: Option<i64> = device_codes::table
                .filter(device_codes::client_id.eq(&code.client_id))
                .filter(device_codes::expires_at.gt(code.created_at))
                .offset(MOST - 1)
                .select(device_codes::created_at)
                .first(c)
                .await
                .optional()?;
            if waiting.is_some() {
                return Ok(Begun::TooMany);
            }
            let insert = diesel::insert_into(device_codes::table).values(code).on_conflict_do_nothing();
            Ok(if insert.execute(c).await? == 1 { Begun::Written } else { Begun::Taken })
        })
    }

    /// Living or not: the rules decide.
    pub async fn device_code(&self, digest: &[u8]) -> Result<Option<DeviceCode>, StoreError> {
        read!(self, |c| Ok(device_codes::table
            .find(digest)
            .select(DeviceCode::as_select())
            .first(c)
            .await
            .optional()?))
    }

    /// The device that shows this code and still waits.
    pub async fn waiting_device(&self, user_code: &[u8], now: i64) -> Result<Option<DeviceCode>, StoreError> {
        read!(self, |c| Ok(device_codes::table
            .filter(device_codes::user_code.eq(user_code))
            .filter(device_codes::state.eq(device::PENDING))
            .filter(device_codes::expires_at.gt(now))
            .select(DeviceCode::as_select())
            .first(c)
            .await
            .optional()?))
    }

    /// A device asks whether its person has answered. True: sooner than it may, and from now on it has to wait longer by
    /// `penalty`, on whatever node it asks.
    pub async fn poll_device(&self, digest: &[u8], penalty: i64, now: i64) -> Result<bool, StoreError> {
        let digest = digest.to_owned();
        write!(self, |c| {
            let pending =
                || device_codes::table.find(&digest).filter(device_codes::state.eq(device::PENDING));
            let in_time = diesel::update(pending().filter(device_codes::poll_after.le(now)))
                .set(device_codes::poll_after.eq(device_codes::poll_interval + now))
                .execute(c)
                .await?;
            if in_time == 1 {
                return Ok(false);
            }
            // None where it was answered since it was read: the next poll will hear of it.
            let too_soon = diesel::update(pending())
                .set((
                    device_codes::poll_interval.eq(device_codes::poll_interval + penalty),
                    device_codes::poll_after.eq(device_codes::poll_interval + (now + penalty)),
                ))
                .execute(c)
                .await?;
            Ok(too_soon == 1)
        })
    }

    /// The person's yes: the grant, for the resources that the device asked for, while what it stands on is there and the
    /// device still waits. One transaction.
    pub async fn approve_device(
        &self,
        digest: &[u8],
        grant: Grant,
        ground: Ground,
        now: i64,
    ) -> Result<Issued, StoreError> {
        let digest = digest.to_owned();
        write!(self, |c| {
            if let Some(lost) = stand!(c, &grant.user_id, &grant.client_id, grant.sid.as_deref(), ground, now)
            {
                return Ok(lost);
            }
            let waiting = device_codes::table
                .find(&digest)
                .filter(device_codes::state.eq(device::PENDING))
                .filter(device_codes::expires_at.gt(now));
            let asked: Option<(Option<String>, Option<String>)> = diesel::update(waiting)
                .set((
                    device_codes::state.eq(device::APPROVED),
                    device_codes::grant_id.eq(Some(grant.id.clone())),
                ))
                .returning((device_codes::resources, device_codes::authorization_details))
                .get_result(c)
                .await
                .optional()?;
            let Some((resources, authorization_details)) = asked else { return Ok(Issued::Over) };
            let grant = Grant { resources, authorization_details, ..grant };
            diesel::insert_into(grants::table).values(grant).execute(c).await?;
            Ok(Issued::Written)
        })
    }

    /// The person's no, which ends the interaction. False where the device does not wait any more.
    pub async fn deny_device(&self, digest: &[u8], interaction: &[u8]) -> Result<bool, StoreError> {
        let (digest, interaction) = (digest.to_owned(), interaction.to_owned());
        write!(self, |c| {
            let waiting = crate::schema::interactions::table.find(interaction);
            if diesel::delete(waiting).execute(c).await? == 0 {
                return Ok(false);
            }
            let pending = device_codes::table.find(&digest).filter(device_codes::state.eq(device::PENDING));
            let denied =
                diesel::update(pending).set(device_codes::state.eq(device::DENIED)).execute(c).await?;
            Ok(denied == 1)
        })
    }

    /// The device fetches its tokens: for one caller, the row goes and the grant lives on with what `refresh` brings.
    /// `None` for whoever comes second, and where the grant has ended meanwhile.
    pub async fn spend_device_code(
        &self,
        digest: &[u8],
        refresh: Option<RefreshToken>,
        confirmation: Option<String>,
        expires_at: i64,
        now: i64,
    ) -> Result<Option<Grant>, StoreError> {
        let digest = digest.to_owned();
        write!(self, |c| {
            let approved = device_codes::table
                .find(&digest)
                .filter(device_codes::state.eq(device::APPROVED))
                .filter(device_codes::expires_at.gt(now));
            let spent: Option<Option<String>> =
                diesel::delete(approved).returning(device_codes::grant_id).get_result(c).await.optional()?;
            let Some(grant_id) = spent.flatten() else { return Ok(None) };
            let grant: Option<Grant> =
                diesel::update(grants::table.find(&grant_id).filter(grants::revoked_at.is_null()))
                    .set((grants::expires_at.eq(expires_at), grants::confirmation.eq(confirmation)))
                    .returning(Grant::as_returning())
                    .get_result(c)
                    .await
                    .optional()?;
            if let (Some(grant), Some(refresh)) = (&grant, refresh) {
                let refresh = RefreshToken { grant_id: grant.id.clone(), ..refresh };
                diesel::insert_into(refresh_tokens::table).values(refresh).execute(c).await?;
            }
            Ok(grant)
        })
    }
}
