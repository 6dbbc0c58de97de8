//! The named stores. Every picture row carries the name of its store, so that stores can change while pictures stay.

use super::{
    Address, BadAddress, Disk, Ftp, FtpSettings, Gcs, GcsSettings, ObjectError, ObjectStore, S3, S3Address,
    S3Settings,
};
use keyring::Secret;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// The store that the plain keys of `[photos]` describe.
pub const DEFAULT: &str = "default";

/// One section `[photos.stores.NAME]`, or the shorthand in `[photos]`.
#[derive(Clone, Default)]
pub struct StoreSettings {
    pub name: String,
    /// An [`Address`]; may hold a password.
    pub url: String,
    /// Google Cloud Storage's, or S3's.
    pub endpoint: Option<String>,
    pub grpc_endpoint: Option<String>,
    pub credentials: Option<PathBuf>,
    /// For FTP; goes before one in the URL.
    pub password: Option<Secret>,
    /// Further roots (PEM) for the certificates of S3 and FTP servers.
    pub ca_file: Option<PathBuf>,
    /// `photos.max_age`, in seconds.
    pub max_age: u32,
}

impl fmt::Debug for StoreSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.url.parse::<Address>().map(|address| address.to_string());
        f.debug_struct("StoreSettings")
            .field("name", &self.name)
            .field("address", &address)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("photo store `{name}`: its URL {source}")]
    Address { name: String, source: BadAddress },
    #[error("no photo store is configured")]
    None,
    #[error("photo store `{name}`: {source}")]
    Failed { name: String, source: ObjectError },
}

#[derive(Debug, Clone)]
pub struct Stores {
    by_name: Arc<BTreeMap<String, Arc<dyn ObjectStore>>>,
    /// Where new pictures go.
    default: Arc<dyn ObjectStore>,
}

impl Stores {
    /// The first of `settings` is the store for new pictures.
    pub async fn open(settings: &[StoreSettings]) -> Result<Self, OpenError> {
        let mut by_name = BTreeMap::new();
        for one in settings {
            by_name.insert(one.name.clone(), open(one).await?);
        }
        let default = settings.first().and_then(|first| by_name.get(&first.name)).map(Arc::clone);
        let default = default.ok_or(OpenError::None)?;
        Ok(Self { by_name: Arc::new(by_name), default })
    }

    /// One store, under the name `default`: for tests and small set-ups.
    pub fn single(store: Arc<dyn ObjectStore>) -> Self {
        let by_name = BTreeMap::from([(DEFAULT.to_owned(), Arc::clone(&store))]);
        Self { by_name: Arc::new(by_name), default: store }
    }

    pub fn get(&self, name: &str) -> Option<&Arc<dyn ObjectStore>> {
        self.by_name.get(name)
    }

    /// Name and store for new pictures.
    pub fn default(&self) -> (&str, &Arc<dyn ObjectStore>) {
        let name = self.by_name.iter().find(|(_, store)| Arc::ptr_eq(store, &self.default));
        (name.map_or(DEFAULT, |(name, _)| name.as_str()), &self.default)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Arc<dyn ObjectStore>)> {
        self.by_name.iter().map(|(name, store)| (name.as_str(), store))
    }
}

async fn open(settings: &StoreSettings) -> Result<Arc<dyn ObjectStore>, OpenError> {
    let name = || settings.name.clone();
    let address = settings.url.parse().map_err(|source| OpenError::Address { name: name(), source })?;
    connect(settings, address).await.map_err(|source| OpenError::Failed { name: name(), source })
}

async fn connect(settings: &StoreSettings, address: Address) -> Result<Arc<dyn ObjectStore>, ObjectError> {
    let StoreSettings { endpoint, grpc_endpoint, credentials, password, ca_file, max_age, .. } =
        settings.clone();
    Ok(match address {
        Address::Disk(path) => Arc::new(Disk::open(path).map_err(|error| ObjectError::Denied(error.into()))?),
        Address::Gcs { bucket } => {
            let settings = GcsSettings { bucket, endpoint, grpc_endpoint, credentials, max_age };
            Arc::new(Gcs::open(&settings).await?)
        }
        Address::S3(address) => {
            let address = S3Address { endpoint: address.endpoint.or(endpoint), ..address };
            Arc::new(S3::open(&S3Settings { address, credentials, ca_file, max_age })?)
        }
        Address::Ftp(address) => Arc::new(Ftp::open(&FtpSettings { address, password, ca_file })?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn refused(url: &str) -> String {
        let settings = StoreSettings { name: "eu".to_owned(), url: url.to_owned(), ..Default::default() };
        let debug = format!("{settings:?}");
        let error = Stores::open(&[settings]).await.unwrap_err();
        let shown = format!("{error} {error:?} {debug}");
        assert!(!shown.contains("s3cret"), "{shown}");
        error.to_string()
    }

    #[tokio::test]
    async fn what_is_wrong_is_said_with_the_name_of_the_store() {
        assert_eq!(refused("gs://").await, "photo store `eu`: its URL names no bucket");
        assert!(refused("ftq://me:s3cret@host/x").await.contains("is not an object store"));
        assert!(refused("ftp://me:s3cret@host/x?y").await.contains("no query"));
        assert!(refused("ftp://me@host/x").await.contains("needs a password"));
        assert!(refused("s3://b?endpoint=http://minio.example").await.contains("without encryption"));
    }
}
