//! Why a picture is refused. Each variant has a machine code; `views` has the sentence for each code.

use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// No byte at all.
    Empty,
    /// Not JPEG, PNG, GIF or WebP by its first bytes.
    UnsupportedType,
    /// HEIC or AVIF: a real photo of a phone, so it gets a sentence of its own.
    Heic,
    /// A picture by its first bytes, but damaged, cut short, or of a kind that no browser shows.
    Broken,
    TooManyBytes,
    /// Too wide, too high, too many pixels, or more memory than a picture may take.
    TooManyPixels,
    /// A side under [`super::Limits::min_side`].
    TooSmall,
    /// Not three numbers, or not inside the picture.
    BadCrop,
}

impl Refusal {
    pub const ALL: [Self; 8] = [
        Self::Empty,
        Self::UnsupportedType,
        Self::Heic,
        Self::Broken,
        Self::TooManyBytes,
        Self::TooManyPixels,
        Self::TooSmall,
        Self::BadCrop,
    ];

    /// The value of `error` in the answer (CONTRACT §4).
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "photo_missing",
            Self::UnsupportedType => "photo_wrong_type",
            Self::Heic => "photo_heic",
            Self::Broken => "photo_broken",
            Self::TooManyBytes => "photo_too_large",
            Self::TooManyPixels => "photo_too_many_pixels",
            Self::TooSmall => "photo_too_small",
            Self::BadCrop => "photo_crop_invalid",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl std::error::Error for Refusal {}
