//! What all uploads share, whichever route they come by: from a request's body to an [`Upload`], and from whatever went
//! wrong to a status, a code and a sentence.

use super::multipart::{self, BodyError, Photo, Received};
use super::uploads;
use crate::State;
use crate::admission::Admitted;
use crate::gallery::CAPTION_CHARS;
use crate::gallery::text::caption;
use crate::image::{CropBox, Refusal, Shape};
use crate::import_url::{self, ImportError};
use crate::lifecycle::{self, Applied, Purpose, Upload, UploadError};
use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::web::Payload;
use store::pictures::Picture;
use views::Message;
use web::{Actor, ApiError, Core};

/// A form that was read, and the place in memory that its bytes take: keep it until the picture is stored.
pub(super) struct Form {
    received: Received,
    field: &'static str,
    largest: usize,
    _place: Admitted,
}

/// Why there is no new photo: refused before, while or after its body was read.
#[derive(Debug)]
pub(super) enum Failure {
    Body(BodyError),
    /// There was no file in the field of this name.
    Missing(&'static str),
    /// A text beside it that cannot be taken: machine code and sentence.
    Text(&'static str, Message),
    /// It was to be fetched from an address.
    Import(ImportError),
    Upload(UploadError),
}

impl<E: Into<UploadError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Upload(error.into())
    }
}

