//! Step 3: limits before decoding. `image`'s own limits miss progressive coefficients, total pixels and, on the way
//! that reads the orientation, memory altogether (facts/image.md §4), so the sum is made here.

use super::Refusal;
use super::prescan::Header;
use super::sniff::Format;

#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of the upload.
    pub bytes: usize,
    pub min_side: u32,
    pub max_side: u32,
    pub pixels: u64,
    /// Fewer for progressive JPEG, whose coefficients must all be held.
    pub progressive_pixels: u64,
    /// The most memory that one decoding may take, in bytes.
    pub memory: u64,
    pub jpeg_segments: usize,
    pub jpeg_scans: usize,
    pub chunks: usize,
    pub icc_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 5 * 1024 * 1024,
            min_side: 16,
            max_side: 10_000,
            pixels: 40_000_000,
            progressive_pixels: 25_000_000,
            memory: 192 * 1024 * 1024,
            jpeg_segments: 1000,
            jpeg_scans: 30,
            chunks: 10_000,
            icc_bytes: 64 * 1024,
        }
    }
}

/// Checks sides, pixels and memory; gives the memory in bytes that decoding may hold at its worst.
pub(super) fn check(header: &Header, limits: &Limits) -> Result<u64, Refusal> {
    let (width, height) = (header.width, header.height);
    if width.max(height) > limits.max_side {
        return Err(Refusal::TooManyPixels);
    }
    if width.min(height) < limits.min_side {
        return Err(Refusal::TooSmall);
    }
    let pixels = u64::from(width) * u64::from(height);
    let most = if header.progressive { limits.progressive_pixels } else { limits.pixels };
    if pixels > most {
        return Err(Refusal::TooManyPixels);
    }
    let memory = pixels * u64::from(header.bytes_per_pixel) + held_besides_pixels(header, pixels);
    if memory > limits.memory { Err(Refusal::TooManyPixels) } else { Ok(memory) }
}

fn held_besides_pixels(header: &Header, pixels: u64) -> u64 {
    match header.format {
        // Two bytes for every coefficient of every component.
        Format::Jpeg if header.progressive => 2 * u64::from(header.components) * pixels,
        // The decoder hands out RGB from planes of its own.
        Format::WebP => 2 * pixels,
        // The frame's indices, before they are laid on the canvas.
        Format::Gif => pixels,
        // Sixteen bits become eight in a second buffer.
        Format::Png if header.bytes_per_pixel > 4 => pixels * u64::from(header.bytes_per_pixel) / 2,
        Format::Jpeg | Format::Png => 0,
    }
}
