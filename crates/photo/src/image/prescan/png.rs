//! PNG: chunks from IHDR to IEND. The decoder checks the sums; we count, and find the orientation.

use super::super::sniff::Format;
use super::super::{Limits, Refusal};
use super::reader::Reader;
use super::{Header, orientation_of};
use flate2::bufread::ZlibDecoder;
use std::io::{self, Read};

pub(super) fn prescan(bytes: &[u8], limits: &Limits) -> Result<Header, Refusal> {
    let mut reader = Reader::new(bytes, 8);
    let (mut header, mut exif, mut transparent, mut data) = (None, None, false, false);
    for _ in 0..limits.chunks {
        let length = u32::from_be_bytes(reader.array()?);
        let kind = reader.array::<4>()?;
        let payload = reader.take(usize::try_from(length).map_err(|_| Refusal::Broken)?)?;
        let _checksum = reader.array::<4>()?;
        match &kind {
            b"IHDR" if header.is_none() => header = Some(payload),
            b"IHDR" => return Err(Refusal::Broken),
            b"tRNS" => transparent = true,
            b"eXIf" if exif.is_none() => exif = Some(payload),
            b"iCCP" => check_profile(payload)?,
            b"IDAT" => data = true,
            b"IEND" if data => return parse_header(header.ok_or(Refusal::Broken)?, transparent, exif),
            b"IEND" => return Err(Refusal::Broken),
            _ => {}
        }
    }
    Err(Refusal::Broken)
}

/// The largest profile that makes sense, inflated; and the most that a byte of deflate can become.
const PROFILE_BYTES: usize = 4 * 1024 * 1024;
const MOST_INFLATION: usize = 1032;

/// PNG (third edition) 11.3.2.3: a name, a zero, the method, and the compressed profile. A bomb is refused; a profile
/// that is merely damaged is left to the decoder, which ignores it.
fn check_profile(payload: &[u8]) -> Result<(), Refusal> {
    let Some(end) = payload.iter().position(|&byte| byte == 0) else { return Ok(()) };
    let compressed = payload.get(end + 2..).unwrap_or_default();
    if compressed.len() < PROFILE_BYTES / MOST_INFLATION {
        return Ok(());
    }
    let mut inflated = ZlibDecoder::new(compressed).take(PROFILE_BYTES as u64 + 1);
    let count = io::copy(&mut inflated, &mut io::sink()).unwrap_or(0);
    if count > PROFILE_BYTES as u64 { Err(Refusal::Broken) } else { Ok(()) }
}

/// PNG (third edition) 11.2.1: width, height, bit depth, colour type.
fn parse_header(ihdr: &[u8], transparent: bool, exif: Option<&[u8]>) -> Result<Header, Refusal> {
    let mut reader = Reader::new(ihdr, 0);
    let width = u32::from_be_bytes(reader.array()?);
    let height = u32::from_be_bytes(reader.array()?);
    let [depth, color] = reader.array()?;
    let channels = match (color, transparent) {
        (0, false) => 1,
        (0, true) | (4, _) => 2,
        (2, false) | (3, false) => 3,
        (2, true) | (3, true) | (6, _) => 4,
        _ => return Err(Refusal::Broken),
    };
    Ok(Header {
        format: Format::Png,
        width,
        height,
        bytes_per_pixel: if depth == 16 { 2 * channels } else { channels },
        components: 0,
        progressive: false,
        orientation: orientation_of(exif),
        icc: None,
    })
}
