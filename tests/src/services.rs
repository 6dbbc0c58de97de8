//! The object stores that `tests/services` starts: buckets of one's own, faults on demand.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::json;

/// A store as the settings `photos.stores.NAME.…` describe one.
#[derive(Clone, Debug)]
pub struct Bucket {
    pub name: String,
    /// By the last part of the key.
    pub settings: Vec<(&'static str, String)>,
    /// Where its objects can be fetched without authentication; none: only through us.
    pub public_url: Option<String>,
}

/// A new bucket of the Google Cloud Storage emulator.
pub async fn gcs() -> Bucket {
    let (endpoint, name) = (variable("VISAGE_TEST_GCS_ENDPOINT"), unique());
    let made = crate::http()
        .post(format!("{endpoint}/storage/v1/b?project=x"))
        .json(&json!({ "name": name }))
        .send()
        .await
        .unwrap();
    assert!(made.status().is_success(), "{}", made.status());
    let settings = vec![
        ("url", format!("gs://{name}")),
        ("endpoint", endpoint.clone()),
        ("grpc_endpoint", variable("VISAGE_TEST_GCS_GRPC_ENDPOINT")),
    ];
    Bucket { public_url: Some(format!("{endpoint}/{name}")), name, settings }
}

/// A new bucket of moto.
pub async fn s3() -> Bucket {
    let (endpoint, name) = (variable("VISAGE_TEST_S3_ENDPOINT"), unique());
    let made = crate::http().put(format!("{endpoint}/{name}")).send().await.unwrap();
    assert!(made.status().is_success(), "{}", made.status());
    let settings = vec![
        ("url", format!("s3://{name}?endpoint={endpoint}&region=us-east-1")),
        ("credentials", variable("VISAGE_TEST_S3_CREDENTIALS")),
    ];
    Bucket { public_url: None, name, settings }
}

/// A folder of the FTP server (`ftp`, `ftps` or `vsftpd`), made with the first upload. `address`: of a proxy in front of
/// it. The second is where the server keeps the files.
pub fn ftp(form: &str, address: Option<&str>) -> (Bucket, PathBuf) {
    let (form, name) = (form.to_uppercase(), unique());
    let mut url = variable(&format!("VISAGE_TEST_{form}_URL"));
    if let (Some(address), Some((user, _))) = (address, url.rsplit_once('@')) {
        url = format!("{user}@{address}");
    }
    let folder = PathBuf::from(variable(&format!("VISAGE_TEST_{form}_FOLDER"))).join(&name);
    let settings = vec![("url", format!("{url}/{name}")), ("ca_file", variable("VISAGE_TEST_FTP_CA"))];
    (Bucket { public_url: None, name, settings }, folder)
}

/// The next `count` calls of the kind `on` (`write`, `read`, `delete`, `any`) to a bucket of [`gcs`] fail: `503`, `429`,
/// `reset`, `hang`, or `lost` (done, but the answer never arrives).
pub async fn fault(bucket: &str, kind: &str, count: usize, on: &str) {
    let wish = json!({ "bucket": bucket, "kind": kind, "count": count, "on": on });
    let url = format!("{}/_front/faults", variable("VISAGE_TEST_GCS_ENDPOINT"));
    let ordered = crate::http().post(url).json(&wish).send().await.unwrap();
    assert!(ordered.status().is_success(), "{}", ordered.status());
}

fn unique() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let random = keyring::Random::system().id();
    format!("flow-{}-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed), &random[..8])
}

pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: start the servers with `source $(tests/services start)`, or use tests/run")
    })
}
