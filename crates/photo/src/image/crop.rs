//! Step 5: what of the picture is kept, and how large: of a profile photo a square (the middle, or the box that the
//! person drew on the upright picture), of a gallery's picture everything.

use super::prescan::Header;
use super::{LONGEST, Refusal, SIDES};
use ::image::metadata::Orientation;
use std::str::FromStr;

/// A square in pixels of the upright picture (after its EXIF orientation).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CropBox {
    pub x: u32,
    pub y: u32,
    pub side: u32,
}

/// The smallest square that may be cut out.
const MIN_SIDE: u32 = 16;

impl FromStr for CropBox {
    type Err = Refusal;

    /// `x,y,side`, plain decimal numbers.
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let mut numbers = text.split(',').map(|part| {
            let part = part.trim();
            let plain = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            if plain { part.parse::<u32>().map_err(|_| Refusal::BadCrop) } else { Err(Refusal::BadCrop) }
        });
        let mut next = || numbers.next().unwrap_or(Err(Refusal::BadCrop));
        let (x, y, side) = (next()?, next()?, next()?);
        if numbers.next().is_some() { Err(Refusal::BadCrop) } else { Ok(Self { x, y, side }) }
    }
}

impl CropBox {
    /// Inside the upright picture, and not a splinter.
    pub(super) fn check(self, width: u32, height: u32) -> Result<(), Refusal> {
        let inside = |start: u32, length: u32| start.checked_add(self.side).is_some_and(|end| end <= length);
        if self.side >= MIN_SIDE && inside(self.x, width) && inside(self.y, height) {
            Ok(())
        } else {
            Err(Refusal::BadCrop)
        }
    }
}

/// What a picture is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Squares of [`SIDES`]; without a box, of the middle.
    Square(Option<CropBox>),
    /// The whole picture with its proportions, its longest side one of [`LONGEST`].
    Whole,
}

impl From<Option<CropBox>> for Shape {
    fn from(crop: Option<CropBox>) -> Self {
        Self::Square(crop)
    }
}

impl Shape {
    /// The longest sides that are offered, largest first.
    pub(super) fn sides(self) -> &'static [u32] {
        match self {
            Self::Square(_) => &SIDES,
            Self::Whole => &LONGEST,
        }
    }
}

/// The part to keep, in pixels as stored. Turning back before the resize means that only the small picture, and never
/// the whole, is turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

impl Cut {
    pub fn of(shape: Shape, header: &Header) -> Self {
        match shape {
            Shape::Square(wanted) => {
                let CropBox { x, y, side } = square(wanted, header);
                Self { x, y, width: side, height: side }
            }
            Shape::Whole => Self { x: 0, y: 0, width: header.width, height: header.height },
        }
    }

    pub fn longest(self) -> u32 {
        self.width.max(self.height)
    }
}

/// Width and height with the same proportions and this longest side; never nothing.
pub(super) fn fit(width: u32, height: u32, longest: u32) -> (u32, u32) {
    let most = u64::from(width.max(height)).max(1);
    let scaled = |length: u32| {
        let scaled = (u64::from(length) * u64::from(longest) + most / 2) / most;
        u32::try_from(scaled).unwrap_or(longest).max(1)
    };
    (scaled(width), scaled(height))
}

fn square(wanted: Option<CropBox>, header: &Header) -> CropBox {
    let (w, h) = (header.width, header.height);
    let Some(CropBox { x, y, side }) = wanted else {
        let side = w.min(h);
        return CropBox { x: (w - side) / 2, y: (h - side) / 2, side };
    };
    let (x, y) = match header.orientation {
        Orientation::NoTransforms => (x, y),
        Orientation::FlipHorizontal => (w - x - side, y),
        Orientation::FlipVertical => (x, h - y - side),
        Orientation::Rotate180 => (w - x - side, h - y - side),
        Orientation::Rotate90 => (y, h - x - side),
        Orientation::Rotate270 => (w - y - side, x),
        Orientation::Rotate90FlipH => (y, x),
        Orientation::Rotate270FlipH => (w - y - side, h - x - side),
    };
    CropBox { x, y, side }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_plain_numbers() {
        assert_eq!("1,2,300".parse(), Ok(CropBox { x: 1, y: 2, side: 300 }));
        assert_eq!(" 1, 2, 300 ".parse(), Ok(CropBox { x: 1, y: 2, side: 300 }));
        for bad in ["", "1,2", "1,2,3,4", "-1,2,3", "1.5,2,3", "+1,2,3", "1,2,99999999999", "a,b,c", "1,,3"] {
            assert_eq!(bad.parse::<CropBox>(), Err(Refusal::BadCrop), "{bad}");
        }
    }

    #[test]
    fn proportions_stay() {
        assert_eq!(fit(4000, 3000, 1600), (1600, 1200));
        assert_eq!(fit(3000, 4001, 320), (240, 320));
        assert_eq!(fit(10_000, 16, 320), (320, 1), "never nothing");
        assert_eq!(fit(7, 7, 7), (7, 7));
    }

    #[test]
    fn inside_the_upright_picture() {
        let crop = |x, y, side| CropBox { x, y, side }.check(100, 60);
        assert_eq!(crop(0, 0, 60), Ok(()));
        assert_eq!(crop(40, 0, 60), Ok(()));
        assert_eq!(crop(41, 0, 60), Err(Refusal::BadCrop));
        assert_eq!(crop(0, 1, 60), Err(Refusal::BadCrop));
        assert_eq!(crop(0, 0, 15), Err(Refusal::BadCrop));
        assert_eq!(crop(u32::MAX, u32::MAX, 16), Err(Refusal::BadCrop));
    }
}