/// Reads the body: `field` is the name of the file's field. Nothing is worked on before the form's own CSRF token, which
/// may come after the file, was found right; that is for the caller to do.
pub(super) async fn receive(
    request: &HttpRequest,
    payload: Payload,
    state: &State,
    core: &Core,
    (field, user_id): (&'static str, &str),
) -> Result<Form, Failure> {
    // At most as many bodies in memory as pictures are worked on or wait.
    let admitted = match state.admission.enter(user_id).await {
        Ok(place) => match lifecycle::permit(core, user_id).await {
            Ok(()) => lifecycle::count_try(core, state, user_id).await.map(|()| place),
            Err(blocked) => Err(blocked),
        },
        Err(busy) => Err(busy.into()),
    };
    let _place = match admitted {
        Ok(place) => place,
        Err(error) => {
            multipart::discard(payload).await;
            return Err(error.into());
        }
    };
    match read(request, payload, field, state).await {
        Ok(received) => Ok(Form { received, field, largest: state.limits.bytes, _place }),
        Err(Failure::Body(BodyError::NoPhoto)) => Err(Failure::Missing(field)),
        Err(error) => Err(error),
    }
}

/// The address of the largest variant.
pub(super) fn url(core: &Core, picture: &Picture) -> String {
    core.pictures.object(&picture.store, &format!("{}.jpg", picture.key_base))
}

/// One call uploads and applies (CONTRACT §4), for tokens, which need no CSRF token.
pub(super) async fn apply(
    request: &HttpRequest,
    payload: Payload,
    state: &State,
    core: &Core,
    (field, actor): (&'static str, &Actor),
) -> Result<Applied, Failure> {
    let mut form = receive(request, payload, state, core, (field, &actor.user_id)).await?;
    form.apply(core, state, actor).await
}

impl Form {
    /// The picture becomes the person's profile photo at once.
    pub async fn apply(&mut self, core: &Core, state: &State, actor: &Actor) -> Result<Applied, Failure> {
        let shape = self.square()?;
        let upload = self.upload(core, actor, Purpose::Profile, shape).await?;
        Ok(lifecycle::upload(core, state, upload).await?)
    }

    /// A text field, without the blanks around it; `None` where it is missing or empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.received.text(name)
    }

    pub fn csrf(&self) -> Option<&str> {
        self.received.csrf()
    }

    /// The shape of a profile photo: the square in `crop`, or the one in the middle.
    pub fn square(&self) -> Result<Shape, Failure> {
        Ok(Shape::Square(self.text("crop").map(str::parse::<CropBox>).transpose()?))
    }

    /// Takes the picture out of the form, or fetches it from the address that is there instead.
    pub async fn upload(
        &mut self,
        core: &Core,
        actor: &Actor,
        purpose: Purpose,
        shape: Shape,
    ) -> Result<Upload, Failure> {
        let text = |name| self.text(name).unwrap_or_default();
        let caption = match purpose {
            Purpose::Profile => uploads::alt_text(text("alt_text"))
                .map_err(|_| Failure::Text("alt_text_too_long", Message::AltTextTooLong))?,
            Purpose::Gallery => caption(text("caption")).map_err(|_| {
                Failure::Text("invalid_caption", Message::CaptionInvalid { most: CAPTION_CHARS as u64 })
            })?,
        };
        let (filename, bytes) = match (self.received.photo.take(), self.received.url.take()) {
            (Some(Photo { filename, bytes }), _) => (filename, bytes),
            (None, Some(address)) => {
                let fetched = import_url::fetch(&core.outbound, &address, self.largest).await;
                let fetched = fetched.map_err(Failure::Import)?;
                (fetched.filename, fetched.bytes)
            }
            (None, None) => return Err(Failure::Missing(self.field)),
        };
        let user = core.store.user(&actor.user_id).await?.ok_or(UploadError::NoSuchPerson)?;
        Ok(Upload {
            user_id: user.id,
            storage_id: user.storage_id,
            client_id: actor.client_id.clone(),
            sid: actor.sid.clone(),
            filename,
            bytes,
            purpose,
            shape,
            caption,
        })
    }
}

async fn read(
    request: &HttpRequest,
    payload: Payload,
    field: &'static str,
    state: &State,
) -> Result<Received, Failure> {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    if header(CONTENT_ENCODING).is_some_and(|coding| !coding.eq_ignore_ascii_case("identity")) {
        multipart::discard(payload).await;
        return Err(Failure::Body(BodyError::Malformed));
    }
    let is_json = header(CONTENT_TYPE).is_some_and(|kind| {
        kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
    });
    let received = match (is_json, state.import_by_url) {
        (false, _) => multipart::receive(payload, header(CONTENT_TYPE), field, state.limits.bytes).await,
        (true, true) => multipart::receive_json(payload).await,
        (true, false) => {
            multipart::discard(payload).await;
            return Err(Failure::Import(ImportError::Disabled));
        }
    };
    received.map_err(Failure::Body)
}

impl Failure {
    /// For the API, with the status codes of seed 003: 400 for everything that is wrong with the picture (S126).
    pub fn into_api(self, state: &State) -> ApiError {
        self.count(state);
        match self {
            Self::Body(BodyError::Malformed) => {
                ApiError::bad_request("invalid_request", Message::InvalidBody)
            }
            Self::Upload(UploadError::TooOften { seconds }) => ApiError::too_many(seconds),
            Self::Upload(UploadError::Busy(_)) => ApiError::unavailable(Message::PhotoBusy),
            Self::Upload(UploadError::NoSuchPerson) => ApiError::token_invalid(),
            Self::Text(code, message) => ApiError::bad_request(code, message),
            Self::Upload(UploadError::GivenUp) => ApiError::unavailable(Message::PhotoBusy),
            Self::Upload(UploadError::Blocked { .. }) => {
                ApiError::new(StatusCode::FORBIDDEN, "uploads_blocked", Message::UploadsBlocked)
            }
            Self::Upload(UploadError::Lost) => {
                ApiError::new(StatusCode::GONE, "photo_lost", Message::PhotoLost)
            }
            Self::Upload(UploadError::Objects(error)) => {
                // What is misconfigured may be mended by a person, so it is no reason to give up for good either (F33).
                if error.is_transient() {
                    tracing::warn!(%error, "a photo could not be stored");
                } else {
                    tracing::error!(%error, "a photo could not be stored; `visage doctor` tells more");
                }
                ApiError::unavailable(Message::PhotoNotStored)
            }
            Self::Upload(error @ (UploadError::Key(_) | UploadError::Stopped(_))) => {
                ApiError::internal(error)
            }
            Self::Upload(UploadError::Store(error)) => error.into(),
            Self::Import(_) => ApiError::bad_request(self.code(), self.message(state)),
            Self::Missing("photo") => ApiError::bad_request(self.code(), Message::PhotoFieldMissing),
            // The sentence of seed 001.
            Self::Missing(_) | Self::Body(BodyError::NoPhoto) => {
                ApiError::bad_request(self.code(), Message::ImageMissing)
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
                UploadError::Refused(_) | UploadError::Busy(_) | UploadError::Blocked { .. } => false,
                UploadError::Lost => true,
                UploadError::GivenUp | UploadError::TooOften { .. } | UploadError::NoSuchPerson => false,
            },
            Self::Body(_) | Self::Missing(_) | Self::Text(..) | Self::Import(_) => false,
        }
    }

    /// For the statistics; [`Failure::into_api`] does it by itself.
    pub fn count(&self, state: &State) {
        state.tally.refused(match self {
            Self::Upload(error) => match error {
                UploadError::Refused(_) => self.code(),
                UploadError::Busy(_) => "busy",
                UploadError::GivenUp => "given_up",
                UploadError::TooOften { .. } => "too_many_requests",
                UploadError::Blocked { .. } => "uploads_blocked",
                UploadError::NoSuchPerson => "no_such_person",
                UploadError::Lost => "photo_lost",
                UploadError::Objects(_) => "object_store",
                UploadError::Store(_) => "database",
                UploadError::Key(_) | UploadError::Stopped(_) => "server_error",
            },
            Self::Body(_) | Self::Missing(_) | Self::Text(..) | Self::Import(_) => self.code(),
        });
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Body(BodyError::TooMany) => "photo_too_many",
            Self::Body(BodyError::TooLarge) => Refusal::TooManyBytes.code(),
            Self::Upload(UploadError::Refused(refusal)) => refusal.code(),
            Self::Missing(_) | Self::Body(BodyError::NoPhoto) => Refusal::Empty.code(),
            Self::Import(ImportError::Disabled) => "photo_import_disabled",
            Self::Import(ImportError::Address) => "photo_url_invalid",
            Self::Import(ImportError::TooLarge) => Refusal::TooManyBytes.code(),
            Self::Import(ImportError::Failed(_)) => "photo_url_failed",
            Self::Text(code, _) => code,
            Self::Body(BodyError::Malformed) | Self::Upload(_) => "invalid_request",
        }
    }

    /// One sentence for the person, on the page.
    pub fn message(&self, state: &State) -> Message {
        let too_large = Message::PhotoTooLarge { max_bytes: state.limits.bytes as u64 };
        match self {
            Self::Missing(_) | Self::Body(BodyError::NoPhoto) => Message::PhotoMissing,
            Self::Body(BodyError::Malformed) => Message::InvalidBody,
            Self::Body(BodyError::TooMany) => Message::PhotoTooMany,
            Self::Body(BodyError::TooLarge) | Self::Import(ImportError::TooLarge) => too_large,
            Self::Import(ImportError::Disabled) => Message::PhotoImportDisabled,
            Self::Import(ImportError::Address) => Message::PhotoUrlInvalid,
            Self::Import(ImportError::Failed(_)) => Message::PhotoUrlFailed,
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
            Self::Text(_, message) => *message,
            Self::Upload(UploadError::GivenUp) => Message::PhotoBusy,
            Self::Upload(UploadError::Blocked { .. }) => Message::UploadsBlocked,
            Self::Upload(UploadError::Lost) => Message::PhotoLost,
            Self::Upload(UploadError::Busy(_)) => Message::PhotoBusy,
            Self::Upload(UploadError::TooOften { seconds }) => Message::TooManyRequests { seconds: *seconds },
            Self::Upload(UploadError::Objects(_)) => Message::PhotoNotStored,
            Self::Upload(UploadError::Store(_)) => Message::Unavailable,
            Self::Upload(UploadError::NoSuchPerson | UploadError::Key(_) | UploadError::Stopped(_)) => {
                Message::ServerError
            }
        }
    }
}
