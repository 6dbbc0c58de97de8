//! The two schemas are one: same names of migrations, same tables, columns, types, nullability.

use std::collections::BTreeMap;

use store::{Store, StoreError};

pub type Columns = BTreeMap<String, (String, bool)>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_databases_have_the_same_columns() {
    let (sqlite, postgres) = (crate::sqlite().await, crate::postgres().await);
    assert_eq!(sqlite_columns(&sqlite.settings.url), postgres_columns(&postgres.settings.url).await);
}

#[test]
fn both_folders_hold_the_same_names() {
    let names = |folder: &str| {
        let path = format!("{}/../../migrations/{folder}", env!("CARGO_MANIFEST_DIR"));
        let mut names: Vec<_> =
            std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("postgres"));
}

// F45: two that start at once on an empty database both end with the one schema.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_migrate_at_once() {
    let folder = tempfile::tempdir().unwrap();
    for url in [format!("sqlite://{}/v.db", folder.path().display()), crate::new_postgres_database().await] {
        let settings = store::Settings::new(url);
        let (one, two) = (Store::open(&settings).await.unwrap(), Store::open(&settings).await.unwrap());
        assert!(one.migrations().await.unwrap().iter().all(|migration| !migration.applied));
        let (first, second) = tokio::join!(one.migrate(), two.migrate());
        assert_eq!(first.unwrap().len() + second.unwrap().len(), one.migrations().await.unwrap().len());
        assert!(two.migrations().await.unwrap().iter().all(|migration| migration.applied));
        one.ping().await.unwrap();
    }
}

#[tokio::test]
async fn a_wrong_url_names_the_schemes_and_makes_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("typo.db");
    let Err(StoreError::Settings(why)) = Store::open(&store::Settings::new(path.display().to_string())).await
    else {
        panic!("accepted")
    };
    assert!(why.contains("sqlite://") && why.contains("postgres://"), "{why}");
    assert!(!path.exists());
}

pub fn sqlite_columns(url: &str) -> BTreeMap<String, Columns> {
    use diesel::{Connection, QueryableByName, RunQueryDsl, sql_query, sql_types};
    #[derive(QueryableByName)]
    struct Column {
        #[diesel(sql_type = sql_types::Text)]
        table_name: String,
        #[diesel(sql_type = sql_types::Text)]
        name: String,
        #[diesel(sql_type = sql_types::Text)]
        kind: String,
        #[diesel(sql_type = sql_types::Bool)]
        required: bool,
    }
    let mut connection = diesel::SqliteConnection::establish(&url["sqlite://".len()..]).unwrap();
    let rows: Vec<Column> = sql_query(
        "SELECT m.name AS table_name, c.name AS name, c.type AS kind, c.\"notnull\" AS required
         FROM sqlite_master m JOIN pragma_table_info(m.name) c
         WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '__diesel%'",
    )
    .load(&mut connection)
    .unwrap();
    let mut tables: BTreeMap<String, Columns> = BTreeMap::new();
    for row in rows {
        tables.entry(row.table_name).or_default().insert(row.name, (row.kind.to_lowercase(), row.required));
    }
    tables
}

async fn postgres_columns(url: &str) -> BTreeMap<String, Columns> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let rows = client
        .query(
            "SELECT table_name::text, column_name::text, data_type::text, is_nullable = 'NO'
             FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_diesel%'",
            &[],
        )
        .await
        .unwrap();
    let mut tables: BTreeMap<String, Columns> = BTreeMap::new();
    for row in rows {
        let kind: String = row.get(2);
        let kind = if kind == "bytea" { "blob".to_owned() } else { kind };
        tables.entry(row.get(0)).or_default().insert(row.get(1), (kind, row.get(3)));
    }
    tables
}
