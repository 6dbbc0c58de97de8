//! What happened, by whom, to whom. Rows are only ever added, and swept after `audit_kept`.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::{Store, StoreError, schema::audit};

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit)]
pub struct AuditRow {
    pub id: String,
    pub at: i64,
    /// A person's id, a client's id or `command`.
    pub actor: Option<String>,
    /// A dotted verb: `photo.replaced`, `user.disabled`.
    pub action: String,
    pub subject: String,
    /// JSON; never a secret.
    pub detail: String,
}

impl Store {
    pub async fn record(&self, row: AuditRow) -> Result<(), StoreError> {
        write!(self, |c| {
            diesel::insert_into(audit::table).values(row).execute(c).await?;
            Ok(())
        })
    }

    /// The newest rows about a subject.
    pub async fn audit_of(&self, subject: &str, limit: i64) -> Result<Vec<AuditRow>, StoreError> {
        read!(self, |c| Ok(audit::table
            .filter(audit::subject.eq(subject))
            .order(audit::at.desc())
            .limit(limit)
            .select(AuditRow::as_select())
            .load(c)
            .await?))
    }
}
