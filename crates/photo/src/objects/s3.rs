//! Objects in S3 and what speaks like it, through `object_store`.
//!
//! The crate's own retries are off: it leaves out a reset during a conditional put, where a person waits. Every call of
//! ours may be repeated, so [`Patience`] repeats them all.

use super::patience::Patience;
use super::{Listed, ObjectError, ObjectStore, Page, S3Address};
use crate::key::{CONTENT_TYPE, ObjectKey};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use object_store::ObjectStore as _;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::list::{PaginatedListOptions, PaginatedListStore};
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, Certificate, ClientOptions, Error, ObjectMeta, ObjectStoreExt, PutMode,
    PutOptions, RetryConfig,
};
use std::path::PathBuf;
use std::time::Duration;

const PATIENCE: Patience = Patience { attempt: Duration::from_secs(3), deadline: Duration::from_secs(10) };
/// The most that a server gives in one page.
const PAGE: usize = 1000;

#[derive(Debug, Clone, Default)]
pub struct S3Settings {
    pub address: S3Address,
    /// Keys as the AWS tools write them (`[default]`, `aws_access_key_id = …`); where absent, the environment (`AWS_…`)
    /// or the machine's own role.
    pub credentials: Option<PathBuf>,
    /// Further roots (PEM) for the server's certificate.
    pub ca_file: Option<PathBuf>,
    /// Seconds; goes into the object's own cache policy, for readers who do not come through us.
    pub max_age: u32,
}

#[derive(Debug, Clone)]
pub struct S3 {
    client: AmazonS3,
    bucket: String,
    max_age: u32,
}

impl S3 {
    /// Connects with the first call, so a server that is down is no error here.
    pub fn open(settings: &S3Settings) -> Result<Self, ObjectError> {
        let S3Address { bucket, endpoint, region, path_style, allow_http } =
            settings.address.clone().checked().map_err(denied)?;
        // A bucket's name with a dot is no name that Amazon's certificates know.
        let path_style = path_style.unwrap_or(endpoint.is_some() || bucket.contains('.'));
        let mut options =
            ClientOptions::new().with_connect_timeout(PATIENCE.attempt).with_timeout(PATIENCE.attempt);
        if let Some(path) = &settings.ca_file {
            let pem = std::fs::read(path).map_err(|error| denied(format!("{}: {error}", path.display())))?;
            for root in Certificate::from_pem_bundle(&pem).map_err(denied)? {
                options = options.with_root_certificate(root);
            }
        }
        let mut builder = AmazonS3Builder::from_env()
            .with_client_options(options)
            .with_bucket_name(&bucket)
            .with_virtual_hosted_style_request(!path_style)
            .with_allow_http(allow_http || endpoint.as_ref().is_some_and(|url| url.starts_with("http://")))
            .with_disable_bulk_delete(true)
            .with_retry(RetryConfig { max_retries: 0, ..RetryConfig::default() });
        if let Some(region) = region {
            builder = builder.with_region(region);
        }
        if let Some(endpoint) = endpoint {
            // The crate wants the bucket in front of the host already.
            let whole =
                if path_style { endpoint } else { endpoint.replacen("://", &format!("://{bucket}."), 1) };
            builder = builder.with_endpoint(whole);
        }
        if let Some(path) = &settings.credentials {
            let keys = Keys::read(path)?;
            builder = builder.with_access_key_id(keys.id).with_secret_access_key(keys.secret);
            if let Some(token) = keys.token {
                builder = builder.with_token(token);
            }
        }
        let client = builder.build().map_err(denied)?;
        Ok(Self { client, bucket, max_age: settings.max_age })
    }

    async fn call<T, F>(&self, attempt: impl Fn() -> F) -> Result<T, ObjectError>
    where
        F: Future<Output = Result<T, ObjectError>>,
    {
        PATIENCE.call(&self.bucket, attempt).await
    }

    async fn read(&self, path: &Path, most: usize) -> Result<Option<Bytes>, ObjectError> {
        let found = match self.client.get(path).await {
            Err(error) if is_absent(&error) => return Ok(None),
            other => other.map_err(failed)?,
        };
        let size = usize::try_from(found.meta.size).unwrap_or(usize::MAX);
        if size > most {
            return Err(ObjectError::TooLarge);
        }
        let mut body = BytesMut::with_capacity(size);
        let mut chunks = found.into_stream();
        while let Some(chunk) = chunks.next().await {
            body.extend_from_slice(&chunk.map_err(failed)?);
        }
        // The connection broke between two chunks.
        if body.len() == size { Ok(Some(body.freeze())) } else { Err(ObjectError::Corrupt) }
    }

    async fn head(&self, path: &Path) -> Result<bool, ObjectError> {
        match self.client.head(path).await {
            Ok(_) => Ok(true),
            Err(error) if is_absent(&error) => Ok(false),
            Err(error) => Err(failed(error)),
        }
    }
}

