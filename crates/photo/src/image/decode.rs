//! Step 4: bytes to pixels. JPEG goes a fast way that decodes only as large as needed; what that way cannot read, and
//! every other format, goes to `image`. Of animations the first frame.

use super::pixels::Pixels;
use super::prescan::Header;
use super::sniff::Format;
use super::{Limits, Refusal, decode_jpeg};
use ::image::codecs::gif::GifDecoder;
use ::image::codecs::jpeg::JpegDecoder;
use ::image::codecs::png::PngDecoder;
use ::image::codecs::webp::WebPDecoder;
use ::image::{DynamicImage, ImageDecoder};
use std::io::Cursor;

pub(super) struct Decoded {
    /// May be smaller than the header says, by a power of two.
    pub pixels: Pixels,
    pub icc: Option<Vec<u8>>,
}

/// How much of the picture's detail is needed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// The longest side of what will be cut out, in stored pixels.
    pub side: u32,
    /// To which it will be brought if it is larger.
    pub largest: u32,
}

impl Wanted {
    /// Whether a decode to so many eighths of the size is large enough.
    pub fn is_met_by(self, eighths: u32) -> bool {
        self.side * eighths / 8 >= self.largest
    }
}

pub(super) fn decode(
    bytes: &[u8],
    header: &Header,
    wanted: Wanted,
    limits: &Limits,
) -> Result<Decoded, Refusal> {
    let reader = Cursor::new(bytes);
    match header.format {
        Format::Jpeg => match decode_jpeg::decode(bytes, header, wanted)? {
            Some(decoded) => Ok(decoded),
            None => with_image(JpegDecoder::new(reader).map_err(broken)?, header, limits),
        },
        Format::Png => {
            // This number bounds only what the png crate inflates besides the pixels (an iCCP bomb); the pixels
            // themselves were counted by `limits`.
            let mut inner = ::image::Limits::default();
            inner.max_alloc = Some(4 * 1024 * 1024);
            with_image(PngDecoder::with_limits(reader, inner).map_err(broken)?, header, limits)
        }
        Format::Gif => with_image(GifDecoder::new(reader).map_err(broken)?, header, limits),
        Format::WebP => with_image(WebPDecoder::new(reader).map_err(broken)?, header, limits),
    }
}

fn with_image(mut decoder: impl ImageDecoder, header: &Header, limits: &Limits) -> Result<Decoded, Refusal> {
    if decoder.dimensions() != (header.width, header.height) || decoder.total_bytes() > limits.memory {
        return Err(Refusal::Broken);
    }
    let icc = decoder.icc_profile().ok().flatten();
    let image = DynamicImage::from_decoder(decoder).map_err(broken)?;
    Ok(Decoded { pixels: image.try_into()?, icc: icc.filter(|icc| icc.len() <= limits.icc_bytes) })
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn broken(error: ::image::ImageError) -> Refusal {
    tracing::debug!(%error, "a picture could not be decoded");
    Refusal::Broken
}
