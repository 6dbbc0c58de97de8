//! Step 7: sRGB, opaque. On the small picture, where it costs a tenth of what it would on the whole picture.
//!
//! Phones write Display P3; taken for sRGB its skin looks dull (facts/image.md §6). A profile that cannot be read, or
//! that is not for these channels (CMYK was converted by the decoder), is ignored: the pixels are taken as sRGB.

use super::encode::Flat;
use super::pixels::{Layout, Pixels};
use moxcms::{ColorProfile, DataColorSpace, Layout as CmsLayout, TransformOptions};

pub(super) fn to_flat_srgb(pixels: Pixels, icc: Option<&[u8]>) -> Flat {
    let (width, height) = (pixels.width, pixels.height);
    let converted = icc.and_then(|icc| convert(&pixels, icc));
    let rgb = match (converted, pixels.layout) {
        (Some(rgba), _) => flatten(rgba.chunks_exact(4).map(|p| [p[0], p[1], p[2], p[3]])),
        (None, Layout::Rgb) => pixels.data,
        (None, Layout::Gray) => pixels.data.iter().flat_map(|&gray| [gray; 3]).collect(),
        (None, Layout::GrayAlpha) => flatten(pixels.data.chunks_exact(2).map(|p| [p[0], p[0], p[0], p[1]])),
        (None, Layout::Rgba) => flatten(pixels.data.chunks_exact(4).map(|p| [p[0], p[1], p[2], p[3]])),
    };
    Flat { width, height, rgb }
}

/// RGBA in sRGB, or `None` where the profile is of no use.
fn convert(pixels: &Pixels, icc: &[u8]) -> Option<Vec<u8>> {
    let profile = ColorProfile::new_from_slice(icc).ok()?;
    let source = match (pixels.layout, profile.color_space) {
        (Layout::Gray, DataColorSpace::Gray) => CmsLayout::Gray,
        (Layout::GrayAlpha, DataColorSpace::Gray) => CmsLayout::GrayAlpha,
        (Layout::Rgb, DataColorSpace::Rgb) => CmsLayout::Rgb,
        (Layout::Rgba, DataColorSpace::Rgb) => CmsLayout::Rgba,
        _ => return None,
    };
    let srgb = ColorProfile::new_srgb();
    let transform =
        profile.create_transform_8bit(source, &srgb, CmsLayout::Rgba, TransformOptions::default()).ok()?;
    let mut rgba = vec![255; pixels.width as usize * pixels.height as usize * 4];
    transform.transform(&pixels.data, &mut rgba).ok()?;
    Some(rgba)
}

/// On white, as a page would show it.
fn flatten(pixels: impl Iterator<Item = [u8; 4]>) -> Vec<u8> {
    let over_white = |value: u8, alpha: u8| {
        let (value, alpha) = (u32::from(value), u32::from(alpha));
        u8::try_from((value * alpha + 255 * (255 - alpha) + 127) / 255).unwrap_or(255)
    };
    pixels.flat_map(|[r, g, b, a]| [over_white(r, a), over_white(g, a), over_white(b, a)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_p3_becomes_srgb() {
        let p3 = ColorProfile::new_display_p3().encode().unwrap();
        let square = Pixels::new(vec![200, 120, 100], 1, 1, Layout::Rgb).unwrap();
        let converted = to_flat_srgb(square, Some(&p3)).rgb;
        // The same colour has more red in sRGB's smaller triangle.
        assert!(converted[0] > 205 && converted[1] < 120, "{converted:?}");
    }

    #[test]
    fn garbage_for_a_profile_is_srgb() {
        let square = Pixels::new(vec![1, 2, 3], 1, 1, Layout::Rgb).unwrap();
        assert_eq!(to_flat_srgb(square, Some(b"not a profile")).rgb, [1, 2, 3]);
    }

    #[test]
    fn alpha_lies_on_white() {
        let square =
            Pixels::new(vec![10, 20, 30, 0, 10, 20, 30, 255, 0, 0, 0, 128], 3, 1, Layout::Rgba).unwrap();
        assert_eq!(to_flat_srgb(square, None).rgb, [255, 255, 255, 10, 20, 30, 127, 127, 127]);
    }
}
