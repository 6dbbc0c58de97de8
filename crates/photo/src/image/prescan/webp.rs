//! WebP: RIFF chunks. Their lengths must lie inside the file, since `image-webp` would believe them.

use super::super::sniff::Format;
use super::super::{Limits, Refusal};
use super::reader::Reader;
use super::{Header, orientation_of};

/// RFC 9649 §2.
pub(super) fn prescan(bytes: &[u8], limits: &Limits) -> Result<Header, Refusal> {
    let size = u32::from_le_bytes(Reader::new(bytes, 4).array()?);
    let end = usize::try_from(size).ok().and_then(|size| size.checked_add(8)).ok_or(Refusal::Broken)?;
    let body = bytes.get(..end).ok_or(Refusal::Broken)?;
    let mut reader = Reader::new(body, 12);
    let (mut at, mut exif, mut found) = (12, None, None);
    for _ in 0..limits.chunks {
        if at >= body.len() {
            let (width, height, alpha) = found.ok_or(Refusal::Broken)?;
            return Ok(Header {
                format: Format::WebP,
                width,
                height,
                bytes_per_pixel: if alpha { 4 } else { 3 },
                components: 0,
                progressive: false,
                orientation: orientation_of(exif),
                icc: None,
            });
        }
        let kind = reader.array::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(reader.array()?)).map_err(|_| Refusal::Broken)?;
        let payload = reader.take(length)?;
        at += 8 + length;
        if length % 2 == 1 && at < body.len() {
            reader.byte()?;
            at += 1;
        }
        match &kind {
            // The canvas of VP8X comes first and counts; the picture in it must fit the canvas, says the decoder.
            b"VP8X" | b"VP8 " | b"VP8L" if found.is_none() => found = Some(dimensions(&kind, payload)?),
            b"EXIF" if exif.is_none() => exif = Some(payload.strip_prefix(b"Exif\0\0").unwrap_or(payload)),
            _ => {}
        }
    }
    Err(Refusal::Broken)
}

/// Width, height, and whether there may be alpha.
fn dimensions(kind: &[u8; 4], payload: &[u8]) -> Result<(u32, u32, bool), Refusal> {
    let mut reader = Reader::new(payload, 0);
    match kind {
        b"VP8X" => {
            let [flags, _, _, _, w0, w1, w2, h0, h1, h2] = reader.array()?;
            let width = 1 + u32::from_le_bytes([w0, w1, w2, 0]);
            let height = 1 + u32::from_le_bytes([h0, h1, h2, 0]);
            Ok((width, height, flags & 0x10 != 0))
        }
        b"VP8L" => {
            let [signature, bits @ ..] = reader.array::<5>()?;
            let bits = u32::from_le_bytes(bits);
            if signature != 0x2f {
                return Err(Refusal::Broken);
            }
            Ok((1 + (bits & 0x3fff), 1 + ((bits >> 14) & 0x3fff), true))
        }
        _ => {
            let [_, _, _, start @ .., w0, w1, h0, h1] = reader.array::<10>()?;
            if start != [0x9d, 0x01, 0x2a] {
                return Err(Refusal::Broken);
            }
            let width = u32::from(u16::from_le_bytes([w0, w1]) & 0x3fff);
            let height = u32::from(u16::from_le_bytes([h0, h1]) & 0x3fff);
            Ok((width, height, false))
        }
    }
}
