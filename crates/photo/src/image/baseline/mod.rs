//! A decoder for the JPEG that cameras write, and for nothing else: baseline or extended sequential, Huffman, eight bits,
//! one interleaved scan, gray or YCbCr, sampled 1 or 2; at 1/2, 1/4 or 1/8 of its size.
//!
//! Half of what a photo costs is reading its Huffman codes. Here most of them are only skipped, since a small picture
//! needs few of the 64 frequencies of a block, and chroma is brought to its final size by its own inverse transform, so
//! nothing is upsampled. It also knows exactly when the data ends too early, which other decoders paint over.
//! ITU T.81 is <https://www.w3.org/Graphics/JPEG/itu-t81.pdf>.

mod bits;
mod header;
mod huffman;
mod transform;

use super::Refusal;
use super::pixels::{Layout, Pixels};
use bits::Bits;
use header::{Component, Picture};
use transform::Block;

/// The scale in eighths. `Ok(None)`: a kind of JPEG that others must decode.
pub(super) fn decode(bytes: &[u8], eighths: u32) -> Result<Option<Pixels>, Refusal> {
    let Some(picture) = header::parse(bytes, eighths as usize)? else { return Ok(None) };
    let planes = scan(&picture)?;
    let scaled = |length: usize| (length * eighths as usize).div_ceil(8);
    let (width, height) = (scaled(picture.width), scaled(picture.height));
    let (data, layout) = match planes.as_slice() {
        [gray] => (crop(gray, picture.stride(), width, height), Layout::Gray),
        [y, cb, cr] => (to_rgb([y, cb, cr], picture.stride(), width, height), Layout::Rgb),
        _ => return Ok(None),
    };
    let side = |length: usize| u32::try_from(length).map_err(|_| Refusal::Broken);
    Pixels::new(data, side(width)?, side(height)?, layout).map(Some)
}

/// One plane a component, all of the same size: whole units, so that no block reaches over an edge.
fn scan(picture: &Picture<'_>) -> Result<Vec<Vec<u8>>, Refusal> {
    let stride = picture.stride();
    let rows = picture.units_down * picture.unit_height();
    let mut planes: Vec<Vec<u8>> = picture.components.iter().map(|_| vec![0; stride * rows]).collect();
    let mut bits = Bits::new(picture.data);
    let mut predictors = [0i32; 3];
    let mut until_restart = picture.restart_interval;
    let mut restarts = 0u8;
    for down in 0..picture.units_down {
        for across in 0..picture.units_across {
            if picture.restart_interval > 0 {
                if until_restart == 0 {
                    bits.restart(restarts)?;
                    restarts = restarts.wrapping_add(1);
                    predictors = [0; 3];
                    until_restart = picture.restart_interval;
                }
                until_restart -= 1;
            }
            let components = picture.components.iter().zip(&mut planes).zip(&mut predictors);
            for ((component, plane), predictor) in components {
                for y in 0..component.down {
                    for x in 0..component.across {
                        let top = (down * component.down + y) * component.height;
                        let left = (across * component.across + x) * component.width;
                        let block = block(&mut bits, component, predictor)?;
                        (component.transform)(
                            &block,
                            &component.basis,
                            &mut plane[top * stride + left..],
                            stride,
                        );
                    }
                }
            }
            if bits.overran() {
                return Err(Refusal::Broken);
            }
        }
    }
    Ok(planes)
}

/// T.81 F.2.2: the difference of the first coefficient, then runs of zeros and values in zigzag order.
#[inline]
fn block(bits: &mut Bits<'_>, component: &Component, predictor: &mut i32) -> Result<Block, Refusal> {
    bits.refill();
    let size = component.dc.decode(bits)?;
    if size > 11 {
        return Err(Refusal::Broken);
    }
    // A wild file may count over any bound; the sum is clamped in the end.
    *predictor = predictor.wrapping_add(bits.signed(size));
    let mut block = Block::new(*predictor as f32 * component.quantization[0]);

    let mut at = 1;
    while at <= component.last {
        bits.refill();
        let code = component.ac.decode(bits)?;
        let (run, size) = (usize::from(code >> 4), code & 15);
        if size == 0 {
            if run < 15 {
                return Ok(block);
            }
            at += 16;
            continue;
        }
        at += run;
        if at > 63 {
            return Err(Refusal::Broken);
        }
        let value = bits.signed(size) as f32;
        block.set(component.place[at], value * component.quantization[at]);
        at += 1;
    }
    // What is left is finer than the small picture shows.
    while at < 64 {
        bits.refill();
        let code = component.ac.decode(bits)?;
        let (run, size) = (usize::from(code >> 4), code & 15);
        if size == 0 && run < 15 {
            return Ok(block);
        }
        bits.skip(size);
        at += run + 1;
    }
    if at > 64 { Err(Refusal::Broken) } else { Ok(block) }
}

fn crop(plane: &[u8], stride: usize, width: usize, height: usize) -> Vec<u8> {
    plane.chunks_exact(stride).take(height).flat_map(|row| &row[..width]).copied().collect()
}

/// JFIF: ITU-R BT.601, full range; in 16.16 fixed point.
fn to_rgb(planes: [&Vec<u8>; 3], stride: usize, width: usize, height: usize) -> Vec<u8> {
    let mut rgb = vec![0; width * height * 3];
    let [y, cb, cr] = planes.map(|plane| plane.chunks_exact(stride));
    for (((row, y), cb), cr) in rgb.chunks_exact_mut(width * 3).zip(y).zip(cb).zip(cr) {
        for (((pixel, &y), &cb), &cr) in row.chunks_exact_mut(3).zip(y).zip(cb).zip(cr) {
            let y = (i32::from(y) << 16) + (1 << 15);
            let (cb, cr) = (i32::from(cb) - 128, i32::from(cr) - 128);
            pixel[0] = ((y + 91_881 * cr) >> 16).clamp(0, 255) as u8;
            pixel[1] = ((y - 22_554 * cb - 46_802 * cr) >> 16).clamp(0, 255) as u8;
            pixel[2] = ((y + 116_130 * cb) >> 16).clamp(0, 255) as u8;
        }
    }
    rgb
}

