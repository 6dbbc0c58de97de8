//! The name of a stored object. The type owns everything that hangs on the name: its path, its content type and how
//! long anyone may keep a copy (crates.io's `StorageKey`; CONTRACT §8).

use std::fmt;
use std::str::FromStr;

/// What every object that we store is.
pub const CONTENT_TYPE: &str = "image/jpeg";

/// Segments of `[A-Za-z0-9._-]`, none starting with a dot, joined by `/`; 512 bytes at most.
///
/// Only this shape reaches a store: the disk would refuse `..`, Google Cloud Storage and FTP would not.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectKey(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a stored object")]
pub struct BadKey;

impl ObjectKey {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `public`, since pictures are; `immutable`, since no object is ever overwritten.
    pub fn cache_control(&self, max_age_seconds: u32) -> String {
        format!("public, max-age={max_age_seconds}, immutable")
    }
}

impl FromStr for ObjectKey {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Self, BadKey> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let segment =
            |part: &str| (1..=100).contains(&part.len()) && !part.starts_with('.') && part.bytes().all(plain);
        if text.len() <= 512 && text.split('/').all(segment) {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadKey)
        }
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where the profile photos of all people lie.
pub const PROFILE_PHOTOS: &str = "profile-photos/";
/// And the pictures of all galleries. An object never moves, so waiting ones lie here too.
pub const GALLERIES: &str = "galleries/";

/// The common beginning of the objects of one picture: `profile-photos/{owner}/{unix ms}-{random}`.
///
/// `owner` is the person's storage id, never the subject: a pairwise client must not learn it from `picture`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyBase(ObjectKey);

impl KeyBase {
    pub fn profile_photo(owner: &str, unix_ms: i64, random: &str) -> Result<Self, BadKey> {
        format!("{PROFILE_PHOTOS}{owner}/{unix_ms}-{random}").parse().map(Self)
    }

    pub fn gallery_image(owner: &str, unix_ms: i64, random: &str) -> Result<Self, BadKey> {
        format!("{GALLERIES}{owner}/{unix_ms}-{random}").parse().map(Self)
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The largest has the plain name, the others carry their side. `sides`: largest first.
    pub fn objects(&self, sides: &[u32]) -> Vec<ObjectKey> {
        let name = |(place, side): (usize, &u32)| match place {
            0 => ObjectKey(format!("{}.jpg", self.0)),
            _ => ObjectKey(format!("{}_{side}.jpg", self.0)),
        };
        sides.iter().enumerate().map(name).collect()
    }

    /// The base of the picture that an object belongs to: `…/1-a_256.jpg` and `…/1-a.jpg` give `…/1-a`.
    pub fn of(object: &ObjectKey) -> Option<Self> {
        let stem = object.0.strip_suffix(".jpg")?;
        let base = match stem.rsplit_once('_') {
            Some((base, side)) if !side.is_empty() && side.bytes().all(|byte| byte.is_ascii_digit()) => base,
            _ => stem,
        };
        base.parse().ok().map(Self)
    }
}

impl FromStr for KeyBase {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Self, BadKey> {
        text.parse().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_climbs_out() {
        for good in ["a", "profile-photos/x1/17-ab_c.jpg", "a/b.c/d-e"] {
            assert_eq!(good.parse::<ObjectKey>().map(|key| key.to_string()), Ok(good.to_owned()));
        }
        let long = "a/".repeat(256) + "a";
        for bad in [
            "", "/", "a/", "/a", "a//b", "..", "a/../b", ".tmp/x", "a/.b", "ä", "a b", "a\\b", "a%2e", "a\0",
            &long,
        ] {
            assert_eq!(bad.parse::<ObjectKey>(), Err(BadKey), "{bad:?}");
        }
    }

    #[test]
    fn names_of_one_picture() {
        let base = KeyBase::profile_photo("s7", 1_640_995_200_000, "r4nd_om").unwrap();
        let objects = base.objects(&[512, 256, 48]);
        let names: Vec<_> = objects.iter().map(ObjectKey::as_str).collect();
        assert_eq!(
            names,
            [
                "profile-photos/s7/1640995200000-r4nd_om.jpg",
                "profile-photos/s7/1640995200000-r4nd_om_256.jpg",
                "profile-photos/s7/1640995200000-r4nd_om_48.jpg"
            ]
        );
        for object in &objects {
            assert_eq!(KeyBase::of(object), Some(base.clone()));
        }
    }
}
