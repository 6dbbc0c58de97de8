//! Step 5 and 8: Lanczos with `fast_image_resize`, premultiplied where there is alpha, in its SIMD forms.

use super::crop::CropBox;
use super::decode::Decoded;
use super::pixels::Pixels;
use super::prescan::Header;
use super::{Refusal, encode};
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

/// Cuts `square` (in stored pixels) out of a picture that may have been decoded smaller, and brings it to `side`.
pub(super) fn crop_and_resize(
    decoded: &Decoded,
    square: CropBox,
    header: &Header,
    side: u32,
) -> Result<Pixels, Refusal> {
    let pixels = &decoded.pixels;
    let across = f64::from(pixels.width) / f64::from(header.width);
    let down = f64::from(pixels.height) / f64::from(header.height);
    let (left, top) = (f64::from(square.x) * across, f64::from(square.y) * down);
    // Rounding of a scaled decode must not reach over the edge by a hair.
    let width = (f64::from(square.side) * across).min(f64::from(pixels.width) - left);
    let height = (f64::from(square.side) * down).min(f64::from(pixels.height) - top);
    resize(pixels, side, &options().crop(left, top, width, height))
}

pub(super) fn shrink(square: &encode::Square, side: u32) -> Result<encode::Square, Refusal> {
    let source = ImageRef::new(square.side, square.side, &square.rgb, fast_image_resize::PixelType::U8x3)
        .map_err(|_| Refusal::Broken)?;
    let rgb = run(&source, side, &options())?;
    Ok(encode::Square { side, rgb })
}

fn resize(pixels: &Pixels, side: u32, options: &ResizeOptions) -> Result<Pixels, Refusal> {
    let source = ImageRef::new(pixels.width, pixels.height, &pixels.data, pixels.layout.pixel_type())
        .map_err(|_| Refusal::Broken)?;
    Pixels::new(run(&source, side, options)?, side, side, pixels.layout)
}

fn run(source: &ImageRef<'_>, side: u32, options: &ResizeOptions) -> Result<Vec<u8>, Refusal> {
    let mut target = Image::new(side, side, source.pixel_type());
    Resizer::new().resize(source, &mut target, options).map_err(|_| Refusal::Broken)?;
    Ok(target.into_vec())
}

fn options() -> ResizeOptions {
    ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
}
