//! People who may not upload pictures, and why: the reason is theirs to read.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::{
    Store, StoreError,
    audit::AuditRow,
    schema::{audit, photo_blocks, users},
};

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = photo_blocks)]
pub struct PhotoBlock {
    pub user_id: String,
    /// For the person.
    pub reason: String,
    /// An administrator's id, or `command`.
    pub blocked_by: String,
    pub created_at: i64,
}

/// Within a transaction: whether the person is blocked. What was uploaded before is not confirmed afterwards.
macro_rules! is_blocked {
    ($c:ident, $user_id:expr) => {{
        let found: Option<String> = $crate::schema::photo_blocks::table
            .find($user_id)
            .select($crate::schema::photo_blocks::user_id)
            .first($c)
            .await
            .optional()?;
        found.is_some()
    }};
}
pub(crate) use is_blocked;

impl Store {
    pub async fn photo_block(&self, user_id: &str) -> Result<Option<PhotoBlock>, StoreError> {
        read!(self, |c| Ok(photo_blocks::table
            .find(user_id)
            .select(PhotoBlock::as_select())
            .first(c)
            .await
            .optional()?))
    }

    /// Blocked people with their addresses, `limit` after the person `after`.
    pub async fn photo_blocks(
        &self,
        after: &str,
        limit: i64,
    ) -> Result<Vec<(PhotoBlock, String)>, StoreError> {
        read!(self, |c| Ok(photo_blocks::table
            .inner_join(users::table.on(users::id.eq(photo_blocks::user_id)))
            .filter(photo_blocks::user_id.gt(after))
            .order(photo_blocks::user_id)
            .limit(limit)
            .select((PhotoBlock::as_select(), users::email))
            .load(c)
            .await?))
    }

    /// Blocks, or renews the reason of a block that stands. False where there is no such person.
    pub async fn block_photos(&self, block: PhotoBlock, entry: AuditRow) -> Result<bool, StoreError> {
        write!(self, |c| {
            // Holds the person's row, as a confirmation does: none that began before commits after this.
            let person = diesel::update(users::table.find(&block.user_id))
                .set(users::updated_at.eq(users::updated_at));
            if person.execute(c).await? == 0 {
                return Ok(false);
            }
            diesel::insert_into(photo_blocks::table)
                .values(&block)
                .on_conflict(photo_blocks::user_id)
                .do_update()
                .set((
                    photo_blocks::reason.eq(&block.reason),
                    photo_blocks::blocked_by.eq(&block.blocked_by),
                    photo_blocks::created_at.eq(block.created_at),
                ))
                .execute(c)
                .await?;
            diesel::insert_into(audit::table).values(entry).execute(c).await?;
            Ok(true)
        })
    }

    /// False where there was no block.
    pub async fn unblock_photos(&self, user_id: &str, entry: AuditRow) -> Result<bool, StoreError> {
        let user_id = user_id.to_owned();
        write!(self, |c| {
            let lifted = diesel::delete(photo_blocks::table.find(&user_id)).execute(c).await?;
            if lifted == 1 {
                diesel::insert_into(audit::table).values(entry).execute(c).await?;
            }
            Ok(lifted == 1)
        })
    }
}
