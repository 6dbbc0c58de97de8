//! Step 6: the picture, small by now, is turned upright.

use super::pixels::Pixels;
use ::image::metadata::Orientation;

pub(super) fn apply(stored: Pixels, orientation: Orientation) -> Pixels {
    if orientation == Orientation::NoTransforms {
        return stored;
    }
    let channels = stored.layout.channels();
    let (from_width, from_height) = (stored.width as usize, stored.height as usize);
    let upright = match orientation {
        Orientation::NoTransforms
        | Orientation::Rotate180
        | Orientation::FlipHorizontal
        | Orientation::FlipVertical => true,
        Orientation::Rotate90
        | Orientation::Rotate270
        | Orientation::Rotate90FlipH
        | Orientation::Rotate270FlipH => false,
    };
    let (width, height) = if upright { (from_width, from_height) } else { (from_height, from_width) };
    let (right, bottom) = (from_width.saturating_sub(1), from_height.saturating_sub(1));
    let mut data = Vec::with_capacity(stored.data.len());
    for y in 0..height {
        for x in 0..width {
            let (from_x, from_y) = match orientation {
                Orientation::NoTransforms => (x, y),
                Orientation::FlipHorizontal => (right - x, y),
                Orientation::FlipVertical => (x, bottom - y),
                Orientation::Rotate180 => (right - x, bottom - y),
                Orientation::Rotate90 => (y, bottom - x),
                Orientation::Rotate270 => (right - y, x),
                Orientation::Rotate90FlipH => (y, x),
                Orientation::Rotate270FlipH => (right - y, bottom - x),
            };
            let at = (from_y * from_width + from_x) * channels;
            data.extend_from_slice(&stored.data[at..at + channels]);
        }
    }
    let (width, height) = if upright { (stored.width, stored.height) } else { (stored.height, stored.width) };
    Pixels { data, width, height, layout: stored.layout }
}

#[cfg(test)]
mod tests {
    use super::super::pixels::Layout;
    use super::*;
    use ::image::{DynamicImage, GrayImage};

    #[test]
    fn as_the_image_crate_turns() {
        for (width, height) in [(5, 5), (7, 3), (1, 4)] {
            let source: Vec<u8> = (0..).take((width * height) as usize).collect();
            for exif in 1..=8 {
                let orientation = Orientation::from_exif(exif).unwrap();
                let gray = GrayImage::from_raw(width, height, source.clone()).unwrap();
                let mut wanted = DynamicImage::from(gray);
                wanted.apply_orientation(orientation);
                let stored = Pixels::new(source.clone(), width, height, Layout::Gray).unwrap();
                let turned = apply(stored, orientation);
                assert_eq!((turned.width, turned.height), (wanted.width(), wanted.height()));
                assert_eq!(turned.data, wanted.into_bytes(), "{width} x {height}, orientation {exif}");
            }
        }
    }
}
