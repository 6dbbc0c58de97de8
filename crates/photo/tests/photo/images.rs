//! The image steps through [`photo::image`]: what goes in, what comes out, what is refused.

use crate::samples::{self, BLUE, GREEN, RED, YELLOW};
use image::metadata::Orientation;
use image::{DynamicImage, ImageFormat, RgbImage};
use photo::image::{CropBox, Limits, Refusal, Rendition, Shape, inspect, render};
use proptest::prelude::*;
use std::sync::LazyLock;

fn process(bytes: &[u8], crop: Option<CropBox>) -> Result<Rendition, Refusal> {
    let limits = Limits::default();
    inspect(bytes, crop, &limits).and_then(|inspected| render(&inspected, &limits))
}

fn sides(rendition: &Rendition) -> Vec<u32> {
    rendition.variants.iter().map(|variant| variant.side).collect()
}

/// Decodes a variant, and holds what every variant must be: a square of its side, JPEG, without any metadata.
fn decode(rendition: &Rendition, place: usize) -> RgbImage {
    let variant = &rendition.variants[place];
    let decoded = image::load_from_memory_with_format(&variant.jpeg, ImageFormat::Jpeg).unwrap().into_rgb8();
    assert_eq!(decoded.dimensions(), (variant.side, variant.side));
    assert_eq!(metadata_segments(&variant.jpeg), Vec::<u8>::new());
    decoded
}

/// Markers of APP1 to APP15 and COM segments.
fn metadata_segments(jpeg: &[u8]) -> Vec<u8> {
    let (mut at, mut found) = (2, Vec::new());
    while jpeg[at + 1] != 0xda {
        let marker = jpeg[at + 1];
        if matches!(marker, 0xe1..=0xef | 0xfe) {
            found.push(marker);
        }
        at += 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
    }
    found
}

#[track_caller]
fn assert_color(image: &RgbImage, x: u32, y: u32, wanted: [u8; 3]) {
    let found = image.get_pixel(x, y).0;
    let near = found.iter().zip(wanted).all(|(&a, b)| a.abs_diff(b) < 25);
    assert!(near, "at {x},{y}: {found:?}, wanted {wanted:?}");
}

#[track_caller]
fn assert_quarters(image: &RgbImage) {
    let (left, right) = (image.width() / 4, image.width() * 3 / 4);
    let (top, bottom) = (image.height() / 4, image.height() * 3 / 4);
    assert_color(image, left, top, RED);
    assert_color(image, right, top, GREEN);
    assert_color(image, left, bottom, BLUE);
    assert_color(image, right, bottom, YELLOW);
}

// S132
#[test]
fn every_orientation_comes_out_upright() {
    for (width, height) in [(1800, 1200), (600, 400), (1200, 1800)] {
        let upright = samples::quarters(width, height);
        for exif in 1..=8 {
            let stored = samples::held(&upright, Orientation::from_exif(exif).unwrap());
            let rendition = process(&samples::jpeg_with_exif(&stored, exif), None).unwrap();
            assert_quarters(&decode(&rendition, 0));
            assert_quarters(&decode(&rendition, 2));
        }
    }
}

/// Every variant is whole, upright and in proportion.
fn assert_whole(rendition: &Rendition, width: u32, height: u32) {
    assert_eq!((rendition.width, rendition.height), (width, height));
    for variant in &rendition.variants {
        let jpeg = image::load_from_memory_with_format(&variant.jpeg, ImageFormat::Jpeg).unwrap().into_rgb8();
        assert_eq!(jpeg.width().max(jpeg.height()), variant.side);
        let wanted = f64::from(variant.side) * f64::from(width.min(height)) / f64::from(width.max(height));
        assert!(
            (f64::from(jpeg.width().min(jpeg.height())) - wanted).abs() <= 1.0,
            "{:?}",
            jpeg.dimensions()
        );
        assert_eq!(jpeg.width() > jpeg.height(), width > height);
        assert_eq!(metadata_segments(&variant.jpeg), Vec::<u8>::new());
        assert_quarters(&jpeg);
    }
}

