//! What both uploads share, the API's and the account page's: from a request's body to a photo that is current, and from
//! whatever went wrong to a status, a code and a sentence.

use super::multipart::{self, BodyError, Photo, Received};
use crate::State;
use crate::image::{CropBox, Refusal};
use crate::lifecycle::{self, Applied, Upload, UploadError};
use actix_web::HttpRequest;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::web::Payload;
use views::Message;
use web::{ApiError, Core};

/// Whose photo it will be.
pub(super) struct Sender<'a> {
    pub user_id: &'a str,
    pub client_id: Option<&'a str>,
    pub sid: Option<&'a str>,
}

/// Why there is no new photo: refused before, while or after its body was read.
#[derive(Debug)]
pub(super) enum Failure {
    Body(BodyError),
    Missing,
    /// The form was not ours.
    Forged,
    Upload(UploadError),
}

impl<E: Into<UploadError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Upload(error.into())
    }
}

/// Reads the body and applies the photo. `permit` may refuse the form once it is read (its CSRF token may come after the
/// file).
pub(super) async fn apply(
    request: &HttpRequest,
    payload: Payload,
    core: &Core,
    state: &State,
    sender: Sender<'_>,
    permit: impl FnOnce(&Received) -> bool,
) -> Result<Applied, Failure> {
    // At most as many bodies in memory as pictures are worked on or wait.
    let admitted = match state.admission.enter(sender.user_id).await {
        Ok(place) => lifecycle::count_try(core, state, sender.user_id).await.map(|()| place),
        Err(busy) => Err(busy.into()),
    };
    let _place = match admitted {
        Ok(place) => place,
        Err(error) => {
            multipart::discard(payload).await;
            return Err(error.into());
        }
    };
    let received = receive(request, payload, state).await.map_err(Failure::Body)?;
    if !permit(&received) {
        return Err(Failure::Forged);
    }
    let Photo { filename, bytes } = received.photo.ok_or(Failure::Missing)?;
    let crop = match received.crop.as_deref().map(str::trim) {
        None | Some("") => None,
        Some(text) => Some(text.parse::<CropBox>()?),
    };
    let user = core.store.user(sender.user_id).await?.ok_or(UploadError::NoSuchPerson)?;
    let upload = Upload {
        user_id: user.id,
        storage_id: user.storage_id,
        client_id: sender.client_id.map(str::to_owned),
        sid: sender.sid.map(str::to_owned),
        filename,
        bytes,
        crop,
    };
    Ok(lifecycle::upload(core, state, upload).await?)
}

async fn receive(request: &HttpRequest, payload: Payload, state: &State) -> Result<Received, BodyError> {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    if header(CONTENT_ENCODING).is_some_and(|coding| !coding.eq_ignore_ascii_case("identity")) {
        multipart::discard(payload).await;
        return Err(BodyError::Malformed);
    }
    multipart::receive(payload, header(CONTENT_TYPE), state.limits.bytes).await
}

impl Failure {
    /// For the API, with the status codes of seed 003: 400 for everything that is wrong with the picture (S126).
    pub fn into_api(self, state: &State) -> ApiError {
        match self {
            Self::Forged => {
                ApiError::new(actix_web::http::StatusCode::FORBIDDEN, "csrf", Message::FormForged)
            }
            Self::Body(BodyError::Malformed) => {
                ApiError::bad_request("invalid_request", Message::InvalidBody)
            }
            Self::Upload(UploadError::TooOften { seconds }) => ApiError::too_many(seconds),
            Self::Upload(UploadError::Busy(_)) => ApiError::unavailable(Message::PhotoBusy),
            Self::Upload(UploadError::NoSuchPerson) => ApiError::token_invalid(),
            Self::Upload(UploadError::Objects(error)) if error.is_transient() => {
                tracing::warn!(%error, "a photo could not be stored");
                ApiError::unavailable(Message::Unavailable)
            }
            Self::Upload(
                error @ (UploadError::Objects(_) | UploadError::Key(_) | UploadError::Stopped(_)),
            ) => ApiError::internal(error),
            Self::Upload(UploadError::Store(error)) => error.into(),
            Self::Missing | Self::Body(BodyError::NoPhoto) => {
                ApiError::bad_request(self.code(), Message::PhotoFieldMissing)
            }
            Self::Body(BodyError::TooMany | BodyError::TooLarge) | Self::Upload(UploadError::Refused(_)) => {
                ApiError::bad_request(self.code(), self.message(state))
            }
        }
    }

    /// Whoever runs the server must know.
    pub fn is_fault(&self) -> bool {
        match self {
            Self::Upload(error) => match error {
                UploadError::Objects(_) | UploadError::Store(_) => true,
                UploadError::Key(_) | UploadError::Stopped(_) => true,
                UploadError::Refused(_) | UploadError::Busy(_) => false,
                UploadError::TooOften { .. } | UploadError::NoSuchPerson => false,
            },
            Self::Body(_) | Self::Missing | Self::Forged => false,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Body(BodyError::TooMany) => "photo_too_many",
            Self::Body(BodyError::TooLarge) => Refusal::TooManyBytes.code(),
            Self::Upload(UploadError::Refused(refusal)) => refusal.code(),
            Self::Missing | Self::Body(BodyError::NoPhoto) => Refusal::Empty.code(),
            Self::Body(BodyError::Malformed) | Self::Forged | Self::Upload(_) => "invalid_request",
        }
    }

    /// One sentence for the person, on the page.
    pub fn message(&self, state: &State) -> Message {
        let too_large = Message::PhotoTooLarge { max_bytes: state.limits.bytes as u64 };
        match self {
            Self::Missing | Self::Body(BodyError::NoPhoto) => Message::PhotoMissing,
            Self::Forged => Message::FormForged,
            Self::Body(BodyError::Malformed) => Message::InvalidBody,
            Self::Body(BodyError::TooMany) => Message::PhotoTooMany,
            Self::Body(BodyError::TooLarge) => too_large,
            Self::Upload(UploadError::Refused(refusal)) => match refusal {
                Refusal::Empty => Message::PhotoMissing,
                Refusal::UnsupportedType => Message::PhotoWrongType,
                Refusal::Heic => Message::PhotoHeic,
                Refusal::Broken => Message::PhotoBroken,
                Refusal::TooManyBytes => too_large,
                Refusal::TooManyPixels => Message::PhotoTooManyPixels,
                Refusal::TooSmall => Message::PhotoTooSmall { pixels: u64::from(state.limits.min_side) },
                Refusal::BadCrop => Message::PhotoCropInvalid,
            },
            Self::Upload(UploadError::Busy(_)) => Message::PhotoBusy,
            Self::Upload(UploadError::TooOften { seconds }) => Message::TooManyRequests { seconds: *seconds },
            Self::Upload(UploadError::Objects(_) | UploadError::Store(_)) => Message::Unavailable,
            Self::Upload(UploadError::NoSuchPerson | UploadError::Key(_) | UploadError::Stopped(_)) => {
                Message::ServerError
            }
        }
    }
}