#[async_trait]
impl ObjectStore for S3 {
    async fn put(&self, key: &ObjectKey, body: Bytes) -> Result<(), ObjectError> {
        let path = path(key)?;
        let attributes = Attributes::from_iter([
            (Attribute::ContentType, CONTENT_TYPE.to_owned()),
            (Attribute::CacheControl, key.cache_control(self.max_age)),
        ]);
        let options = PutOptions { mode: PutMode::Create, attributes, ..PutOptions::default() };
        self.call(|| async {
            match self.client.put_opts(&path, body.clone().into(), options.clone()).await {
                Ok(_) => Ok(()),
                // By ourselves, if the answer to an earlier attempt was lost. The bytes tell.
                Err(Error::AlreadyExists { source, .. }) => match self.read(&path, body.len()).await {
                    Ok(Some(stored)) if stored == body => Ok(()),
                    // Another writer's, and not there yet.
                    Ok(None) => Err(ObjectError::Unavailable(source)),
                    Ok(Some(_)) | Err(ObjectError::TooLarge) => Err(ObjectError::AlreadyExists),
                    Err(error) => Err(error),
                },
                Err(error) => Err(failed(error)),
            }
        })
        .await
    }

    async fn get(&self, key: &ObjectKey, most: usize) -> Result<Option<Bytes>, ObjectError> {
        let path = path(key)?;
        self.call(|| self.read(&path, most)).await
    }

    async fn exists(&self, key: &ObjectKey) -> Result<bool, ObjectError> {
        let path = path(key)?;
        self.call(|| self.head(&path)).await
    }

    /// S3 itself does not say whether there was something to delete.
    async fn delete(&self, key: &ObjectKey) -> Result<bool, ObjectError> {
        let path = path(key)?;
        let existed = self.exists(key).await?;
        self.call(|| async { self.client.delete(&path).await.map_err(failed) }).await?;
        Ok(existed)
    }

    async fn list(&self, prefix: &str, cursor: Option<String>, limit: usize) -> Result<Page, ObjectError> {
        let list = || async {
            let options = PaginatedListOptions {
                max_keys: Some(limit.min(PAGE)),
                page_token: cursor.clone(),
                ..PaginatedListOptions::default()
            };
            let prefix = Some(prefix).filter(|prefix| !prefix.is_empty());
            self.client.list_paginated(prefix, options).await.map_err(failed)
        };
        let page = self.call(list).await?;
        let listed = |object: ObjectMeta| Listed {
            name: object.location.into(),
            bytes: object.size,
            written_at: object.last_modified.timestamp_micros(),
        };
        Ok(Page { objects: page.result.objects.into_iter().map(listed).collect(), next: page.page_token })
    }
}

fn path(key: &ObjectKey) -> Result<Path, ObjectError> {
    Path::parse(key.as_str()).map_err(|error| ObjectError::Other(error.into()))
}

/// A bucket that is not there is a mistake of ours, not an absent object.
fn is_absent(error: &Error) -> bool {
    matches!(error, Error::NotFound { source, .. } if !source.to_string().contains("NoSuchBucket"))
}

fn denied(what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ObjectError {
    ObjectError::Denied(what.into())
}

fn failed(error: Error) -> ObjectError {
    // Servers answer in XML, which says to a person less than its two sentences.
    let text = error.to_string();
    let said = |tag: &str| Some(text.split_once(&format!("<{tag}>"))?.1.split_once('<')?.0.to_owned());
    match said("Code").as_deref() {
        Some("NoSuchBucket") => return denied("there is no such bucket: create it, or look at the URL"),
        Some(code @ ("AccessDenied" | "InvalidAccessKeyId" | "SignatureDoesNotMatch")) => {
            return denied(format!("{code}: {}", said("Message").unwrap_or_default()));
        }
        _ => {}
    }
    match error {
        Error::NotFound { .. } | Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
            denied(error)
        }
        Error::Generic { ref source, .. } => match status(&source.to_string()) {
            // The bucket is in another region, or nowhere.
            Some(300..=399 | 404) => denied(error),
            Some(400..=403 | 405..=407 | 409..=428 | 501) => ObjectError::Other(error.into()),
            _ => ObjectError::Unavailable(error.into()),
        },
        _ => ObjectError::Other(error.into()),
    }
}

/// The crate keeps the type of its errors to itself; their text has the status.
fn status(text: &str) -> Option<u16> {
    if text.contains("redirect without LOCATION") {
        return Some(301);
    }
    let (_, behind) = text.split_once("status code: ")?;
    behind.get(..3)?.parse().ok()
}

/// Of one account.
struct Keys {
    id: String,
    secret: String,
    token: Option<String>,
}

impl Keys {
    /// The section `[default]`, or what stands before any section.
    fn read(path: &std::path::Path) -> Result<Self, ObjectError> {
        let wrong = |what: String| denied(format!("credentials {}: {what}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        let (mut id, mut secret, mut token, mut ours) = (None, None, None, true);
        for line in text.lines().map(str::trim) {
            if let Some(section) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                ours = section.trim() == "default";
            } else if let Some((key, value)) = line.split_once('=').filter(|_| ours && !line.starts_with('#'))
            {
                let value = Some(value.trim().to_owned());
                match key.trim() {
                    "aws_access_key_id" => id = value,
                    "aws_secret_access_key" => secret = value,
                    "aws_session_token" => token = value,
                    _ => {}
                }
            }
        }
        match (id, secret) {
            (Some(id), Some(secret)) => Ok(Self { id, secret, token }),
            _ => Err(wrong(
                "needs `aws_access_key_id` and `aws_secret_access_key` under `[default]`".to_owned(),
            )),
        }
    }
}