// CONTRACT §7: pictures of galleries keep their proportions, whichever way up they were taken.
#[test]
fn whole_pictures_keep_their_proportions() {
    let whole = |bytes: &[u8]| {
        let limits = Limits::default();
        inspect(bytes, Shape::Whole, &limits).and_then(|inspected| render(&inspected, &limits))
    };
    for exif in 1..=8 {
        let stored = samples::held(&samples::quarters(2400, 1800), Orientation::from_exif(exif).unwrap());
        let rendition = whole(&samples::jpeg_with_exif(&stored, exif)).unwrap();
        assert_whole(&rendition, 1600, 1200);
        assert_eq!(sides(&rendition), [1600, 800, 320]);
    }
    for (width, height, largest, offered) in [
        (1000, 600, (1000, 600), &[1000, 800, 320][..]),
        (200, 300, (200, 300), &[300][..]),
        (4000, 40, (1600, 16), &[1600, 800, 320][..]),
    ] {
        let picture = DynamicImage::from(samples::quarters(width, height));
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP] {
            let rendition = whole(&samples::encode(&picture, format)).unwrap();
            assert_eq!((rendition.width, rendition.height), largest, "{format:?}");
            assert_eq!(sides(&rendition), offered);
            assert!(!rendition.thumbhash.is_empty());
        }
    }
}

#[test]
fn a_crop_box_is_measured_on_the_upright_picture() {
    let upright = samples::quarters(1600, 1200);
    for exif in 1..=8 {
        let stored = samples::held(&upright, Orientation::from_exif(exif).unwrap());
        let file = samples::jpeg_with_exif(&stored, exif);
        let crop = |x, y, side| decode(&process(&file, Some(CropBox { x, y, side })).unwrap(), 0);
        let green = crop(900, 20, 520);
        assert_color(&green, 10, 10, GREEN);
        assert_color(&green, 500, 500, GREEN);
        let corner = crop(1300, 900, 300);
        assert_eq!(corner.width(), 300);
        assert_color(&corner, 299, 299, YELLOW);
        assert_eq!(process(&file, Some(CropBox { x: 401, y: 0, side: 1200 })), Err(Refusal::BadCrop));
    }
}

#[test]
fn every_format_and_kind_of_pixel() {
    let rgb = DynamicImage::from(samples::quarters(700, 500));
    let cases = [
        ("jpeg", samples::encode_jpeg(rgb.as_rgb8().unwrap(), false)),
        ("progressive", samples::encode_jpeg(rgb.as_rgb8().unwrap(), true)),
        ("png", samples::encode(&rgb, ImageFormat::Png)),
        ("png rgba", samples::encode(&rgb.to_rgba8().into(), ImageFormat::Png)),
        ("png 16", samples::encode(&rgb.to_rgb16().into(), ImageFormat::Png)),
        ("png rgba 16", samples::encode(&rgb.to_rgba16().into(), ImageFormat::Png)),
        ("gif", samples::encode(&rgb, ImageFormat::Gif)),
        ("webp", samples::encode(&rgb, ImageFormat::WebP)),
        ("webp rgba", samples::encode(&rgb.to_rgba8().into(), ImageFormat::WebP)),
    ];
    for (name, file) in cases {
        let rendition = process(&file, None).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        assert_eq!(sides(&rendition), [500, 256, 96, 48], "{name}");
        assert_quarters(&decode(&rendition, 0));
        assert!(!rendition.thumbhash.is_empty());
    }
    for gray in [DynamicImage::from(rgb.to_luma8()), rgb.to_luma16().into(), rgb.to_luma_alpha8().into()] {
        let rendition = process(&samples::encode(&gray, ImageFormat::Png), None).unwrap();
        let pixel = decode(&rendition, 0).get_pixel(100, 100).0;
        assert!(pixel[0].abs_diff(pixel[2]) < 4, "{pixel:?}");
    }
}

// CONTRACT §8: no upscaling, and only sizes that exist.
#[test]
fn the_largest_square_there_is() {
    let of = |width, height| sides(&process(&samples::jpeg(width, height, false), None).unwrap());
    assert_eq!(of(4000, 3000), [512, 256, 96, 48]);
    assert_eq!(of(512, 600), [512, 256, 96, 48]);
    assert_eq!(of(511, 600), [511, 256, 96, 48]);
    assert_eq!(of(256, 256), [256, 96, 48]);
    assert_eq!(of(97, 300), [97, 96, 48]);
    assert_eq!(of(48, 48), [48]);
    assert_eq!(of(16, 16), [16]);
    assert_eq!(process(&samples::jpeg(15, 400, false), None), Err(Refusal::TooSmall));
}

