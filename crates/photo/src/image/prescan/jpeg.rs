//! JPEG: segments up to the end-of-image marker. Bytes behind it (a second picture, a film) are no concern of ours.

use super::super::sniff::Format;
use super::super::{Limits, Refusal};
use super::reader::Reader;
use super::{Header, orientation_of};
use std::collections::BTreeMap;

const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;
const APP1: u8 = 0xe1;
const APP2: u8 = 0xe2;
const TEM: u8 = 0x01;

struct Frame {
    width: u32,
    height: u32,
    components: u32,
    progressive: bool,
    /// 8x8 blocks of all components.
    blocks: u64,
}

pub(super) fn prescan(bytes: &[u8], limits: &Limits) -> Result<Header, Refusal> {
    let mut reader = Reader::new(bytes, 2);
    let (mut frame, mut exif, mut icc) = (None::<Frame>, None, IccParts::default());
    let (mut segments, mut scans, mut entropy_bytes) = (0, 0, 0u64);

    let mut marker = next_marker(&mut reader)?;
    while marker != EOI {
        segments += 1;
        if segments > limits.jpeg_segments {
            return Err(Refusal::Broken);
        }
        if matches!(marker, SOI | TEM | 0xd0..=0xd7) {
            marker = next_marker(&mut reader)?;
            continue;
        }
        let length = u16::from_be_bytes(reader.array()?);
        let payload = reader.take(usize::from(length).checked_sub(2).ok_or(Refusal::Broken)?)?;
        match marker {
            // Baseline, extended sequential and progressive Huffman; nothing else is shown by browsers.
            0xc0..=0xc2 if frame.is_none() => frame = Some(parse_frame(marker, payload)?),
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcf => return Err(Refusal::Broken),
            APP1 if exif.is_none() => exif = payload.strip_prefix(b"Exif\0\0"),
            APP2 => icc.add(payload),
            _ => {}
        }
        marker = if marker == SOS {
            scans += 1;
            if scans > limits.jpeg_scans || frame.is_none() {
                return Err(Refusal::Broken);
            }
            skip_entropy_coded(&mut reader, &mut entropy_bytes)?
        } else {
            next_marker(&mut reader)?
        };
    }

    let frame = frame.ok_or(Refusal::Broken)?;
    // Huffman codes have at least one bit. A block of a sequential scan holds two codes (DC, and EOB or more), one of a
    // progressive picture at least its DC code. Fewer bits than that: the end-of-image marker came too early.
    let least_bits = if frame.progressive { frame.blocks } else { 2 * frame.blocks };
    if scans == 0 || entropy_bytes * 8 < least_bits {
        // A huge picture is refused as huge, whether or not it is also cut short.
        let header = header(&frame, exif, None);
        super::super::limits::check(&header, limits)?;
        return Err(Refusal::Broken);
    }
    Ok(header(&frame, exif, icc.whole(limits.icc_bytes)))
}

fn header(frame: &Frame, exif: Option<&[u8]>, icc: Option<Vec<u8>>) -> Header {
    Header {
        format: Format::Jpeg,
        width: frame.width,
        height: frame.height,
        bytes_per_pixel: if frame.components == 1 { 1 } else { frame.components.max(3) },
        components: frame.components,
        progressive: frame.progressive,
        orientation: orientation_of(exif),
        icc,
    }
}

/// ITU T.81 B.1.1.2: a marker is 0xFF, any number of fill bytes 0xFF, and its code.
fn next_marker(reader: &mut Reader<'_>) -> Result<u8, Refusal> {
    reader.skip_past(0xff)?;
    loop {
        match reader.byte()? {
            0xff => {}
            0x00 => {
                reader.skip_past(0xff)?;
            }
            marker => return Ok(marker),
        }
    }
}

/// Runs to the marker behind a scan; 0xFF00 is a stuffed byte and RSTn belongs to the scan (T.81 F.1.2.3, E.1.4).
fn skip_entropy_coded(reader: &mut Reader<'_>, bytes: &mut u64) -> Result<u8, Refusal> {
    loop {
        *bytes += reader.skip_past(0xff)? as u64;
        let mut code = reader.byte()?;
        while code == 0xff {
            code = reader.byte()?;
        }
        match code {
            0x00 => *bytes += 1,
            0xd0..=0xd7 => {}
            marker => return Ok(marker),
        }
    }
}

/// T.81 B.2.2: precision, lines, samples a line, and for each component its sampling factors.
fn parse_frame(marker: u8, payload: &[u8]) -> Result<Frame, Refusal> {
    let mut reader = Reader::new(payload, 0);
    let precision = reader.byte()?;
    let height = u32::from(u16::from_be_bytes(reader.array()?));
    let width = u32::from(u16::from_be_bytes(reader.array()?));
    let components = reader.byte()?;
    if precision != 8 || !matches!(components, 1 | 3 | 4) || width == 0 || height == 0 {
        return Err(Refusal::Broken);
    }
    let mut factors = Vec::with_capacity(4);
    for _ in 0..components {
        let [_id, sampling, _table] = reader.array()?;
        let (across, down) = (u32::from(sampling >> 4), u32::from(sampling & 15));
        if !(1..=4).contains(&across) || !(1..=4).contains(&down) {
            return Err(Refusal::Broken);
        }
        factors.push((across, down));
    }
    let most_across = factors.iter().map(|f| f.0).max().unwrap_or(1);
    let most_down = factors.iter().map(|f| f.1).max().unwrap_or(1);
    // Blocks that cover the component's own samples (T.81 A.1.1); a non-interleaved scan has no more than these.
    let blocks = factors
        .iter()
        .map(|&(across, down)| {
            let samples_across = (width * across).div_ceil(most_across);
            let samples_down = (height * down).div_ceil(most_down);
            u64::from(samples_across.div_ceil(8)) * u64::from(samples_down.div_ceil(8))
        })
        .sum();
    Ok(Frame { width, height, components: u32::from(components), progressive: marker == 0xc2, blocks })
}

/// ICC.1 B.4: the profile in APP2 segments, each with its number and the count of all.
#[derive(Default)]
struct IccParts<'a> {
    count: u8,
    parts: BTreeMap<u8, &'a [u8]>,
    damaged: bool,
}

impl<'a> IccParts<'a> {
    fn add(&mut self, payload: &'a [u8]) {
        let Some([number, count, part @ ..]) = payload.strip_prefix(b"ICC_PROFILE\0") else { return };
        self.damaged |= self.count != 0 && self.count != *count;
        self.count = *count;
        self.damaged |= self.parts.insert(*number, part).is_some();
    }

    fn whole(&self, most: usize) -> Option<Vec<u8>> {
        let complete = !self.damaged && self.count > 0 && self.parts.keys().copied().eq(1..=self.count);
        let bytes: usize = self.parts.values().map(|part| part.len()).sum();
        (complete && bytes <= most).then(|| self.parts.values().copied().flatten().copied().collect())
    }
}
