//! The picture of people without one: their initials on a colour, drawn from an embedded font; a silhouette for letters
//! that it lacks. Letters and colour are all that its URL says (CONTRACT §8).

use crate::image::encode::{self, Flat};
use crate::pool::Busy;
use ab_glyph::{Font, FontRef, Glyph, PxScale, ScaleFont, point};
use bytes::Bytes;
use moka::sync::Cache;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use web::pictures::{COLOURS, SILHOUETTE};

/// Letters of DejaVu Sans; `font/README.md` says which, and under which licence.
const FONT: &[u8] = include_bytes!("../font/DejaVuSans-letters.ttf");
const SIDE: u32 = 512;
const WHITE: [u8; 3] = [255, 255, 255];

/// Dark enough for white letters (contrast above 4.5 to 1).
const PALETTE: [[u8; 3]; COLOURS as usize] = [
    [0x1d, 0x4e, 0x89],
    [0x0b, 0x6e, 0x4f],
    [0x8a, 0x3f, 0x12],
    [0x7b, 0x2d, 0x5e],
    [0x4b, 0x3b, 0x8f],
    [0x9b, 0x22, 0x26],
    [0x0f, 0x5e, 0x72],
    [0x5a, 0x5a, 0x14],
    [0x3d, 0x40, 0x5b],
    [0x6d, 0x45, 0x2f],
    [0x2f, 0x5d, 0x34],
    [0x6a, 0x2c, 0x91],
];

/// What `/media/initials/{letters}-{colour}.jpg` asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Initials {
    /// One or two; none is the silhouette.
    letters: Vec<char>,
    colour: u8,
}

impl Initials {
    /// Stands in for a photo that should be there and is not.
    pub const SILHOUETTE: Self = Self { letters: Vec::new(), colour: 8 };
}

impl FromStr for Initials {
    type Err = ();

    /// `{letters}-{colour}.jpg`, decoded. Letters without a glyph make the silhouette.
    fn from_str(name: &str) -> Result<Self, ()> {
        let (letters, colour) = name.strip_suffix(".jpg").and_then(|stem| stem.rsplit_once('-')).ok_or(())?;
        let plain = matches!(colour.as_bytes(), [b'0'..=b'9'] | [b'1'..=b'9', b'0'..=b'9']);
        let colour = colour.parse().ok().filter(|&colour: &u8| plain && colour < COLOURS).ok_or(())?;
        if letters == SILHOUETTE {
            return Ok(Self { letters: Vec::new(), colour });
        }
        let letters: Vec<char> = letters.chars().collect();
        if !(1..=2).contains(&letters.len()) || !letters.iter().all(|letter| letter.is_alphabetic()) {
            return Err(());
        }
        let known = font().is_some_and(|font| letters.iter().all(|&letter| font.glyph_id(letter).0 != 0));
        Ok(Self { letters: if known { letters } else { Vec::new() }, colour })
    }
}

/// Drawn pictures, kept while they are asked for. Anybody may ask for any letters, so drawing has one thread, beside
/// those that answer requests.
#[derive(Debug, Clone)]
pub(crate) struct Album {
    drawn: Cache<Initials, Bytes>,
    pencil: Arc<Semaphore>,
}

const ALBUM_BYTES: u64 = 16 * 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(2);

impl Default for Album {
    fn default() -> Self {
        let weight = |_: &Initials, picture: &Bytes| u32::try_from(picture.len()).unwrap_or(u32::MAX);
        let drawn = Cache::builder().max_capacity(ALBUM_BYTES).weigher(weight).build();
        Self { drawn, pencil: Arc::new(Semaphore::new(1)) }
    }
}

impl Album {
    pub async fn picture(&self, initials: &Initials) -> Result<Bytes, Busy> {
        if let Some(drawn) = self.drawn.get(initials) {
            return Ok(drawn);
        }
        let pencil = tokio::time::timeout(PATIENCE, Arc::clone(&self.pencil).acquire_owned()).await;
        let pencil = pencil.map_err(|_| Busy)?.map_err(|_| Busy)?;
        let (drawn, initials) = (self.drawn.clone(), initials.clone());
        let drawing = tokio::task::spawn_blocking(move || {
            let _held = pencil;
            drawn.get_with_by_ref(&initials, || draw(&initials).into())
        });
        drawing.await.map_err(|_| Busy)
    }
}

fn font() -> Option<FontRef<'static>> {
    FontRef::try_from_slice(FONT).ok()
}

fn draw(initials: &Initials) -> Vec<u8> {
    let background = PALETTE[usize::from(initials.colour) % PALETTE.len()];
    let mut square = Flat { width: SIDE, height: SIDE, rgb: background.repeat((SIDE * SIDE) as usize) };
    match font().filter(|_| !initials.letters.is_empty()) {
        Some(font) => letters(&mut square, &font, &initials.letters),
        None => silhouette(&mut square),
    }
    // Fails only for sides that no `u16` holds.
    encode::jpeg(&square).unwrap_or_default()
}