#[test]
fn transparency_lies_on_white() {
    let clear = DynamicImage::new_rgba8(64, 64);
    let rendition = process(&samples::encode(&clear, ImageFormat::Png), None).unwrap();
    assert_color(&decode(&rendition, 0), 30, 30, [255, 255, 255]);
}

#[test]
fn a_wide_gamut_becomes_srgb() {
    let plain = RgbImage::from_pixel(64, 64, image::Rgb([200, 120, 100]));
    let p3 = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let png = decode(&process(&samples::png_with_icc(&plain, p3.clone()), None).unwrap(), 0);
    assert!(png.get_pixel(30, 30).0[0] > 208, "{:?}", png.get_pixel(30, 30));
    let payload = [b"ICC_PROFILE\0\x01\x01", &p3[..]].concat();
    let large = samples::encode_jpeg(&RgbImage::from_pixel(1100, 1100, image::Rgb([200, 120, 100])), false);
    let jpeg = decode(&process(&samples::with_segment(&large, 0xe2, &payload), None).unwrap(), 0);
    assert!(jpeg.get_pixel(30, 30).0[0] > 208, "{:?}", jpeg.get_pixel(30, 30));
}

// S126, issue 3 "Bad images"
#[test]
fn truncated_pictures_are_refused() {
    let rgb = DynamicImage::from(samples::grainy(700, 500));
    let mut animation = samples::gif(64, 64, 3);
    animation.truncate(animation.len() - 1);
    assert_eq!(process(&animation, None), Err(Refusal::Broken));
    let files = [
        ("jpeg", samples::encode_jpeg(rgb.as_rgb8().unwrap(), false)),
        ("large jpeg", samples::jpeg(1500, 1200, false).to_vec()),
        ("progressive", samples::encode_jpeg(rgb.as_rgb8().unwrap(), true)),
        ("png", samples::encode(&rgb, ImageFormat::Png)),
        ("gif", samples::encode(&rgb, ImageFormat::Gif)),
        ("webp", samples::encode(&rgb, ImageFormat::WebP)),
    ];
    for (name, file) in files {
        process(&file, None).unwrap();
        for percent in [1, 10, 50, 90, 99] {
            let cut = &file[..file.len() * percent / 100];
            assert!(process(cut, None).is_err(), "{name} cut at {percent} %");
        }
        assert!(process(&file[..file.len() - 1], None).is_err(), "{name} without its last byte");
    }
}

#[test]
fn a_jpeg_whose_data_ends_too_early_is_refused() {
    let blocks = |side: usize| side.div_ceil(8).pow(2);
    let whole = samples::flat_jpeg(0xc0, 8, 640, 640, &samples::GRAY, blocks(640) / 4);
    assert!(process(&whole, None).is_ok());
    let cut = samples::flat_jpeg(0xc0, 8, 640, 640, &samples::GRAY, blocks(640) / 4 - 10);
    assert_eq!(process(&cut, None), Err(Refusal::Broken));
}

// S126
#[test]
fn not_a_picture() {
    for (name, bytes, wanted) in [
        ("empty", &b""[..], Refusal::Empty),
        (
            "svg",
            b"<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"><script>1</script></svg>",
            Refusal::UnsupportedType,
        ),
        ("html", b"<html><script>alert(1)</script>", Refusal::UnsupportedType),
        ("bmp", b"BM\x3a\0\0\0", Refusal::UnsupportedType),
        ("heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", Refusal::Heic),
        ("signature of png", b"\x89PNG\r\n\x1a\n", Refusal::Broken),
        ("signature of jpeg", b"\xff\xd8\xff\xd9", Refusal::Broken),
        ("signature of gif", b"GIF89a", Refusal::Broken),
        ("signature of webp", b"RIFF\x04\0\0\0WEBP", Refusal::Broken),
    ] {
        assert_eq!(process(bytes, None), Err(wanted), "{name}");
    }
    let pdf = [b"%PDF-1.4\n", &samples::jpeg(64, 64, false)[..]].concat();
    assert_eq!(process(&pdf, None), Err(Refusal::UnsupportedType));
}

