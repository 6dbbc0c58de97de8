//! The named stores. Every picture row carries the name of its store, so that stores can change while pictures stay.

use super::{Disk, Gcs, GcsSettings, ObjectError, ObjectStore};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// The store that the plain keys of `[photos]` describe.
pub const DEFAULT: &str = "default";

/// One section `[photos.stores.NAME]`, or the shorthand in `[photos]`.
#[derive(Debug, Clone, Default)]
pub struct StoreSettings {
    pub name: String,
    /// `file://PATH` (relative to the working directory, or `file:///…`) or `gs://BUCKET`.
    pub url: String,
    pub endpoint: Option<String>,
    pub grpc_endpoint: Option<String>,
    pub credentials: Option<PathBuf>,
    /// `photos.max_age`, in seconds.
    pub max_age: u32,
}

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("photo store `{name}`: the scheme of `{url}` is not one of file://, gs://")]
    UnknownScheme { name: String, url: String },
    #[error("photo store `{name}`: {scheme}:// stores come with a later version; use file:// or gs://")]
    NotYet { name: String, scheme: String },
    #[error("photo store `{name}`: `{url}` names no folder or bucket")]
    Empty { name: String, url: String },
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
        let default =
            default.ok_or_else(|| OpenError::Empty { name: DEFAULT.to_owned(), url: String::new() })?;
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
    let (name, url) = (settings.name.clone(), settings.url.clone());
    let Some((scheme, place)) = url.split_once("://") else {
        return Err(OpenError::UnknownScheme { name, url });
    };
    let place = place.trim_end_matches('/');
    if place.is_empty() {
        return Err(OpenError::Empty { name, url });
    }
    match scheme {
        "file" => match Disk::open(place) {
            Ok(disk) => Ok(Arc::new(disk)),
            Err(error) => Err(OpenError::Failed { name, source: ObjectError::Denied(error.into()) }),
        },
        "gs" => {
            let settings = GcsSettings {
                bucket: place.to_owned(),
                endpoint: settings.endpoint.clone(),
                grpc_endpoint: settings.grpc_endpoint.clone(),
                credentials: settings.credentials.clone(),
                max_age: settings.max_age,
            };
            match Gcs::open(&settings).await {
                Ok(gcs) => Ok(Arc::new(gcs)),
                Err(source) => Err(OpenError::Failed { name, source }),
            }
        }
        "s3" | "ftp" | "ftps" => Err(OpenError::NotYet { name, scheme: scheme.to_owned() }),
        _ => Err(OpenError::UnknownScheme { name, url }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn refused(url: &str) -> String {
        let settings =
            StoreSettings { name: "default".to_owned(), url: url.to_owned(), ..Default::default() };
        Stores::open(&[settings]).await.unwrap_err().to_string()
    }

    #[tokio::test]
    async fn other_schemes_are_refused_by_name() {
        assert!(refused("s3://bucket?region=x").await.contains("s3://"));
        assert!(refused("ftps://user@host/dir").await.contains("ftps://"));
        assert!(refused("http://x/").await.contains("file://, gs://"));
        assert!(refused("data/photos").await.contains("data/photos"));
        assert!(refused("gs://").await.contains("names no folder or bucket"));
    }
}