#[cfg(test)]
mod tests {
    use super::*;
    use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

    /// Colours that change slowly, with some fine structure.
    fn pixels(width: usize, height: usize) -> Vec<u8> {
        let wave =
            |x: usize, y: usize, a: f32, b: f32| (x as f32 / a).sin() * 50.0 + (y as f32 / b).cos() * 40.0;
        let fine = |x: usize, y: usize| ((x * 7 + y * 13) % 11) as f32;
        (0..height)
            .flat_map(|y| (0..width).map(move |x| (x, y)))
            .flat_map(|(x, y)| {
                [
                    120.0 + wave(x, y, 31.0, 47.0) + fine(x, y),
                    110.0 + wave(x, y, 53.0, 29.0) + fine(x, y),
                    130.0 - wave(x, y, 41.0, 61.0) + fine(x, y),
                ]
            })
            .map(|value| value as u8)
            .collect()
    }

    fn encoded(
        width: usize,
        height: usize,
        sampling: SamplingFactor,
        restart: u16,
        color: ColorType,
    ) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder = Encoder::new(&mut out, 92);
        encoder.set_sampling_factor(sampling);
        if restart > 0 {
            encoder.set_restart_interval(restart);
        }
        let mut data = pixels(width, height);
        if color == ColorType::Luma {
            data = data.chunks_exact(3).map(|pixel| pixel[1]).collect();
        }
        encoder.encode(&data, width as u16, height as u16, color).unwrap();
        out
    }

    /// The whole picture by another decoder, then the mean of each square that becomes one pixel.
    fn expected(jpeg: &[u8], eighths: usize) -> Pixels {
        let whole = Pixels::try_from(::image::load_from_memory(jpeg).unwrap()).unwrap();
        let (step, channels) = (8 / eighths, whole.layout.channels());
        let (width, height) = (whole.width as usize / step, whole.height as usize / step);
        let mut data = Vec::new();
        for (y, x, channel) in
            (0..height).flat_map(|y| (0..width).flat_map(move |x| (0..channels).map(move |c| (y, x, c))))
        {
            let at = |dx: usize, dy: usize| {
                ((y * step + dy) * whole.width as usize + x * step + dx) * channels + channel
            };
            let sum: usize = (0..step * step).map(|n| usize::from(whole.data[at(n % step, n / step)])).sum();
            data.push((sum / (step * step)) as u8);
        }
        Pixels { data, width: width as u32, height: height as u32, layout: whole.layout }
    }

    #[track_caller]
    fn assert_near(jpeg: &[u8], what: &str) {
        for eighths in [1, 2, 4] {
            let found = decode(jpeg, eighths).unwrap().unwrap_or_else(|| panic!("{what} is not for us"));
            let expected = expected(jpeg, eighths as usize);
            assert_eq!(found.layout, expected.layout);
            let channels = found.layout.channels();
            let rows = |pixels: &Pixels| {
                let stride = pixels.width as usize * channels;
                pixels.data.chunks_exact(stride).map(<[u8]>::to_vec).collect::<Vec<_>>()
            };
            let (mut sum, mut count) = (0u64, 0u64);
            for (found, expected) in rows(&found).iter().zip(rows(&expected)) {
                for (found, expected) in found.iter().zip(expected) {
                    sum += u64::from(found.abs_diff(expected));
                    count += 1;
                }
            }
            assert!(
                sum * 10 < count * 18,
                "{what} at {eighths}/8: {} off in the mean",
                sum as f64 / count as f64
            );
        }
    }

    #[test]
    fn as_others_decode() {
        for (name, sampling) in [
            ("4:4:4", SamplingFactor::F_1_1),
            ("4:2:2", SamplingFactor::F_2_1),
            ("4:4:0", SamplingFactor::F_1_2),
            ("4:2:0", SamplingFactor::F_2_2),
        ] {
            for (width, height) in [(640, 480), (333, 251)] {
                for restart in [0, 1, 7] {
                    let what = format!("{name} {width}x{height}, restart {restart}");
                    assert_near(&encoded(width, height, sampling, restart, ColorType::Rgb), &what);
                }
            }
        }
        assert_near(&encoded(500, 301, SamplingFactor::F_1_1, 0, ColorType::Luma), "gray");
    }

    #[test]
    fn other_kinds_are_left_to_others() {
        let mut out = Vec::new();
        let mut encoder = Encoder::new(&mut out, 90);
        encoder.set_progressive(true);
        encoder.encode(&pixels(64, 64), 64, 64, ColorType::Rgb).unwrap();
        assert!(decode(&out, 2).unwrap().is_none());
        let far = encoded(320, 320, SamplingFactor::F_4_1, 0, ColorType::Rgb);
        assert!(decode(&far, 2).unwrap().is_none());
    }

    #[test]
    fn data_that_ends_too_early_is_refused() {
        for restart in [0, 5] {
            let jpeg = encoded(640, 480, SamplingFactor::F_2_2, restart, ColorType::Rgb);
            for percent in [5, 50, 90, 98] {
                let cut = [&jpeg[..jpeg.len() * percent / 100], b"\xff\xd9"].concat();
                assert_eq!(decode(&cut, 2).err(), Some(Refusal::Broken), "{percent} % of it");
            }
        }
    }
}
