//! Step 6: the square is turned upright.

use super::pixels::Pixels;
use ::image::metadata::Orientation;

/// Turns a square; anything else comes back as it is (the caller only ever has squares).
pub(super) fn apply(square: Pixels, orientation: Orientation) -> Pixels {
    if orientation == Orientation::NoTransforms || square.width != square.height {
        return square;
    }
    let channels = square.layout.channels();
    let side = square.width as usize;
    let last = side.saturating_sub(1);
    let mut data = Vec::with_capacity(square.data.len());
    for y in 0..side {
        for x in 0..side {
            let (from_x, from_y) = match orientation {
                Orientation::NoTransforms => (x, y),
                Orientation::FlipHorizontal => (last - x, y),
                Orientation::FlipVertical => (x, last - y),
                Orientation::Rotate180 => (last - x, last - y),
                Orientation::Rotate90 => (y, last - x),
                Orientation::Rotate270 => (last - y, x),
                Orientation::Rotate90FlipH => (y, x),
                Orientation::Rotate270FlipH => (last - y, last - x),
            };
            let at = (from_y * side + from_x) * channels;
            data.extend_from_slice(&square.data[at..at + channels]);
        }
    }
    Pixels { data, ..square }
}

#[cfg(test)]
mod tests {
    use super::super::pixels::Layout;
    use super::*;
    use ::image::{DynamicImage, GrayImage};

    #[test]
    fn as_the_image_crate_turns() {
        let source: Vec<u8> = (0..25).collect();
        for exif in 1..=8 {
            let orientation = Orientation::from_exif(exif).unwrap();
            let mut wanted = DynamicImage::from(GrayImage::from_raw(5, 5, source.clone()).unwrap());
            wanted.apply_orientation(orientation);
            let square = Pixels::new(source.clone(), 5, 5, Layout::Gray).unwrap();
            assert_eq!(apply(square, orientation).data, wanted.into_bytes(), "orientation {exif}");
        }
    }
}