// S134, I9: whatever hides beside the pixels stays behind.
#[test]
fn nothing_but_pixels_survives() {
    let secret = b"<script>alert('SECRET beside the pixels')</script>";
    let image = samples::grainy(700, 600);
    let jpeg = samples::with_segment(&samples::jpeg_with_exif(&image, 1), 0xfe, secret);
    let jpeg = [&jpeg[..], secret, b"PK\x05\x06"].concat();
    let text = samples::chunk(b"tEXt", &[b"Comment\0", &secret[..]].concat());
    let plain = samples::encode(&image.clone().into(), ImageFormat::Png);
    let png = [&plain[..33], &text, &plain[33..], secret].concat();
    for file in [jpeg, png] {
        let rendition = process(&file, None).unwrap();
        for variant in &rendition.variants {
            for hidden in [&secret[..], &samples::exif(1)] {
                let found = hidden.windows(8).any(|w| variant.jpeg.windows(8).any(|v| v == w && w != [0; 8]));
                assert!(!found, "bytes beside the pixels came through");
            }
        }
        decode(&rendition, 0);
    }
}

// S132
#[test]
fn the_same_bytes_give_the_same_rendition() {
    for file in [samples::jpeg(1400, 1300, false), samples::jpeg(300, 300, true)] {
        assert_eq!(process(&file, None), process(&file, None));
    }
}

#[test]
fn exactly_the_limit_and_one_byte_more() {
    let mut file = samples::jpeg(600, 600, false).to_vec();
    file.resize(Limits::default().bytes, 0);
    assert!(process(&file, None).is_ok(), "bytes behind the end of a JPEG do no harm");
    file.push(0);
    assert_eq!(process(&file, None), Err(Refusal::TooManyBytes));
}

static SEEDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let small = DynamicImage::from(samples::grainy(40, 32));
    vec![
        samples::jpeg_with_exif(small.as_rgb8().unwrap(), 6),
        samples::encode_jpeg(small.as_rgb8().unwrap(), true),
        samples::encode(&small.to_rgba8().into(), ImageFormat::Png),
        samples::encode(&small, ImageFormat::Gif),
        samples::encode(&small, ImageFormat::WebP),
        samples::jpeg(1040, 1030, false).to_vec(),
    ]
});

/// The same picture in the eight ways of holding the camera; says that it is stored as 400 times 300.
static HELD: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    (1..=8).map(|exif| samples::jpeg_with_exif(&samples::quarters(400, 300), exif)).collect()
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    // I9: no bytes whatever panic or give anything but clean squares.
    #[test]
    fn any_mutation_is_refused_or_clean(
        which in 0usize..6,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut file = SEEDS[which].clone();
        for (at, value) in changes {
            let at = at.index(file.len());
            file[at] = value;
        }
        if let Some(cut) = cut {
            file.truncate(cut.index(file.len()));
        }
        let first = process(&file, None);
        if let Ok(rendition) = &first {
            for place in 0..rendition.variants.len() {
                decode(rendition, place);
            }
        }
        prop_assert_eq!(first, process(&file, None));
    }

    #[test]
    fn any_bytes_behind_a_signature(which in 0usize..4, tail in prop::collection::vec(any::<u8>(), 0..400)) {
        let start = [&b"\xff\xd8\xff"[..], b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\xff\0\0\0WEBPVP8X"][which];
        let _ = process(&[start, &tail].concat(), None);
    }

    #[test]
    fn any_crop_is_refused_or_exact(x in 0u32..500, y in 0u32..500, side in 0u32..500, exif in 1u8..=8) {
        let file = &HELD[usize::from(exif) - 1];
        let (width, height) = if exif > 4 { (300, 400) } else { (400, 300) };
        let inside = side >= 16 && x + side <= width && y + side <= height;
        match process(file, Some(CropBox { x, y, side })) {
            Ok(rendition) => {
                prop_assert!(inside);
                prop_assert_eq!(rendition.variants[0].side, side.min(512));
            }
            Err(refusal) => {
                prop_assert!(!inside);
                prop_assert_eq!(refusal, Refusal::BadCrop);
            }
        }
    }
}
