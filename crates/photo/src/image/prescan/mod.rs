//! Step 2: a walk over the file's own structure, microseconds long. It gives the header, and refuses what is cut
//! short, what has absurdly many parts, and kinds of compression that no browser shows.

mod gif;
mod jpeg;
mod png;
mod reader;
mod webp;

use super::sniff::Format;
use super::{Limits, Refusal};
use ::image::metadata::Orientation;

#[derive(Debug)]
pub(super) struct Header {
    pub format: Format,
    /// As stored, before orientation.
    pub width: u32,
    pub height: u32,
    /// Of the decoder's output.
    pub bytes_per_pixel: u32,
    /// JPEG components; 0 for the others.
    pub components: u32,
    pub progressive: bool,
    pub orientation: Orientation,
    /// JPEG only: the profile that is spread over APP2 segments.
    pub icc: Option<Vec<u8>>,
}

impl Header {
    pub fn oriented_width(&self) -> u32 {
        if self.turned() { self.height } else { self.width }
    }

    pub fn oriented_height(&self) -> u32 {
        if self.turned() { self.width } else { self.height }
    }

    fn turned(&self) -> bool {
        match self.orientation {
            Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH => true,
            Orientation::NoTransforms
            | Orientation::Rotate180
            | Orientation::FlipHorizontal
            | Orientation::FlipVertical => false,
        }
    }
}

pub(super) fn prescan(format: Format, bytes: &[u8], limits: &Limits) -> Result<Header, Refusal> {
    if bytes.len() > limits.bytes {
        return Err(Refusal::TooManyBytes);
    }
    match format {
        Format::Jpeg => jpeg::prescan(bytes, limits),
        Format::Png => png::prescan(bytes, limits),
        Format::Gif => gif::prescan(bytes, limits),
        Format::WebP => webp::prescan(bytes, limits),
    }
}

/// A damaged or missing EXIF block means: as it is.
fn orientation_of(exif: Option<&[u8]>) -> Orientation {
    exif.and_then(Orientation::from_exif_chunk).unwrap_or(Orientation::NoTransforms)
}
