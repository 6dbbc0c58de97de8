//! Step 9: JPEG out, 4:2:0, quality 80, with nothing but the pixels in it.

use super::Refusal;
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

/// With the standard Huffman tables: tables made for a flat picture hold one code only, which zune-jpeg 0.5 reads as
/// nothing, and they save 2 % (facts/image.md §2).
const QUALITY: u8 = 80;

/// An upright, opaque picture in sRGB.
#[derive(Debug)]
pub(crate) struct Flat {
    pub width: u32,
    pub height: u32,
    pub rgb: Vec<u8>,
}

pub(crate) fn jpeg(flat: &Flat) -> Result<Vec<u8>, Refusal> {
    let length = |length: u32| u16::try_from(length).map_err(|_| Refusal::Broken);
    let mut out = Vec::with_capacity(flat.rgb.len() / 16);
    let mut encoder = Encoder::new(&mut out, QUALITY);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder
        .encode(&flat.rgb, length(flat.width)?, length(flat.height)?, ColorType::Rgb)
        .map_err(|_| Refusal::Broken)?;
    Ok(out)
}
