//! Pictures, good and evil, made here: nothing hostile lies in the repository.

use bytes::Bytes;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ExtendedColorType, ImageEncoder, ImageFormat, Rgb, RgbImage};
use std::io::{Cursor, Write};

pub const RED: [u8; 3] = [220, 30, 30];
pub const GREEN: [u8; 3] = [30, 200, 30];
pub const BLUE: [u8; 3] = [30, 30, 220];
pub const YELLOW: [u8; 3] = [230, 220, 20];

/// Red, green over blue, yellow: tells which way is up.
pub fn quarters(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| match (x < width / 2, y < height / 2) {
        (true, true) => Rgb(RED),
        (false, true) => Rgb(GREEN),
        (true, false) => Rgb(BLUE),
        (false, false) => Rgb(YELLOW),
    })
}

/// Something like a photo: slopes, waves and grain.
pub fn grainy(width: u32, height: u32) -> RgbImage {
    let mut seed = 12345u32;
    RgbImage::from_fn(width, height, |x, y| {
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        let grain = (seed & 15) as f32 - 8.0;
        let wave = (x as f32 / 37.0).sin() * 40.0 + (y as f32 / 53.0).cos() * 40.0 + grain;
        let clamp = |value: f32| value.clamp(0.0, 255.0) as u8;
        Rgb([clamp(140.0 + wave), clamp(115.0 + wave * 0.9), clamp(95.0 + wave * 0.8)])
    })
}

pub fn encode_jpeg(image: &RgbImage, progressive: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut out, 90);
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_2_2);
    encoder.set_progressive(progressive);
    let (width, height) = (image.width() as u16, image.height() as u16);
    encoder.encode(image, width, height, jpeg_encoder::ColorType::Rgb).unwrap();
    out
}

pub fn jpeg(width: u32, height: u32, progressive: bool) -> Bytes {
    encode_jpeg(&grainy(width, height), progressive).into()
}

pub fn encode(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    image.write_to(&mut out, format).unwrap();
    out.into_inner()
}

pub fn png_with_icc(image: &RgbImage, icc: Vec<u8>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut out);
    encoder.set_icc_profile(icc).unwrap();
    encoder.write_image(image, image.width(), image.height(), ExtendedColorType::Rgb8).unwrap();
    out
}

/// How a camera held that way stores what is upright.
pub fn held(upright: &RgbImage, orientation: Orientation) -> RgbImage {
    let inverse = match orientation {
        Orientation::Rotate90 => Orientation::Rotate270,
        Orientation::Rotate270 => Orientation::Rotate90,
        same => same,
    };
    let mut stored = DynamicImage::from(upright.clone());
    stored.apply_orientation(inverse);
    stored.into_rgb8()
}

/// A segment put right behind the start of a JPEG.
pub fn with_segment(jpeg: &[u8], marker: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = jpeg[..2].to_vec();
    out.extend(segment(marker, payload));
    out.extend_from_slice(&jpeg[2..]);
    out
}

pub fn segment(marker: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0xff, marker];
    out.extend((payload.len() as u16 + 2).to_be_bytes());
    out.extend_from_slice(payload);
    out
}

/// TIFF with the orientation, a camera's name and a place on earth.
pub fn exif(orientation: u8) -> Vec<u8> {
    let mut tiff = b"II*\0\x08\0\0\0\x03\0".to_vec();
    tiff.extend(b"\x12\x01\x03\0\x01\0\0\0");
    tiff.extend([orientation, 0, 0, 0]);
    tiff.extend(b"\x0f\x01\x02\0\x18\0\0\0\x32\0\0\0");
    tiff.extend(b"\x25\x88\x04\0\x01\0\0\0\x4a\0\0\0\0\0\0\0");
    tiff.extend(b"SECRET-CAMERA-SERIAL-77\0");
    tiff.extend(b"\x01\0\x01\0\x02\0\x02\0\0\0N\0\0\0\0\0\0\0GPS-48.858370-2.294481-SECRET-PLACE");
    tiff
}

pub fn jpeg_with_exif(image: &RgbImage, orientation: u8) -> Vec<u8> {
    let payload = [b"Exif\0\0", &exif(orientation)[..]].concat();
    with_segment(&encode_jpeg(image, false), 0xe1, &payload)
}

pub fn zeros(count: usize) -> Vec<u8> {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::new(6));
    let block = vec![0; 1 << 20];
    for _ in 0..count >> 20 {
        zlib.write_all(&block).unwrap();
    }
    zlib.write_all(&block[..count & ((1 << 20) - 1)]).unwrap();
    zlib.finish().unwrap()
}

pub fn chunk(kind: &[u8; 4], payload: &[u8]) -> Vec<u8> {
    let mut sum = flate2::Crc::new();
    sum.update(kind);
    sum.update(payload);
    let length = (payload.len() as u32).to_be_bytes();
    [&length, &kind[..], payload, &sum.sum().to_be_bytes()].concat()
}

/// `extra` goes between the header and the data; the data is `data`, compressed zeros.
pub fn png(width: u32, height: u32, depth: u8, color: u8, extra: &[u8], data: &[u8]) -> Vec<u8> {
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    header.extend([depth, color, 0, 0, 0]);
    let start = b"\x89PNG\r\n\x1a\n";
    [start, &chunk(b"IHDR", &header)[..], extra, &chunk(b"IDAT", data), &chunk(b"IEND", b"")].concat()
}

