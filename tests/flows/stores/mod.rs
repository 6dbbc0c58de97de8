//! Photos in somebody else's store: seed 004's system, and what happens when a store fails.

mod doctor;
mod failing;
mod hoster;

use tests::{Engine, House, services::Bucket};

/// With this store for new photos, and other settings.
async fn house(engine: Engine, bucket: &Bucket, more: &[(&str, &str)]) -> House {
    let mut settings: Vec<(&str, &str)> = bucket
        .settings
        .iter()
        .map(|(key, value)| {
            let key = match *key {
                "url" => "photos.store",
                "credentials" => "photos.credentials",
                "ca_file" => "photos.ca_file",
                "endpoint" => "photos.gcs_endpoint",
                "grpc_endpoint" => "photos.gcs_grpc_endpoint",
                other => panic!("no short form of {other}"),
            };
            (key, value.as_str())
        })
        .collect();
    settings.extend(more);
    House::with(engine, &settings).await
}
