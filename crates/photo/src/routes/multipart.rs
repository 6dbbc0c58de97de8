//! Reads a multipart form with one photo in it, as a stream with a hard cap.
//!
//! Whatever is refused, the rest of the body is read and dropped, up to 16 MiB or 5 s, so that the answer arrives: a
//! client that is still sending does not look for one, and closing the connection would take it away (CONTRACT §4).

use actix_web::web::Payload;
use bytes::Bytes;
use futures_util::stream::poll_fn;
use futures_util::{Stream, StreamExt};
use multer::{Field, Multipart};
use std::io;
use std::time::Duration;
use tokio::sync::mpsc;

const DRAIN_BYTES: usize = 16 * 1024 * 1024;
const DRAIN_FOR: Duration = Duration::from_secs(5);
/// Of all fields beside the photo, together.
const OTHER_BYTES: usize = 64 * 1024;
const FILENAME_CHARS: usize = 200;

/// What the form held.
#[derive(Debug, Default)]
pub(super) struct Received {
    pub photo: Option<Photo>,
    pub crop: Option<String>,
    pub csrf: Option<String>,
}

#[derive(Debug)]
pub(super) struct Photo {
    pub filename: String,
    pub bytes: Bytes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyError {
    /// No multipart form, or a damaged one, or fields without end.
    Malformed,
    /// More than one photo.
    TooMany,
    TooLarge,
}

/// Reads the form. `most`: bytes of the photo.
pub(super) async fn receive(
    payload: Payload,
    content_type: Option<&str>,
    most: usize,
) -> Result<Received, BodyError> {
    let Some(boundary) = content_type.and_then(|value| multer::parse_boundary(value).ok()) else {
        discard(payload).await;
        return Err(BodyError::Malformed);
    };
    let (sender, mut receiver) = mpsc::channel(2);
    let stream = poll_fn(move |context| receiver.poll_recv(context));
    let read = read(Multipart::new(stream, boundary), most);
    // `read` drops the receiver when it is done, whichever way; `pump` then only drops what still comes.
    let (received, ()) = futures_util::future::join(read, pump(payload, sender)).await;
    received
}

/// Reads and drops the body of a request that is refused before it is looked at.
pub(super) async fn discard(payload: Payload) {
    drain(payload).await;
}

async fn read(mut form: Multipart<'static>, most: usize) -> Result<Received, BodyError> {
    let mut received = Received::default();
    let mut others = OTHER_BYTES;
    while let Some(field) = form.next_field().await.map_err(malformed)? {
        match field.name() {
            Some("photo") if received.photo.is_some() => return Err(BodyError::TooMany),
            Some("photo") => received.photo = photo(field, most).await?,
            Some("crop") => received.crop = Some(text(field, &mut others).await?),
            Some("csrf") => received.csrf = Some(text(field, &mut others).await?),
            _ => drop(text(field, &mut others).await?),
        }
    }
    Ok(received)
}

/// `None`: the empty file of a form whose file field nobody filled in.
async fn photo(mut field: Field<'static>, most: usize) -> Result<Option<Photo>, BodyError> {
    let filename = field.file_name().unwrap_or_default();
    // What a person may see again, never a path and never a key.
    let filename: String = filename.chars().filter(|char| !char.is_control()).take(FILENAME_CHARS).collect();
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(malformed)? {
        if bytes.len() + chunk.len() > most {
            return Err(BodyError::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok((!bytes.is_empty()).then(|| Photo { filename, bytes: bytes.into() }))
}

async fn text(mut field: Field<'static>, left: &mut usize) -> Result<String, BodyError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(malformed)? {
        *left = left.checked_sub(chunk.len()).ok_or(BodyError::Malformed)?;
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes).map_err(|_| BodyError::Malformed)
}

fn malformed(error: multer::Error) -> BodyError {
    tracing::debug!(%error, "not a readable multipart body");
    BodyError::Malformed
}

/// Hands the body on while somebody reads it, then drops the rest.
async fn pump(mut payload: Payload, sender: mpsc::Sender<Result<Bytes, io::Error>>) {
    loop {
        let chunk = tokio::select! {
            () = sender.closed() => return drain(payload).await,
            chunk = payload.next() => chunk,
        };
        let Some(chunk) = chunk else { return };
        let failed = chunk.is_err();
        if sender.send(chunk.map_err(io::Error::other)).await.is_err() {
            return drain(payload).await;
        }
        if failed {
            return;
        }
    }
}

async fn drain<E>(mut payload: impl Stream<Item = Result<Bytes, E>> + Unpin) {
    let all = async {
        let mut dropped = 0;
        while let Some(Ok(chunk)) = payload.next().await {
            dropped += chunk.len();
            if dropped > DRAIN_BYTES {
                return;
            }
        }
    };
    // Past the deadline the connection is closed instead.
    let _ = tokio::time::timeout(DRAIN_FOR, all).await;
}
