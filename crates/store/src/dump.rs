//! The whole database as lines of JSON, one a row, and back again: the same text from both databases, so that a backup
//! of one can be restored into the other.
//!
//! Text and numbers stand as they are, bytes in hexadecimal. The columns are asked of the database itself, so a
//! migration that adds some needs nothing here; a new table goes into [`TABLES`], and a test says so.

use diesel::{
    QueryableByName, sql_query,
    sql_types::{BigInt, Text},
};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

use crate::{
    Store, StoreError,
    connect::{Backend, Lite},
};

/// Every table, those that others refer to first.
pub const TABLES: [&str; 35] = [
    "settings",
    "epoch",
    "keys",
    "users",
    "clients",
    "sessions",
    "interactions",
    "consents",
    "grants",
    "codes",
    "refresh_tokens",
    "revoked_tokens",
    "used_assertions",
    "attempts",
    "albums",
    "pictures",
    "deletions",
    "photo_blocks",
    "photo_refusals",
    "organizations",
    "organization_owners",
    "organization_invitations",
    "galleries",
    "personal_tokens",
    "picture_links",
    "event_receivers",
    "events",
    "client_logos",
    "initial_access_tokens",
    "pushed_requests",
    "device_codes",
    "opaque_tokens",
    "session_clients",
    "logout_notices",
    "audit",
];

/// Somebody has begun to live in a database that has rows in one of these.
const INHABITED: [&str; 4] = ["users", "clients", "pictures", "organizations"];

const AT_ONCE: usize = 1000;

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = BigInt)]
    place: i64,
    #[diesel(sql_type = Text)]
    line: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Sqlite,
    Postgres,
}

