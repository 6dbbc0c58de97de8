//! Step 5 and 8: Lanczos with `fast_image_resize`, premultiplied where there is alpha, in its SIMD forms.

use super::Refusal;
use super::crop::{self, Cut};
use super::encode::Flat;
use super::pixels::Pixels;
use super::prescan::Header;
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, MulDiv, ResizeAlg, ResizeOptions, Resizer};

/// Cuts `cut` (in stored pixels) out of a picture that may have been decoded smaller, and brings its longest side to
/// `side`.
/// Colours come back straight, not premultiplied. Premultiplying is done in place: a second copy of a large picture
/// would double the memory of the whole job.
pub(super) fn crop_and_resize(
    mut pixels: Pixels,
    cut: Cut,
    header: &Header,
    side: u32,
) -> Result<Pixels, Refusal> {
    let across = f64::from(pixels.width) / f64::from(header.width);
    let down = f64::from(pixels.height) / f64::from(header.height);
    let (left, top) = (f64::from(cut.x) * across, f64::from(cut.y) * down);
    // Rounding of a scaled decode must not reach over the edge by a hair.
    let width = (f64::from(cut.width) * across).min(f64::from(pixels.width) - left);
    let height = (f64::from(cut.height) * down).min(f64::from(pixels.height) - top);
    let options = options().use_alpha(false).crop(left, top, width, height);

    let (alpha, kind) = (pixels.layout.has_alpha(), pixels.layout.pixel_type());
    let mut source =
        Image::from_slice_u8(pixels.width, pixels.height, &mut pixels.data, kind).map_err(broken)?;
    if alpha {
        MulDiv::new().multiply_alpha_inplace(&mut source).map_err(broken)?;
    }
    let (width, height) = crop::fit(cut.width, cut.height, side);
    let mut target = Image::new(width, height, kind);
    Resizer::new().resize(&source, &mut target, &options).map_err(broken)?;
    if alpha {
        MulDiv::new().divide_alpha_inplace(&mut target).map_err(broken)?;
    }
    Pixels::new(target.into_vec(), width, height, pixels.layout)
}

pub(super) fn shrink(flat: &Flat, side: u32) -> Result<Flat, Refusal> {
    let (width, height) = crop::fit(flat.width, flat.height, side);
    let source = ImageRef::new(flat.width, flat.height, &flat.rgb, fast_image_resize::PixelType::U8x3)
        .map_err(broken)?;
    let mut target = Image::new(width, height, source.pixel_type());
    Resizer::new().resize(&source, &mut target, &options()).map_err(broken)?;
    Ok(Flat { width, height, rgb: target.into_vec() })
}

fn options() -> ResizeOptions {
    ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
}

fn broken(error: impl std::fmt::Display) -> Refusal {
    tracing::debug!(%error, "a picture could not be resized");
    Refusal::Broken
}
