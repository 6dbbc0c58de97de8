//! How a change is told to the other processes: in its own transaction, so that they hear of it if it commits.

use diesel::{ExpressionMethods, QueryDsl, sql_types::Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{CHANNEL, Subject};
use crate::{Store, StoreError, connect::Lite, schema::epoch};

/// PostgreSQL: one notification a subject.
///
/// Commits that notify are serialised by PostgreSQL, so only changes that others must hear of come here.
pub(crate) async fn announce(
    connection: &mut AsyncPgConnection,
    subjects: &[Subject],
) -> Result<(), StoreError> {
    for subject in subjects {
        diesel::sql_query("SELECT pg_notify($1, $2)")
            .bind::<Text, _>(CHANNEL)
            .bind::<Text, _>(subject.to_payload())
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// The same on SQLite: a number that every process looks at.
pub(crate) async fn bump(connection: &mut Lite, subjects: &[Subject]) -> Result<i64, StoreError> {
    if subjects.is_empty() {
        return Ok(0);
    }
    Ok(diesel::update(epoch::table.find(1))
        .set(epoch::value.eq(epoch::value + 1))
        .returning(epoch::value)
        .get_result(connection)
        .await?)
}

impl Store {
    pub(crate) async fn epoch(&self) -> Result<i64, StoreError> {
        read!(self, |c| Ok(epoch::table.find(1).select(epoch::value).first::<i64>(c).await?))
    }
}
