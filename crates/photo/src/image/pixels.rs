//! Eight-bit pixels between the steps.

use super::Refusal;
use ::image::DynamicImage;
use fast_image_resize::PixelType;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    Gray,
    GrayAlpha,
    Rgb,
    Rgba,
}

impl Layout {
    pub fn channels(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::GrayAlpha => 2,
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }

    pub fn has_alpha(self) -> bool {
        matches!(self, Self::GrayAlpha | Self::Rgba)
    }

    pub fn pixel_type(self) -> PixelType {
        match self {
            Self::Gray => PixelType::U8,
            Self::GrayAlpha => PixelType::U8x2,
            Self::Rgb => PixelType::U8x3,
            Self::Rgba => PixelType::U8x4,
        }
    }
}

#[derive(Debug)]
pub(super) struct Pixels {
    pub data: Vec<u8>,
    pub width: u32,
    pub height: u32,
    pub layout: Layout,
}

impl Pixels {
    /// Refuses a buffer that does not hold exactly width times height pixels.
    pub fn new(data: Vec<u8>, width: u32, height: u32, layout: Layout) -> Result<Self, Refusal> {
        let wanted = width as usize * height as usize * layout.channels();
        if data.len() == wanted { Ok(Self { data, width, height, layout }) } else { Err(Refusal::Broken) }
    }
}

impl TryFrom<DynamicImage> for Pixels {
    type Error = Refusal;

    fn try_from(image: DynamicImage) -> Result<Self, Refusal> {
        let (width, height) = (image.width(), image.height());
        let (data, layout) = match image {
            DynamicImage::ImageLuma8(buffer) => (buffer.into_raw(), Layout::Gray),
            DynamicImage::ImageLumaA8(buffer) => (buffer.into_raw(), Layout::GrayAlpha),
            DynamicImage::ImageRgb8(buffer) => (buffer.into_raw(), Layout::Rgb),
            DynamicImage::ImageRgba8(buffer) => (buffer.into_raw(), Layout::Rgba),
            deep @ DynamicImage::ImageLuma16(_) => (deep.into_luma8().into_raw(), Layout::Gray),
            deep @ DynamicImage::ImageLumaA16(_) => (deep.into_luma_alpha8().into_raw(), Layout::GrayAlpha),
            deep @ DynamicImage::ImageRgb16(_) => (deep.into_rgb8().into_raw(), Layout::Rgb),
            deep @ DynamicImage::ImageRgba16(_) => (deep.into_rgba8().into_raw(), Layout::Rgba),
            _ => return Err(Refusal::Broken),
        };
        Self::new(data, width, height, layout)
    }
}
