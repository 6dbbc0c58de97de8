//! Objects in Google Cloud Storage, through the official crate: `Storage` (HTTP) for bytes, `StorageControl` (gRPC) for
//! delete, stat and list.
//!
//! `Storage` knows no deadline for one attempt, so a server that hangs would eat the whole time; [`Gcs::within`] cuts
//! an attempt off and starts another. Every call may be repeated: writes carry `if_generation_match(0)`, and keys are
//! never used twice.

use super::{Listed, ObjectError, ObjectStore, Page};
use crate::key::{CONTENT_TYPE, ObjectKey};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use google_cloud_auth::credentials::{
    Credentials, anonymous, external_account, impersonated, service_account, user_account,
};
use google_cloud_gax::error::rpc::Code;
use google_cloud_gax::exponential_backoff::{ExponentialBackoff, ExponentialBackoffBuilder};
use google_cloud_gax::options::RequestOptionsBuilder;
use google_cloud_gax::retry_policy::{RetryPolicy, RetryPolicyExt};
use google_cloud_storage::Error;
use google_cloud_storage::client::{Storage, StorageControl};
use google_cloud_storage::retry_policy::RetryableErrors;
use std::path::PathBuf;
use std::time::Duration;

/// One attempt, then one call with all its attempts.
const ATTEMPT: Duration = Duration::from_secs(3);
const DEADLINE: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Default)]
pub struct GcsSettings {
    pub bucket: String,
    /// For an emulator; Google's own where absent. Plain `http` means without credentials, unless a file is named.
    pub endpoint: Option<String>,
    pub grpc_endpoint: Option<String>,
    /// A JSON file as Google gives them out; where absent, Application Default Credentials.
    pub credentials: Option<PathBuf>,
    /// Seconds; goes into the object's own cache policy, for readers who do not come through us.
    pub max_age: u32,
}

#[derive(Debug, Clone)]
pub struct Gcs {
    storage: Storage,
    control: StorageControl,
    /// `projects/_/buckets/NAME`
    bucket: String,
    max_age: u32,
}

impl Gcs {
    /// Builds the clients. They connect with the first call, so a server that is down is no error here.
    pub async fn open(settings: &GcsSettings) -> Result<Self, ObjectError> {
        let mut storage = Storage::builder().with_retry_policy(retries()).with_backoff_policy(backoff());
        let mut control = StorageControl::builder()
            .with_retry_policy(retries())
            .with_backoff_policy(backoff())
            .with_attempt_timeout(ATTEMPT);
        if let Some(credentials) = credentials(settings)? {
            storage = storage.with_credentials(credentials.clone());
            control = control.with_credentials(credentials);
        }
        if let Some(endpoint) = &settings.endpoint {
            storage = storage.with_endpoint(endpoint);
        }
        if let Some(endpoint) = settings.grpc_endpoint.as_ref().or(settings.endpoint.as_ref()) {
            control = control.with_endpoint(endpoint);
        }
        Ok(Self {
            storage: storage.build().await.map_err(|error| ObjectError::Denied(with_cause(&error)))?,
            control: control.build().await.map_err(|error| ObjectError::Denied(with_cause(&error)))?,
            bucket: format!("projects/_/buckets/{}", settings.bucket),
            max_age: settings.max_age,
        })
    }

    /// Runs `attempt` until it answers, each time no longer than [`ATTEMPT`], all in all no longer than [`DEADLINE`].
    async fn within<T, F>(&self, attempt: impl Fn() -> F) -> Result<T, ObjectError>
    where
        F: Future<Output = Result<T, ObjectError>>,
    {
        let all = async {
            loop {
                match tokio::time::timeout(ATTEMPT, attempt()).await {
                    Ok(Err(ObjectError::Timeout)) | Err(_) => {
                        tracing::warn!(bucket = %self.bucket, "no answer; trying again")
                    }
                    Ok(answer) => return answer,
                }
            }
        };
        tokio::time::timeout(DEADLINE, all).await.unwrap_or(Err(ObjectError::Timeout))
    }

    async fn read(&self, key: &ObjectKey, most: usize) -> Result<Option<Bytes>, ObjectError> {
        let mut answer = match self.storage.read_object(&self.bucket, key.as_str()).send().await {
            Err(error) if is_not_found(&error) => return Ok(None),
            other => other.map_err(failed)?,
        };
        let mut body = BytesMut::new();
        // The crate compares the checksum at the end and fails if it differs.
        while let Some(chunk) = answer.next().await {
            body.extend_from_slice(&chunk.map_err(failed)?);
            if body.len() > most {
                return Err(ObjectError::TooLarge);
            }
        }
        Ok(Some(body.freeze()))
    }
}

#[async_trait]
impl ObjectStore for Gcs {
    async fn put(&self, key: &ObjectKey, body: Bytes) -> Result<(), ObjectError> {
        let write = || async {
            let written = self
                .storage
                .write_object(&self.bucket, key.as_str(), body.clone())
                .set_content_type(CONTENT_TYPE)
                .set_cache_control(key.cache_control(self.max_age))
                .set_if_generation_match(0)
                .send_buffered()
                .await;
            match written {
                Ok(_) => Ok(true),
                Err(error) if is_precondition(&error) => Ok(false),
                Err(error) => Err(failed(error)),
            }
        };
        if self.within(write).await? {
            return Ok(());
        }
        // The name is taken: by ourselves, if the answer to an earlier attempt was lost. The bytes tell.
        match self.within(|| self.read(key, body.len())).await {
            Ok(Some(stored)) if stored == body => Ok(()),
            Ok(_) | Err(ObjectError::TooLarge) => Err(ObjectError::AlreadyExists),
            Err(error) => Err(error),
        }
    }