impl Store {
    /// Every row of every table as it was at one moment, in batches of one table.
    pub async fn dump(
        &self,
        mut sink: impl FnMut(&'static str, Vec<String>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        match self.backend() {
            Backend::Postgres(postgres) => {
                let mut c = postgres.dialer.connect().await?;
                c.batch_execute(
                    "SET statement_timeout=0; SET idle_in_transaction_session_timeout=0; \
                     BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                )
                .await?;
                for table in TABLES {
                    let columns: Vec<Column> =
                        sql_query(Dialect::Postgres.columns(table)).load(&mut c).await?;
                    let row = Dialect::Postgres.row(&columns);
                    c.batch_execute(&format!(
                        "DECLARE dump NO SCROLL CURSOR FOR SELECT 0::bigint AS place, {row} AS line FROM {table}"
                    ))
                    .await?;
                    loop {
                        let fetch = format!("FETCH {AT_ONCE} FROM dump");
                        let lines: Vec<Line> = sql_query(fetch).load(&mut c).await?;
                        if lines.is_empty() {
                            break;
                        }
                        sink(table, lines.into_iter().map(|line| line.line).collect())?;
                    }
                    c.batch_execute("CLOSE dump").await?;
                }
                c.batch_execute("COMMIT").await?;
            }
            Backend::Sqlite(sqlite) => {
                let mut c = Lite::new(sqlite.separate()?);
                c.batch_execute("BEGIN").await?;
                for table in TABLES {
                    let columns: Vec<Column> = sql_query(Dialect::Sqlite.columns(table)).load(&mut c).await?;
                    let row = Dialect::Sqlite.row(&columns);
                    let mut after = i64::MIN;
                    loop {
                        let lines: Vec<Line> = sql_query(format!(
                            "SELECT rowid AS place, {row} AS line FROM {table} WHERE rowid > {after} \
                             ORDER BY rowid LIMIT {AT_ONCE}"
                        ))
                        .load(&mut c)
                        .await?;
                        let Some(last) = lines.last() else { break };
                        after = last.place;
                        sink(table, lines.into_iter().map(|line| line.line).collect())?;
                    }
                }
                c.batch_execute("COMMIT").await?;
            }
        }
        Ok(())
    }

    /// Whether nobody lives here yet: no people, clients, pictures or organizations.
    pub async fn is_uninhabited(&self) -> Result<bool, StoreError> {
        let mut all = 0;
        for table in INHABITED {
            let counted: Count = read!(self, |c| Ok(sql_query(count(table)).get_result::<Count>(c).await?))?;
            all += counted.count;
        }
        Ok(all == 0)
    }

    /// Puts what [`Store::dump`] gave into this database instead of what it holds, in one transaction. `source` gives
    /// the batches of a table one after the other; `renamed` are stores whose pictures are in another one
    /// now; what waits to be deleted is not renamed.
    /// `false`: somebody lives here already, nothing is changed.
    pub async fn restore(
        &self,
        renamed: &[(String, String)],
        mut source: impl FnMut(&'static str) -> Result<Option<Vec<String>>, StoreError>,
    ) -> Result<bool, StoreError> {
        macro_rules! fill {
            ($c:ident, $dialect:expr) => {{
                for table in INHABITED {
                    let counted: Count = sql_query(count(table)).get_result(&mut $c).await?;
                    if counted.count > 0 {
                        $c.batch_execute("ROLLBACK").await?;
                        return Ok(false);
                    }
                }
                let before: Count = sql_query("SELECT value AS count FROM epoch").get_result(&mut $c).await?;
                for table in TABLES.iter().rev() {
                    $c.batch_execute(&format!("DELETE FROM {table}")).await?;
                }
                for table in TABLES {
                    let columns: Vec<Column> = sql_query($dialect.columns(table)).load(&mut $c).await?;
                    let insert = $dialect.insert(table, &columns);
                    while let Some(lines) = source(table)? {
                        let batch = format!("[{}]", lines.join(","));
                        sql_query(&insert).bind::<Text, _>(batch).execute(&mut $c).await?;
                    }
                }
                for (from, to) in renamed {
                    sql_query($dialect.rename())
                        .bind::<Text, _>(from)
                        .bind::<Text, _>(to)
                        .execute(&mut $c)
                        .await?;
                }
                // Whoever remembers something of the database that was here forgets it.
                $c.batch_execute(&format!("UPDATE epoch SET value = value + {} + 1", before.count)).await?;
                $c.batch_execute("COMMIT").await?;
                Ok(true)
            }};
        }
        match self.backend() {
            Backend::Postgres(postgres) => {
                let mut c = postgres.dialer.connect().await?;
                let begin = "SET statement_timeout=0; SET idle_in_transaction_session_timeout=0; BEGIN";
                c.batch_execute(begin).await?;
                fill!(c, Dialect::Postgres)
            }
            Backend::Sqlite(sqlite) => {
                let mut c = Lite::new(sqlite.separate()?);
                c.batch_execute("BEGIN IMMEDIATE").await?;
                fill!(c, Dialect::Sqlite)
            }
        }
    }
}

fn count(table: &str) -> String {
    format!("SELECT count(*) AS count FROM {table}")
}

impl Dialect {
    fn columns(self, table: &str) -> String {
        match self {
            Self::Sqlite => {
                format!("SELECT name, lower(type) AS kind FROM pragma_table_info('{table}') ORDER BY cid")
            }
            Self::Postgres => format!(
                "SELECT column_name::text AS name, data_type::text AS kind FROM information_schema.columns \
                 WHERE table_schema = current_schema() AND table_name = '{table}' ORDER BY ordinal_position"
            ),
        }
    }

    /// A row as a JSON object.
    fn row(self, columns: &[Column]) -> String {
        let value = |Column { name, kind }: &Column| match (self, kind.as_str()) {
            (Self::Sqlite, "blob") => format!("iif(\"{name}\" IS NULL, NULL, lower(hex(\"{name}\")))"),
            (Self::Sqlite, "boolean") => {
                format!("json(CASE \"{name}\" WHEN 0 THEN 'false' WHEN 1 THEN 'true' ELSE 'null' END)")
            }
            (Self::Postgres, "bytea") => format!("encode(\"{name}\", 'hex')"),
            _ => format!("\"{name}\""),
        };
        let pairs: Vec<String> =
            columns.iter().map(|column| format!("'{}', {}", column.name, value(column))).collect();
        match self {
            Self::Sqlite => format!("json_object({})", pairs.join(", ")),
            Self::Postgres => format!("json_build_object({})::text", pairs.join(", ")),
        }
    }

    /// Inserts the rows of one JSON array.
    fn insert(self, table: &str, columns: &[Column]) -> String {
        let value = |Column { name, kind }: &Column| match (self, kind.as_str()) {
            (Self::Sqlite, "blob") => format!("unhex(value ->> '$.{name}')"),
            (Self::Sqlite, _) => format!("value ->> '$.{name}'"),
            (Self::Postgres, "bytea") => format!("decode(value ->> '{name}', 'hex')"),
            (Self::Postgres, kind) => format!("(value ->> '{name}')::{kind}"),
        };
        let names: Vec<String> = columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
        let values: Vec<String> = columns.iter().map(value).collect();
        let rows = match self {
            Self::Sqlite => "json_each(?)",
            Self::Postgres => "json_array_elements($1::json) AS value",
        };
        format!("INSERT INTO {table} ({}) SELECT {} FROM {rows}", names.join(", "), values.join(", "))
    }

    /// Takes the old name of a store and the new one.
    fn rename(self) -> &'static str {
        match self {
            Self::Sqlite => "UPDATE pictures SET store = ?2 WHERE store = ?1",
            Self::Postgres => "UPDATE pictures SET store = $2 WHERE store = $1",
        }
    }
}
