//! The fast way for JPEG: a scaled inverse transform gives 1/2, 1/4 or 1/8 of the picture for little more than the
//! entropy decoding costs. `jpeg-decoder` is plain Rust; the feature `turbojpeg` puts libjpeg-turbo before it.
//!
//! `jpeg-decoder` knows no limit of its own and is in maintenance: it only ever sees what the pre-scan let through.

use super::Refusal;
use super::decode::{Decoded, Wanted};
use super::pixels::{Layout, Pixels};
use super::prescan::Header;
use jpeg_decoder::{Decoder, Error, PixelFormat};

/// `Ok(None)`: not for this way (no smaller decode is large enough, or a kind it does not know): ask `image`.
pub(super) fn decode(bytes: &[u8], header: &Header, wanted: Wanted) -> Result<Option<Decoded>, Refusal> {
    #[cfg(feature = "turbojpeg")]
    if let Some(decoded) = super::decode_turbo::decode(bytes, header, wanted) {
        return Ok(Some(decoded));
    }
    // Four components: `image` converts CMYK and YCCK.
    let Some(eighths) = scale(wanted).filter(|_| header.components != 4) else { return Ok(None) };
    match scaled(bytes, header, eighths) {
        Ok(decoded) => decoded.map(Some),
        // The file ended, or its Huffman codes make no sense: `image` would fill the rest with grey.
        Err(Error::Io(_)) => Err(Refusal::Broken),
        Err(Error::Format(what)) if what.contains("huffman") => Err(Refusal::Broken),
        Err(error) => {
            tracing::debug!(%error, "the fast JPEG decoder refused; trying the other");
            Ok(None)
        }
    }
}

/// The smallest scale, in eighths, whose result is still at least as large as our largest; `None`: the full size.
fn scale(wanted: Wanted) -> Option<u32> {
    [1, 2, 4].into_iter().find(|&eighths| wanted.is_met_by(eighths))
}

fn scaled(bytes: &[u8], header: &Header, eighths: u32) -> Result<Result<Decoded, Refusal>, Error> {
    let mut decoder = Decoder::new(bytes);
    let to_scale = |length: u32| u16::try_from((length * eighths).div_ceil(8)).unwrap_or(u16::MAX);
    let (width, height) = decoder.scale(to_scale(header.width), to_scale(header.height))?;
    let data = decoder.decode()?;
    let layout = match decoder.info().map(|info| info.pixel_format) {
        Some(PixelFormat::L8) => Layout::Gray,
        Some(PixelFormat::RGB24) => Layout::Rgb,
        Some(PixelFormat::L16 | PixelFormat::CMYK32) | None => return Ok(Err(Refusal::Broken)),
    };
    let pixels = Pixels::new(data, u32::from(width), u32::from(height), layout);
    Ok(pixels.map(|pixels| Decoded { pixels, icc: header.icc.clone() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_smaller_than_the_largest_variant() {
        let square = |side| scale(Wanted { side, largest: 512 });
        assert_eq!(square(4096), Some(1));
        assert_eq!(square(4095), Some(2));
        assert_eq!(square(3024), Some(2));
        assert_eq!(square(1024), Some(4));
        assert_eq!(square(1023), None);
        assert_eq!(scale(Wanted { side: 4000, largest: 1600 }), Some(4));
    }
}
