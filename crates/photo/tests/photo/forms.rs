//! Every form of object store, each on a real server: a bucket or a folder of one's own.
//!
//! The servers are those that `tests/services start` brings; without them these tests fail, and say so.

use crate::gcs;
use photo::objects::{ObjectStore, StoreSettings, Stores};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Disk,
    Gcs,
    S3,
    /// pyftpdlib
    Ftp,
    /// pyftpdlib with TLS 1.3
    Ftps,
    /// The same by another's hand: no MLSD, and data connections must resume the session.
    Vsftpd,
}

impl Form {
    /// What `VISAGE_TEST_STORE` names; the disk where nothing is set.
    pub fn chosen() -> Self {
        match std::env::var("VISAGE_TEST_STORE").as_deref() {
            Err(_) | Ok("disk") => Self::Disk,
            Ok("gcs") => Self::Gcs,
            Ok("s3") => Self::S3,
            Ok("ftp") => Self::Ftp,
            Ok("ftps") => Self::Ftps,
            Ok("vsftpd") => Self::Vsftpd,
            Ok(other) => panic!("VISAGE_TEST_STORE={other}"),
        }
    }

    /// A place that is nobody else's. `folder` is for the disk.
    pub fn settings(self, folder: &Path) -> StoreSettings {
        let store = StoreSettings { name: "default".to_owned(), max_age: 86_400, ..StoreSettings::default() };
        match self {
            Self::Disk => StoreSettings { url: format!("file://{}", folder.display()), ..store },
            Self::Gcs => {
                let gcs = gcs::settings(&gcs::bucket("form"));
                StoreSettings {
                    url: format!("gs://{}", gcs.bucket),
                    endpoint: gcs.endpoint,
                    grpc_endpoint: gcs.grpc_endpoint,
                    ..store
                }
            }
            Self::S3 => s3(&variable("VISAGE_TEST_S3_ENDPOINT")),
            Self::Ftp => ftp(&variable("VISAGE_TEST_FTP_URL")),
            Self::Ftps => ftp(&variable("VISAGE_TEST_FTPS_URL")),
            Self::Vsftpd => ftp(&variable("VISAGE_TEST_VSFTPD_URL")),
        }
    }
}

/// A new bucket behind `endpoint`, which may be a proxy.
pub fn s3(endpoint: &str) -> StoreSettings {
    let bucket = unique();
    let host = variable("VISAGE_TEST_S3_ENDPOINT").replace("http://", "");
    let answer = gcs::request(
        &host,
        &format!("PUT /{bucket} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
    );
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    StoreSettings {
        name: "default".to_owned(),
        url: format!("s3://{bucket}?endpoint={endpoint}&region=us-east-1"),
        credentials: Some(variable("VISAGE_TEST_S3_CREDENTIALS").into()),
        max_age: 86_400,
        ..StoreSettings::default()
    }
}

/// A folder of one's own below `url`, made with the first connection.
pub fn ftp(url: &str) -> StoreSettings {
    StoreSettings {
        name: "default".to_owned(),
        url: format!("{url}/{}/photos", unique()),
        ca_file: Some(variable("VISAGE_TEST_FTP_CA").into()),
        ..StoreSettings::default()
    }
}

/// Where the plain FTP server keeps the files of such a store.
pub fn ftp_folder(settings: &StoreSettings) -> PathBuf {
    let (_, folder) = settings.url.rsplit_once('@').unwrap();
    let (_, folder) = folder.split_once('/').unwrap();
    PathBuf::from(variable("VISAGE_TEST_FTP_FOLDER")).join(folder)
}

pub async fn open(settings: &StoreSettings) -> Arc<dyn ObjectStore> {
    let stores = Stores::open(std::slice::from_ref(settings)).await.unwrap();
    Arc::clone(stores.default().1)
}

pub fn unique() -> String {
    static COUNTER: AtomicUsize = AtomicUsize::new(0);
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    let since = std::fs::metadata("/proc/self").unwrap().modified().unwrap();
    let since = since.duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    format!("photo-{}-{since}-{number}", std::process::id())
}

pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: start the servers with `source $(tests/services start)`, or use tests/run")
    })
}
