//! The inverse cosine transform at a smaller size: `W` times `H` pixels from the lowest `W` times `H` frequencies.
//!
//! An `N`-point transform of the first `N` of eight frequencies, with the same factors as for eight, gives the picture at
//! `N` eighths. The sizes are small, so the plain sums are fast, and the compiler makes vectors of them.

use std::f32::consts::{FRAC_1_SQRT_2, PI};

/// The frequencies of one block that matter, row by row of eight.
pub(super) struct Block {
    values: [f32; 64],
    /// Anything but the mean.
    detailed: bool,
}

/// Where a frequency goes that does not matter.
pub(super) const NOWHERE: u8 = 64;

impl Block {
    #[inline(always)]
    pub fn new(mean: f32) -> Self {
        let mut values = [0.0; 64];
        values[0] = mean;
        Self { values, detailed: false }
    }

    #[inline(always)]
    pub fn set(&mut self, place: u8, value: f32) {
        if let Some(slot) = self.values.get_mut(usize::from(place)) {
            *slot = value;
            self.detailed = true;
        }
    }
}

/// By frequency, then pixel.
#[derive(Clone)]
pub(super) struct Basis {
    across: [[f32; 8]; 8],
    down: [[f32; 8]; 8],
}

impl Basis {
    pub fn new(width: usize, height: usize) -> Self {
        Self { across: points(width), down: points(height) }
    }
}

/// T.81 A.3.3, one dimension: `C(u)/2 * cos((2x+1) u pi / 2N)`, with `C(0) = 1/sqrt 2`.
fn points(count: usize) -> [[f32; 8]; 8] {
    let mut table = [[0.0; 8]; 8];
    for (frequency, row) in table.iter_mut().enumerate().take(count) {
        for (pixel, factor) in row.iter_mut().enumerate().take(count) {
            let angle = (2 * pixel + 1) as f32 * frequency as f32 * PI / (2 * count) as f32;
            *factor = 0.5 * angle.cos() * if frequency == 0 { FRAC_1_SQRT_2 } else { 1.0 };
        }
    }
    table
}

/// Writes the pixels of a block to the plane that begins at its first one.
pub(super) type Transform = fn(&Block, &Basis, &mut [u8], usize);

/// `None` for sizes that no scale gives.
pub(super) fn transform(width: usize, height: usize) -> Option<Transform> {
    Some(match (width, height) {
        (1, 1) => inverse::<1, 1>,
        (1, 2) => inverse::<1, 2>,
        (2, 1) => inverse::<2, 1>,
        (2, 2) => inverse::<2, 2>,
        (2, 4) => inverse::<2, 4>,
        (4, 2) => inverse::<4, 2>,
        (4, 4) => inverse::<4, 4>,
        (4, 8) => inverse::<4, 8>,
        (8, 4) => inverse::<8, 4>,
        (8, 8) => inverse::<8, 8>,
        _ => return None,
    })
}

fn inverse<const W: usize, const H: usize>(block: &Block, basis: &Basis, plane: &mut [u8], stride: usize) {
    if !block.detailed {
        let value = pixel(block.values[0] * 0.125);
        for row in plane.chunks_mut(stride).take(H) {
            row[..W].fill(value);
        }
        return;
    }
    let mut rows = [[0.0f32; W]; H];
    for (v, row) in rows.iter_mut().enumerate() {
        for u in 0..W {
            let value = block.values[v * 8 + u];
            for (sum, factor) in row.iter_mut().zip(basis.across[u]) {
                *sum += value * factor;
            }
        }
    }
    for (y, target) in plane.chunks_mut(stride).take(H).enumerate() {
        let mut sums = [0.0f32; W];
        for (v, row) in rows.iter().enumerate() {
            let factor = basis.down[v][y];
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += value * factor;
            }
        }
        for (target, sum) in target[..W].iter_mut().zip(sums) {
            *target = pixel(sum);
        }
    }
}

/// T.81 A.3.1: samples are around zero inside, around 128 outside.
#[inline(always)]
fn pixel(sum: f32) -> u8 {
    // A cast of a float saturates.
    (sum + 128.5) as u8
}
