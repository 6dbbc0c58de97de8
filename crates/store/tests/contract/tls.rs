//! `sslmode` against the real server, whose certificate a private CA signed.

use store::{Settings, Store};

async fn open(parameters: &str) -> Result<(), String> {
    let admin =
        std::env::var("VISAGE_TEST_POSTGRES_URL").expect("VISAGE_TEST_POSTGRES_URL: see tests/services");
    let url = admin.split('?').next().unwrap_or_default();
    let store = Store::open(&Settings::new(format!("{url}?{parameters}")))
        .await
        .map_err(|error| error.to_string())?;
    store.migrations().await.map(drop).map_err(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_sslmode_does_what_it_says() {
    let roots =
        std::env::var("VISAGE_TEST_POSTGRES_CA").expect("VISAGE_TEST_POSTGRES_CA: see tests/services");
    open("sslmode=disable").await.unwrap();
    open("sslmode=require").await.unwrap();
    open(&format!("sslmode=verify-full&sslrootcert={roots}")).await.unwrap();
    let why = open("sslmode=verify-full").await.unwrap_err();
    assert!(why.to_lowercase().contains("certificate") || why.contains("UnknownIssuer"), "{why}");
    let why = open("sslmode=verify-full&sslrootcert=/nowhere.pem").await.unwrap_err();
    assert!(why.contains("/nowhere.pem"), "{why}");
}