    async fn get(&self, key: &ObjectKey, most: usize) -> Result<Option<Bytes>, ObjectError> {
        self.within(|| self.read(key, most)).await
    }

    async fn exists(&self, key: &ObjectKey) -> Result<bool, ObjectError> {
        let stat = || async {
            match self.control.get_object().set_bucket(&self.bucket).set_object(key.as_str()).send().await {
                Ok(_) => Ok(true),
                Err(error) if is_not_found(&error) => Ok(false),
                Err(error) => Err(failed(error)),
            }
        };
        self.within(stat).await
    }

    async fn delete(&self, key: &ObjectKey) -> Result<bool, ObjectError> {
        let delete = || async {
            let request = self.control.delete_object().set_bucket(&self.bucket).set_object(key.as_str());
            match request.with_idempotency(true).send().await {
                Ok(()) => Ok(true),
                Err(error) if is_not_found(&error) => Ok(false),
                Err(error) => Err(failed(error)),
            }
        };
        self.within(delete).await
    }

    async fn list(&self, prefix: &str, cursor: Option<String>, limit: usize) -> Result<Page, ObjectError> {
        let list = || async {
            self.control
                .list_objects()
                .set_parent(&self.bucket)
                .set_prefix(prefix)
                .set_page_size(i32::try_from(limit).unwrap_or(1000))
                .set_page_token(cursor.clone().unwrap_or_default())
                .send()
                .await
                .map_err(failed)
        };
        let answer = self.within(list).await?;
        let listed = |object: google_cloud_storage::model::Object| Listed {
            bytes: u64::try_from(object.size).unwrap_or(0),
            written_at: object
                .create_time
                .map_or(0, |time| time.seconds() * 1_000_000 + i64::from(time.nanos()) / 1000),
            name: object.name,
        };
        Ok(Page {
            objects: answer.objects.into_iter().map(listed).collect(),
            next: Some(answer.next_page_token).filter(|token| !token.is_empty()),
        })
    }
}

fn retries() -> impl RetryPolicy + 'static {
    RetryableErrors.with_time_limit(DEADLINE).with_attempt_limit(5)
}

fn backoff() -> ExponentialBackoff {
    ExponentialBackoffBuilder::new()
        .with_initial_delay(Duration::from_millis(100))
        .with_maximum_delay(Duration::from_secs(2))
        .clamp()
}

/// `None`: the crate finds Application Default Credentials itself.
fn credentials(settings: &GcsSettings) -> Result<Option<Credentials>, ObjectError> {
    let Some(path) = &settings.credentials else {
        let plain = settings.endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http://"));
        return Ok(plain.then(|| anonymous::Builder::new().build()));
    };
    let denied = |what: String| ObjectError::Denied(format!("credentials {}: {what}", path.display()).into());
    let text = std::fs::read_to_string(path).map_err(|error| denied(error.to_string()))?;
    let json: serde_json::Value = serde_json::from_str(&text).map_err(|error| denied(error.to_string()))?;
    let kind = json.get("type").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    let built = match kind.as_str() {
        "service_account" => service_account::Builder::new(json).build(),
        "authorized_user" => user_account::Builder::new(json).build(),
        "external_account" => external_account::Builder::new(json).build(),
        "impersonated_service_account" => impersonated::Builder::new(json).build(),
        other => {
            return Err(denied(format!("`type` is `{other}`, which is not a kind of Google credentials")));
        }
    };
    built.map(Some).map_err(|error| denied(error.to_string()))
}

/// HTTP errors carry a status, gRPC errors a code; the same thing has two names. A bucket that is not there is no absent
/// object but a mistake of ours.
fn is_not_found(error: &Error) -> bool {
    let is_absent = error.http_status_code() == Some(404)
        || error.status().is_some_and(|status| status.code == Code::NotFound);
    let payload = error.http_payload().map(|body| String::from_utf8_lossy(body).to_lowercase());
    let names_bucket = |text: &str| text.contains("bucket does not exist");
    is_absent
        && !payload.is_some_and(|text| names_bucket(&text))
        && !error.status().is_some_and(|status| names_bucket(&status.message.to_lowercase()))
}

fn is_precondition(error: &Error) -> bool {
    error.http_status_code() == Some(412)
        || error.status().is_some_and(|status| status.code == Code::FailedPrecondition)
}

fn failed(error: Error) -> ObjectError {
    let code = error.status().map(|status| status.code);
    match (error.http_status_code(), code) {
        (Some(401 | 403 | 404), _) => ObjectError::Denied(error.into()),
        (_, Some(Code::Unauthenticated | Code::PermissionDenied | Code::NotFound)) => {
            ObjectError::Denied(error.into())
        }
        (Some(400 | 405..=407 | 409..=428), _) => ObjectError::Other(error.into()),
        (_, Some(Code::InvalidArgument | Code::OutOfRange | Code::Unimplemented)) => {
            ObjectError::Other(error.into())
        }
        _ if error.is_timeout() => ObjectError::Timeout,
        _ => ObjectError::Unavailable(error.into()),
    }
}

/// The crate's own sentence says "could not create default credentials"; why stands in its source.
fn with_cause(error: &(dyn std::error::Error + 'static)) -> Box<dyn std::error::Error + Send + Sync> {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}")).into()
}
