//! libjpeg-turbo, with the cargo feature `turbojpeg`. It turns warnings into errors, so it refuses some pictures that
//! are fine; whatever it refuses, the next decoder is asked (facts/image.md §1).

use super::decode::{Decoded, Wanted};
use super::pixels::{Layout, Pixels};
use super::prescan::Header;
use turbojpeg::{Decompressor, Image, PixelFormat, ScalingFactor};

/// The pre-scan counted the scans; this is the second lock on that door.
const SCANS: u32 = 30;

pub(super) fn decode(bytes: &[u8], header: &Header, wanted: Wanted) -> Option<Decoded> {
    if header.components == 4 {
        return None;
    }
    let mut decompressor = Decompressor::new().ok()?;
    decompressor.set_scan_limit(SCANS).ok()?;
    let read = decompressor.read_header(bytes).ok()?;
    if (read.width, read.height) != (header.width as usize, header.height as usize) {
        return None;
    }
    let eighths = (1..=7u32).find(|&eighths| wanted.is_met_by(eighths)).unwrap_or(8);
    let factor = ScalingFactor::new(eighths as usize, 8);
    decompressor.set_scaling_factor(factor).ok()?;
    let (width, height) = (factor.scale(read.width), factor.scale(read.height));
    let (format, layout) = match header.components {
        1 => (PixelFormat::GRAY, Layout::Gray),
        _ => (PixelFormat::RGB, Layout::Rgb),
    };
    let pitch = width * layout.channels();
    let mut data = vec![0; pitch * height];
    decompressor.decompress(bytes, Image { pixels: &mut data[..], width, pitch, height, format }).ok()?;
    let pixels = Pixels::new(data, width.try_into().ok()?, height.try_into().ok()?, layout).ok()?;
    Some(Decoded { pixels, icc: header.icc.clone() })
}
