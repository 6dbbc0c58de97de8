//! The image steps, in the order in which [`render`] runs them. Each is a file; limits stand before decoding.
//!
//! Everything here takes bytes from strangers. A step may refuse, never panic; [`render`] still catches a panic of a
//! decoder and calls the picture broken. Only freshly encoded pixels leave: no metadata, no original byte.

mod color;
mod crop;
mod decode;
mod decode_jpeg;
#[cfg(feature = "turbojpeg")]
mod decode_turbo;
pub(crate) mod encode;
mod limits;
mod orientation;
mod pixels;
mod prescan;
mod refusal;
mod resize;
mod sniff;
mod thumbhash;

pub use crop::{CropBox, Shape};
pub use limits::Limits;
pub use refusal::Refusal;

use decode::Wanted;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The sides that are offered, largest first. A picture whose square is smaller starts with its own side.
pub const SIDES: [u32; 4] = [512, 256, 96, 48];

/// The same for pictures that keep their proportions: their longest sides.
pub const LONGEST: [u32; 3] = [1600, 800, 320];

/// A finished picture: variants of falling size, JPEG, sRGB, without metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendition {
    /// Largest first; never empty.
    pub variants: Vec<Variant>,
    /// Of the largest variant.
    pub width: u32,
    pub height: u32,
    /// The thumbhash of the smallest variant.
    pub thumbhash: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// The longest one.
    pub side: u32,
    pub jpeg: Vec<u8>,
}

/// What [`inspect`] learned without decoding: enough to decide, and to say how much memory decoding takes.
#[derive(Debug)]
pub struct Inspected<'a> {
    bytes: &'a [u8],
    header: prescan::Header,
    shape: Shape,
    /// The most memory that decoding may hold, in bytes.
    pub memory: u64,
}

/// Sniff, pre-scan and limits: everything that can be refused before a decoder sees a byte.
pub fn inspect<'a>(
    bytes: &'a [u8],
    shape: impl Into<Shape>,
    limits: &Limits,
) -> Result<Inspected<'a>, Refusal> {
    let format = sniff::sniff(bytes)?;
    let header = prescan::prescan(format, bytes, limits)?;
    let memory = limits::check(&header, limits)?;
    let shape = shape.into();
    if let Shape::Square(Some(crop)) = shape {
        crop.check(header.oriented_width(), header.oriented_height())?;
    }
    Ok(Inspected { bytes, header, shape, memory })
}

/// Decode to encode. The same bytes give the same rendition, always.
pub fn render(inspected: &Inspected<'_>, limits: &Limits) -> Result<Rendition, Refusal> {
    catch_unwind(AssertUnwindSafe(|| steps(inspected, limits))).unwrap_or_else(|_| {
        tracing::error!(format = ?inspected.header.format, "an image decoder panicked");
        Err(Refusal::Broken)
    })
}

fn steps(inspected: &Inspected<'_>, limits: &Limits) -> Result<Rendition, Refusal> {
    let header = &inspected.header;
    let cut = crop::Cut::of(inspected.shape, header);
    let offered = inspected.shape.sides();
    let largest = offered.first().copied().unwrap_or(1);
    let decoded = decode::decode(inspected.bytes, header, Wanted { side: cut.longest(), largest }, limits)?;
    let side = cut.longest().min(largest);
    let first = resize::crop_and_resize(decoded.pixels, cut, header, side)?;
    let first = orientation::apply(first, header.orientation);
    let mut current = color::to_flat_srgb(first, decoded.icc.as_deref());

    let (width, height) = (current.width, current.height);
    let mut variants = Vec::with_capacity(offered.len());
    variants.push(Variant { side, jpeg: encode::jpeg(&current)? });
    for &next in offered.iter().filter(|&&next| next < side) {
        current = resize::shrink(&current, next)?;
        variants.push(Variant { side: next, jpeg: encode::jpeg(&current)? });
    }
    Ok(Rendition { variants, width, height, thumbhash: thumbhash::of(&current)? })
}
