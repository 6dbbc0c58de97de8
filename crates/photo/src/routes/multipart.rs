//! Reads a multipart form with one picture in it, as a stream with a hard cap on everything: the picture, the other
//! fields, what stands between the fields, and the time. Each seed calls the file field by another name; a few short text
//! fields may stand before or after it.
//!
//! Whatever is refused, the rest of the body is read and dropped, up to 16 MiB or 5 s, so that the answer arrives: a
//! client that is still sending does not look for one, and closing the connection would take it away (CONTRACT §4).

use actix_web::web::Payload;
use bytes::Bytes;
use futures_util::stream::poll_fn;
use futures_util::{Stream, StreamExt};
use multer::{Field, Multipart};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;

const DRAIN_BYTES: usize = 16 * 1024 * 1024;
const DRAIN_FOR: Duration = Duration::from_secs(5);
/// A body that is not whole by then is given up. Five mebibytes at 350 kbit/s need as long.
const BODY_WITHIN: Duration = Duration::from_secs(120);
/// The other fields that a route may ask for; the rest is dropped unread. The CSRF token has two names (CONTRACT §7).
const TEXTS: [&str; 11] = [
    "crop",
    "caption",
    "alt_text",
    "upload_id",
    "name",
    "establishment",
    "establishment_id",
    "order",
    "email",
    web::caller::CSRF_FIELDS[0],
    web::caller::CSRF_FIELDS[1],
];
/// Of all text fields together.
const TEXT_BYTES: usize = 64 * 1024;
/// Of everything that is no field's content: what comes before the first boundary, boundaries, the heads of fields. The
/// parser keeps that in memory until it has found its end, and looks through it anew with each piece.
const FRAME_BYTES: usize = 64 * 1024;
/// The parser is fed in pieces that are small beside [`FRAME_BYTES`], whatever comes from the network at once.
const PIECE: usize = 8 * 1024;
const FILENAME_CHARS: usize = 200;
const JSON_BYTES: usize = 16 * 1024;

/// What the form held.
#[derive(Debug, Default)]
pub(super) struct Received {
    pub photo: Option<Photo>,
    /// Where the picture is, instead: still to be fetched.
    pub url: Option<String>,
    texts: Vec<(&'static str, String)>,
}

impl Received {
    /// One of [`TEXTS`], without the blanks around it; `None` where it is missing or empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        let (_, text) = self.texts.iter().rev().find(|(known, _)| *known == name)?;
        Some(text.trim()).filter(|text| !text.is_empty())
    }

    pub fn into_texts(self) -> Vec<(String, String)> {
        self.texts.into_iter().map(|(name, text)| (name.to_owned(), text)).collect()
    }

    pub fn csrf(&self) -> Option<&str> {
        web::caller::CSRF_FIELDS.iter().find_map(|name| self.text(name))
    }
}

