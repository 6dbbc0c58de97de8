//! The way of a photo on every store and both databases: the same tests, in a process of their own that is told where.
//! On the disk and SQLite they run by themselves.

use std::process::Command;

fn runs_on(store: &str, database: &str) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["lifecycle::", "staged::", "orphans::", "breaking::"])
        .envs([("VISAGE_TEST_STORE", store), ("VISAGE_TEST_DATABASE", database)])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "on {store} and {database}:\n{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(!text.contains(" 0 passed"), "{text}");
}

macro_rules! everywhere {
    ($($name:ident: $store:literal, $database:literal;)*) => { $(
        #[test]
        fn $name() {
            runs_on($store, $database);
        }
    )* };
}

everywhere! {
    disk_and_postgres: "disk", "postgres";
    google_cloud_storage_and_sqlite: "gcs", "sqlite";
    google_cloud_storage_and_postgres: "gcs", "postgres";
    s3_and_sqlite: "s3", "sqlite";
    s3_and_postgres: "s3", "postgres";
    ftp_and_sqlite: "ftp", "sqlite";
    ftp_and_postgres: "ftp", "postgres";
    ftps_and_sqlite: "ftps", "sqlite";
    ftps_and_postgres: "ftps", "postgres";
    vsftpd_and_sqlite: "vsftpd", "sqlite";
    vsftpd_and_postgres: "vsftpd", "postgres";
}