pub fn gif(width: u16, height: u16, frames: usize) -> Vec<u8> {
    let mut out = b"GIF89a".to_vec();
    out.extend([width.to_le_bytes(), height.to_le_bytes()].concat());
    out.extend([0x80, 0, 0, 0, 0, 0, 255, 255, 255]);
    for _ in 0..frames {
        out.extend(b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0");
    }
    out.push(b';');
    out
}

fn webp_chunk(kind: &[u8; 4], payload: &[u8]) -> Vec<u8> {
    let mut out = [&kind[..], &(payload.len() as u32).to_le_bytes(), payload].concat();
    if payload.len() % 2 == 1 {
        out.push(0);
    }
    out
}

pub fn riff(body: &[u8]) -> Vec<u8> {
    [b"RIFF", &(body.len() as u32 + 4).to_le_bytes()[..], b"WEBP", body].concat()
}

pub fn webp_animation(width: u32, height: u32, frames: usize) -> Vec<u8> {
    let small = encode(&DynamicImage::new_rgb8(1, 1), ImageFormat::WebP)[12..].to_vec();
    let le24 = |value: u32| value.to_le_bytes()[..3].to_vec();
    let canvas = [vec![2, 0, 0, 0], le24(width - 1), le24(height - 1)].concat();
    let mut body = webp_chunk(b"VP8X", &canvas);
    body.extend(webp_chunk(b"ANIM", &[0; 6]));
    let frame = [vec![0; 12], le24(10), vec![0], small].concat();
    for _ in 0..frames {
        body.extend(webp_chunk(b"ANMF", &frame));
    }
    riff(&body)
}

/// A VP8X file whose ICCP chunk claims 4 GiB.
pub fn webp_lying_chunk() -> Vec<u8> {
    let mut body = webp_chunk(b"VP8X", &[0x20, 0, 0, 0, 63, 0, 0, 63, 0, 0]);
    body.extend(b"ICCP\xff\xff\xff\xff");
    body.extend(&encode(&DynamicImage::new_rgb8(64, 64), ImageFormat::WebP)[12..]);
    riff(&body)
}

pub const GRAY: [(u8, u8); 1] = [(1, 0x11)];
pub const COLOR: [(u8, u8); 3] = [(1, 0x11), (2, 0x11), (3, 0x11)];

fn frame(marker: u8, precision: u8, width: u16, height: u16, components: &[(u8, u8)]) -> Vec<u8> {
    let mut payload = vec![precision];
    payload.extend([height.to_be_bytes(), width.to_be_bytes()].concat());
    payload.push(components.len() as u8);
    for &(id, sampling) in components {
        payload.extend([id, sampling, 0]);
    }
    segment(marker, &payload)
}

/// Quantization ones; Huffman: DC `0` is size 0, `10` size 1; AC `0` is end of block, `10` a long run of them.
fn tables() -> Vec<u8> {
    let table = |class: u8, symbols: [u8; 2]| {
        let mut payload = vec![class << 4, 1, 1];
        payload.extend([0; 14]);
        payload.extend(symbols);
        segment(0xc4, &payload)
    };
    [segment(0xdb, &[&[0][..], &[1; 64]].concat()), table(0, [0, 1]), table(1, [0, 0xe0])].concat()
}

fn scan(components: &[(u8, u8)], start: u8, end: u8) -> Vec<u8> {
    let mut payload = vec![components.len() as u8];
    for &(id, _) in components {
        payload.extend([id, 0]);
    }
    payload.extend([start, end, 0]);
    segment(0xda, &payload)
}

/// A flat picture with as many bytes of data as asked for; `marker` 0xc0 is baseline.
pub fn flat_jpeg(
    marker: u8,
    precision: u8,
    width: u16,
    height: u16,
    components: &[(u8, u8)],
    data: usize,
) -> Vec<u8> {
    [
        b"\xff\xd8".to_vec(),
        tables(),
        frame(marker, precision, width, height, components),
        scan(components, 0, 63),
        vec![0; data],
        b"\xff\xd9".to_vec(),
    ]
    .concat()
}

/// Progressive: one DC scan, then `scans` scans that say in a few bytes that all blocks are empty.
pub fn scan_bomb(side: u16, scans: usize) -> Vec<u8> {
    let blocks = u64::from(side).div_ceil(8).pow(2);
    let runs = blocks.div_ceil(32767) as usize;
    let mut bits = "1011111111111111".repeat(runs);
    bits.push_str(&"1".repeat((8 - bits.len() % 8) % 8));
    let mut data = Vec::new();
    for byte in bits.as_bytes().chunks(8) {
        let value = byte.iter().fold(0u8, |value, bit| value << 1 | (bit - b'0'));
        data.push(value);
        if value == 0xff {
            data.push(0);
        }
    }
    let one = [scan(&COLOR[..1], 1, 63), data].concat();
    [
        b"\xff\xd8".to_vec(),
        tables(),
        frame(0xc2, 8, side, side, &COLOR),
        scan(&COLOR, 0, 0),
        vec![0; blocks as usize * 3 / 8 + 1],
        one.repeat(scans),
        b"\xff\xd9".to_vec(),
    ]
    .concat()
}
