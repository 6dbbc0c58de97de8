//! A photo such as a telephone takes, made here: for the load script and the benchmarks.

/// A JPEG of 12 megapixels, 4:2:0 and about 4 MB: hills of three sizes and the grain of a sensor, from a generator
/// that always starts alike.
pub fn twelve_megapixels() -> Result<Vec<u8>, jpeg_encoder::EncodingError> {
    const WIDTH: u16 = 4000;
    const HEIGHT: u16 = 3000;
    let mut state = 0x2545_f491_u32;
    let mut grain = move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state & 0xff) as f32 / 255.0 - 0.5
    };
    let mut pixels = Vec::with_capacity(usize::from(WIDTH) * usize::from(HEIGHT) * 3);
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
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
    let mut encoded = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut encoded, 88);
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::R_4_2_0);
    encoder.encode(&pixels, WIDTH, HEIGHT, jpeg_encoder::ColorType::Rgb)?;
    Ok(encoded)
}