/// Side by side, in the middle, as large as fits.
fn letters(square: &mut Flat, font: &FontRef<'_>, letters: &[char]) {
    let mut height = 300.0;
    let mut glyphs = line(font, letters, height);
    let width = |glyphs: &[Glyph]| {
        glyphs.last().map_or(0.0, |last| {
            last.position.x + font.as_scaled(PxScale::from(last.scale.y)).h_advance(last.id)
        })
    };
    const WIDEST: f32 = 380.0;
    if width(&glyphs) > WIDEST {
        height *= WIDEST / width(&glyphs);
        glyphs = line(font, letters, height);
    }
    let outlined: Vec<_> = glyphs.into_iter().filter_map(|glyph| font.outline_glyph(glyph)).collect();
    let bounds = outlined.iter().map(ab_glyph::OutlinedGlyph::px_bounds);
    let Some(all) = bounds.reduce(|a, b| ab_glyph::Rect {
        min: point(a.min.x.min(b.min.x), a.min.y.min(b.min.y)),
        max: point(a.max.x.max(b.max.x), a.max.y.max(b.max.y)),
    }) else {
        return;
    };
    let middle = SIDE as f32 / 2.0;
    let (left, top) = (middle - (all.min.x + all.max.x) / 2.0, middle - (all.min.y + all.max.y) / 2.0);
    for glyph in outlined {
        let bounds = glyph.px_bounds();
        glyph.draw(|x, y, cover| {
            let at = |offset: f32, pixel: u32| (offset.round() + pixel as f32).max(0.0) as u32;
            paint(square, at(bounds.min.x + left, x), at(bounds.min.y + top, y), cover);
        });
    }
}

fn line(font: &FontRef<'_>, letters: &[char], height: f32) -> Vec<Glyph> {
    let scale = PxScale::from(height);
    let scaled = font.as_scaled(scale);
    let mut x = 0.0;
    letters
        .iter()
        .map(|&letter| {
            let id = font.glyph_id(letter);
            let glyph = id.with_scale_and_position(scale, point(x, 0.0));
            x += scaled.h_advance(id);
            glyph
        })
        .collect()
}

/// A head above shoulders.
fn silhouette(square: &mut Flat) {
    for y in 0..SIDE {
        for x in 0..SIDE {
            let (x_at, y_at) = (x as f32 + 0.5, y as f32 + 0.5);
            let head = 96.0 - (x_at - 256.0).hypot(y_at - 196.0);
            let shoulders = (1.0 - ((x_at - 256.0) / 172.0).hypot((y_at - 512.0) / 178.0)) * 172.0;
            paint(square, x, y, head.max(shoulders).clamp(0.0, 1.0) * 0.9);
        }
    }
}

fn paint(square: &mut Flat, x: u32, y: u32, cover: f32) {
    if x >= square.width || y >= square.width {
        return;
    }
    let at = (y * square.width + x) as usize * 3;
    for (channel, white) in square.rgb[at..at + 3].iter_mut().zip(WHITE) {
        let mixed = f32::from(*channel) + (f32::from(white) - f32::from(*channel)) * cover.clamp(0.0, 1.0);
        *channel = mixed.round() as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(name: &str) -> Option<(String, u8)> {
        let initials: Initials = name.parse().ok()?;
        Some((initials.letters.iter().collect(), initials.colour))
    }

    #[test]
    fn letters_and_colour() {
        assert_eq!(parse("AB-3.jpg"), Some(("AB".to_owned(), 3)));
        assert_eq!(parse("É-11.jpg"), Some(("É".to_owned(), 11)));
        assert_eq!(parse("ЖΩ-0.jpg"), Some(("ЖΩ".to_owned(), 0)));
        assert_eq!(parse("_-4.jpg"), Some((String::new(), 4)));
        assert_eq!(parse("山-4.jpg"), Some((String::new(), 4)), "a script that the font lacks");
        for bad in
            ["AB-12.jpg", "AB-03.jpg", "ABC-1.jpg", "-1.jpg", "A1-1.jpg", "AB.jpg", "AB-1.png", "../x-1.jpg"]
        {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn drawn_in_the_middle() {
        for name in ["W-1.jpg", "WW-1.jpg", "IJ-2.jpg", "ÅŚ-5.jpg", "_-0.jpg"] {
            let initials: Initials = name.parse().unwrap();
            let picture = ::image::load_from_memory(&draw(&initials)).unwrap().into_luma8();
            assert_eq!(picture.dimensions(), (512, 512));
            let light: Vec<_> = picture.enumerate_pixels().filter(|(_, _, p)| p.0[0] > 180).collect();
            let (left, right) =
                (light.iter().map(|p| p.0).min().unwrap(), light.iter().map(|p| p.0).max().unwrap());
            assert!(left.abs_diff(511 - right) < 6, "{name}: {left}..{right}");
            assert!(left > 50, "{name}: {left}");
        }
    }

    // S135: whoever asks for thousands waits; what is drawn is there at once.
    #[tokio::test]
    async fn one_is_drawn_at_a_time() {
        let album = Album::default();
        let initials: Initials = "AB-1.jpg".parse().unwrap();
        let drawn = album.picture(&initials).await.unwrap();
        let _held = album.pencil.acquire().await.unwrap();
        assert_eq!(album.picture(&initials).await.unwrap(), drawn);
        assert!(album.picture(&"AC-1.jpg".parse().unwrap()).await.is_err());
    }

    #[test]
    fn white_is_readable_on_every_colour() {
        for colour in PALETTE {
            let linear = |value: u8| (f64::from(value) / 255.0).powf(2.2);
            let [r, g, b] = colour.map(linear);
            let contrast = 1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05);
            assert!(contrast > 4.5, "{colour:?} {contrast}");
        }
    }
}
