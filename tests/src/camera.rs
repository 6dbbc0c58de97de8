//! Pictures such as people upload, made here: for the load script and the benchmarks.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, RgbImage, codecs::gif::GifEncoder};

/// A JPEG of 12 megapixels, 4:2:0 and about 4 MB, as from a telephone.
pub fn twelve_megapixels() -> Result<Vec<u8>, jpeg_encoder::EncodingError> {
    const WIDTH: u16 = 4000;
    const HEIGHT: u16 = 3000;
    let mut encoded = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut encoded, 88);
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::R_4_2_0);
    encoder.encode(&scene(WIDTH, HEIGHT), WIDTH, HEIGHT, jpeg_encoder::ColorType::Rgb)?;
    Ok(encoded)
}

/// Some 5 MB, which is as large as an upload may be: fewer pixels than it takes at the very worst.
pub fn five_megabytes(format: ImageFormat) -> image::ImageResult<Vec<u8>> {
    let (width, height) = match format {
        ImageFormat::Gif => (2000, 1500),
        _ => (1520, 1140),
    };
    let Some(picture) = RgbImage::from_raw(width.into(), height.into(), scene(width, height)) else {
        return Ok(Vec::new());
    };
    let mut encoded = Cursor::new(Vec::new());
    if format == ImageFormat::Gif {
        // The fastest search for a palette: what it finds is as large.
        let picture = DynamicImage::from(picture).into_rgba8();
        GifEncoder::new_with_speed(&mut encoded, 30).encode(
            &picture,
            width.into(),
            height.into(),
            image::ExtendedColorType::Rgba8,
        )?;
    } else {
        DynamicImage::from(picture).write_to(&mut encoded, format)?;
    }
    Ok(encoded.into_inner())
}

/// Hills of three sizes and the grain of a sensor, from a generator that always starts alike.
fn scene(width: u16, height: u16) -> Vec<u8> {
    let mut state = 0x2545_f491_u32;
    let mut grain = move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state & 0xff) as f32 / 255.0 - 0.5
    };
    let mut pixels = Vec::with_capacity(usize::from(width) * usize::from(height) * 3);
    for y in 0..height {
        for x in 0..width {
            let (x, y) = (f32::from(x), f32::from(y));
            let hills = (x / 611.0).sin() * (y / 433.0).cos() * 60.0
                + (x / 71.0 + y / 97.0).sin() * 22.0
                + (x / 9.0 - y / 13.0).sin() * 7.0;
            let noise = grain() * 26.0;
            for tint in [128.0, 112.0, 96.0] {
                pixels.push((tint + hills + noise).clamp(0.0, 255.0) as u8);
            }
        }
    }
    pixels
}