#[derive(Debug)]
pub(super) struct Photo {
    pub filename: String,
    pub bytes: Bytes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyError {
    /// No multipart form, or one in which no photo was found.
    NoPhoto,
    /// A damaged form, or one that never ends.
    Malformed,
    /// More than one photo.
    TooMany,
    TooLarge,
}

/// Reads the form. `file`: the name of the field with the picture; `most`: its bytes.
pub(super) async fn receive(
    payload: Payload,
    content_type: Option<&str>,
    file: &'static str,
    most: usize,
) -> Result<Received, BodyError> {
    let Some(boundary) = content_type.and_then(|value| multer::parse_boundary(value).ok()) else {
        discard(payload).await;
        return Err(BodyError::NoPhoto);
    };
    let (sender, mut receiver) = mpsc::channel(2);
    let stream = poll_fn(move |context| receiver.poll_recv(context));
    // `read` drops the receiver when it is done, whichever way; `pump` then only drops what still comes.
    let all = futures_util::future::join(read(stream, boundary, file, most), pump(payload, sender));
    match tokio::time::timeout(BODY_WITHIN, all).await {
        Ok((received, ())) => received,
        Err(_) => Err(BodyError::Malformed),
    }
}

/// Reads `{"url": …}`, with the text fields of a form as further members.
pub(super) async fn receive_json(payload: Payload) -> Result<Received, BodyError> {
    let body = tokio::time::timeout(BODY_WITHIN, payload.to_bytes_limited(JSON_BYTES)).await;
    let Ok(Ok(Ok(body))) = body else { return Err(BodyError::Malformed) };
    let sent: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(&body).map_err(|_| BodyError::Malformed)?;
    let text = |name: &str| sent.get(name).and_then(|value| value.as_str()).map(str::to_owned);
    let texts = TEXTS.into_iter().filter_map(|name| Some((name, text(name)?))).collect();
    Ok(Received { photo: None, url: text("url"), texts })
}

/// Who sends a body is known, or it is read and dropped, so that the refusal arrives.
pub(super) async fn known<T, E>(who: Result<T, E>, payload: Payload) -> Result<(T, Payload), E> {
    match who {
        Ok(who) => Ok((who, payload)),
        Err(refused) => {
            discard(payload).await;
            Err(refused)
        }
    }
}

/// Reads and drops the body of a request that is refused before it is looked at.
pub(super) async fn discard(payload: Payload) {
    drain(payload).await;
}

async fn read(
    stream: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    boundary: String,
    file: &'static str,
    most: usize,
) -> Result<Received, BodyError> {
    let frame = Frame(Arc::new(AtomicUsize::new(FRAME_BYTES)));
    let taken = frame.clone();
    let stream = stream.map(move |piece| piece.and_then(|piece| taken.take(piece)));
    let mut form = Multipart::new(stream, boundary);
    let mut received = Received::default();
    let (mut text, mut unknown) = (TEXT_BYTES, DRAIN_BYTES);
    while let Some(field) = form.next_field().await.map_err(malformed)? {
        let known = field.name().and_then(|name| TEXTS.into_iter().find(|known| *known == name));
        match (field.name() == Some(file), known) {
            (true, _) if received.photo.is_some() => return Err(BodyError::TooMany),
            (true, _) => received.photo = photo(field, &frame, most).await?,
            (false, Some(name)) => received.texts.push((name, short(field, &frame, &mut text).await?)),
            (false, None) => {
                let end = skip(field, &frame, &mut unknown).await;
                // Most likely the photo, under another name.
                end.map_err(|error| if received.photo.is_none() { BodyError::NoPhoto } else { error })?;
            }
        }
    }
    Ok(received)
}

/// How many bytes the parser may still take beyond those that it has given back as content of fields.
#[derive(Clone)]
struct Frame(Arc<AtomicUsize>);

impl Frame {
    fn take(&self, piece: Bytes) -> io::Result<Bytes> {
        let take = |left: usize| left.checked_sub(piece.len());
        match self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
            Ok(_) => Ok(piece),
            Err(_) => Err(io::Error::other("more between the fields than in any form")),
        }
    }

    async fn next(&self, field: &mut Field<'static>) -> Result<Option<Bytes>, BodyError> {
        let chunk = field.chunk().await.map_err(malformed)?;
        self.0.fetch_add(chunk.as_ref().map_or(0, Bytes::len), Ordering::Relaxed);
        Ok(chunk)
    }
}

