//! Step 10: some 25 bytes that look like the picture from afar, shown while it loads.

use super::Refusal;
use super::encode::Flat;
use super::resize;

/// The hash is defined for sides up to 100.
const MOST: u32 = 96;

pub(super) fn of(smallest: &Flat) -> Result<Vec<u8>, Refusal> {
    if smallest.width.max(smallest.height) > MOST {
        return of(&resize::shrink(smallest, MOST)?);
    }
    let rgba: Vec<u8> = smallest.rgb.chunks_exact(3).flat_map(|p| [p[0], p[1], p[2], 255]).collect();
    Ok(::thumbhash::rgba_to_thumb_hash(smallest.width as usize, smallest.height as usize, &rgba))
}