/// `None`: the empty file of a form whose file field nobody filled in.
async fn photo(mut field: Field<'static>, frame: &Frame, most: usize) -> Result<Option<Photo>, BodyError> {
    let filename = field.file_name().unwrap_or_default();
    // What a person may see again, never a path and never a key.
    let filename: String = filename.chars().filter(|char| !char.is_control()).take(FILENAME_CHARS).collect();
    let mut bytes = Vec::new();
    while let Some(chunk) = frame.next(&mut field).await? {
        if bytes.len() + chunk.len() > most {
            return Err(BodyError::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok((!bytes.is_empty()).then(|| Photo { filename, bytes: bytes.into() }))
}

async fn short(mut field: Field<'static>, frame: &Frame, left: &mut usize) -> Result<String, BodyError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = frame.next(&mut field).await? {
        *left = left.checked_sub(chunk.len()).ok_or(BodyError::Malformed)?;
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes).map_err(|_| BodyError::Malformed)
}

/// A field that is none of ours is dropped unread.
async fn skip(mut field: Field<'static>, frame: &Frame, left: &mut usize) -> Result<(), BodyError> {
    while let Some(chunk) = frame.next(&mut field).await? {
        *left = left.checked_sub(chunk.len()).ok_or(BodyError::Malformed)?;
    }
    Ok(())
}

fn malformed(error: multer::Error) -> BodyError {
    tracing::debug!(%error, "not a readable multipart body");
    BodyError::Malformed
}

/// Hands the body on while somebody reads it, then drops the rest.
async fn pump(mut payload: Payload, sender: mpsc::Sender<io::Result<Bytes>>) {
    loop {
        let chunk = tokio::select! {
            () = sender.closed() => return drain(payload).await,
            chunk = payload.next() => chunk,
        };
        let mut chunk = match chunk {
            None => return,
            Some(Ok(chunk)) => chunk,
            Some(Err(error)) => {
                // Nobody reads any more: then nobody needs to know.
                let _ = sender.send(Err(io::Error::other(error))).await;
                return;
            }
        };
        while !chunk.is_empty() {
            let piece = chunk.split_to(chunk.len().min(PIECE));
            if sender.send(Ok(piece)).await.is_err() {
                return drain(payload).await;
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use std::iter::repeat_n;

    /// What `read` makes of a body that comes in pieces, and how many bytes of it were taken.
    async fn reads(
        pieces: impl Iterator<Item = Vec<u8>> + Send + 'static,
    ) -> (Result<Received, BodyError>, usize) {
        let taken = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&taken);
        let pieces = pieces.map(move |piece| {
            counter.fetch_add(piece.len(), Ordering::Relaxed);
            Ok(Bytes::from(piece))
        });
        // Between two pieces the network lets others run.
        let pieces = stream::iter(pieces).then(async |piece| {
            tokio::task::yield_now().await;
            piece
        });
        let received = read(Box::pin(pieces), "x".to_owned(), "photo", 100_000).await;
        (received, taken.load(Ordering::Relaxed))
    }

    fn field(head: &str, content: &[u8]) -> Vec<u8> {
        [b"--x\r\nContent-Disposition: form-data; ", head.as_bytes(), b"\r\n\r\n", content, b"\r\n"].concat()
    }

    /// As a slow network would hand it over.
    fn cut(body: Vec<u8>) -> impl Iterator<Item = Vec<u8>> + Send + 'static {
        let pieces: Vec<_> = body.chunks(50).map(<[u8]>::to_vec).collect();
        pieces.into_iter()
    }

    // S71, S135: what never becomes a field is not kept.
    #[tokio::test]
    async fn a_form_without_fields_ends_soon() {
        let noise = || repeat_n(vec![b'a'; PIECE], 50 << 20 >> 13);
        let head = || std::iter::once(b"--x\r\nContent-Disposition: form-data; name=\"".to_vec());
        let gap = || std::iter::once([field("name=\"photo\"", b"1"), b"--x".to_vec()].concat());
        let padding = || gap().chain(repeat_n(vec![b' '; PIECE], 50 << 20 >> 13));
        for (name, (outcome, taken)) in [
            ("no boundary", reads(noise()).await),
            ("no end of a head", reads(head().chain(noise())).await),
            ("no end of a boundary", reads(padding()).await),
        ] {
            assert_eq!(outcome.err(), Some(BodyError::Malformed), "{name}");
            assert!(taken <= FRAME_BYTES + 4 * PIECE, "{name}: {taken}");
        }
        let heads = cut(field("name=\"note\"", b"").repeat(10_000));
        assert_eq!(reads(heads).await.0.err(), Some(BodyError::NoPhoto), "fields without end");
    }

    #[tokio::test]
    async fn unknown_fields_are_dropped_unread() {
        let unknown = field("name=\"image\"; filename=\"a.png\"", &[0xff; 300_000]);
        let photo = field("name=\"photo\"; filename=\"b.jpg\"", &[7; 100_000]);
        let crop = field("name=\"crop\"", b"1,2,3");
        let (received, _) = reads(cut([unknown.clone(), photo, crop, b"--x--\r\n".to_vec()].concat())).await;
        let received = received.unwrap();
        assert_eq!(received.photo.as_ref().unwrap().bytes.len(), 100_000);
        assert_eq!(received.text("crop"), Some("1,2,3"));
        let (received, _) = reads(cut([unknown, b"--x--\r\n".to_vec()].concat())).await;
        assert!(received.unwrap().photo.is_none());
        let first = std::iter::once(field("name=\"image\"", b""));
        let (outcome, taken) = reads(first.chain(repeat_n(vec![7; PIECE], 50 << 20 >> 13))).await;
        assert_eq!(outcome.err(), Some(BodyError::NoPhoto), "without end");
        assert!(taken < 2 * DRAIN_BYTES, "{taken}");
    }

    #[tokio::test]
    async fn limits() {
        for (fields, error) in [
            (field("name=\"photo\"", &[7; 100_001]), BodyError::TooLarge),
            (field("name=\"photo\"", b"1").repeat(2), BodyError::TooMany),
            (field("name=\"crop\"", &[b'1'; TEXT_BYTES + 1]), BodyError::Malformed),
        ] {
            let (outcome, _) = reads(cut([fields, b"--x--\r\n".to_vec()].concat())).await;
            assert_eq!(outcome.err(), Some(error));
        }
    }
}
