//! Tables, frame and scan header of a JPEG that the pre-scan has let through.

use super::super::Refusal;
use super::super::prescan::reader::Reader;
use super::huffman::Table;
use super::transform::{self, Basis, NOWHERE, Transform};

pub(super) struct Picture<'a> {
    pub width: usize,
    pub height: usize,
    /// Minimum coded units; each is `across` times `down` blocks of every component.
    pub units_across: usize,
    pub units_down: usize,
    pub restart_interval: usize,
    pub components: Vec<Component>,
    /// From the first entropy-coded byte on.
    pub data: &'a [u8],
}

pub(super) struct Component {
    /// Blocks a unit.
    pub across: usize,
    pub down: usize,
    /// Pixels a block, scaled so that all components have planes of one size.
    pub width: usize,
    pub height: usize,
    pub dc: Table,
    pub ac: Table,
    /// In zigzag order.
    pub quantization: [f32; 64],
    /// By place in zigzag order: the place in [`transform::Block`].
    pub place: [u8; 64],
    /// The last place in zigzag order that matters.
    pub last: usize,
    pub basis: Basis,
    pub transform: Transform,
}

impl Picture<'_> {
    pub fn stride(&self) -> usize {
        self.units_across * self.components.first().map_or(0, |first| first.across * first.width)
    }

    pub fn unit_height(&self) -> usize {
        self.components.first().map_or(0, |first| first.down * first.height)
    }
}

#[derive(Default)]
struct Tables {
    quantization: [Option<[f32; 64]>; 4],
    dc: [Option<Table>; 4],
    ac: [Option<Table>; 4],
    restart_interval: usize,
    /// The colour transform that Adobe's segment names.
    adobe: Option<u8>,
}

struct Frame {
    width: usize,
    height: usize,
    components: Vec<FrameComponent>,
}

struct FrameComponent {
    id: u8,
    across: usize,
    down: usize,
    quantization: usize,
}

/// `Ok(None)`: not a JPEG of the kind that this decoder knows.
pub(super) fn parse(bytes: &[u8], eighths: usize) -> Result<Option<Picture<'_>>, Refusal> {
    let mut reader = Reader::new(bytes, 2);
    let (mut tables, mut frame) = (Tables::default(), None);
    loop {
        reader.skip_past(0xff)?;
        let mut marker = reader.byte()?;
        while marker == 0xff {
            marker = reader.byte()?;
        }
        if matches!(marker, 0x00 | 0x01 | 0xd0..=0xd9) {
            return Ok(None);
        }
        let length = usize::from(u16::from_be_bytes(reader.array()?));
        let payload = reader.take(length.checked_sub(2).ok_or(Refusal::Broken)?)?;
        match marker {
            0xdb => tables.add_quantization(payload)?,
            0xc4 => tables.add_huffman(payload)?,
            0xdd => {
                tables.restart_interval = usize::from(u16::from_be_bytes(Reader::new(payload, 0).array()?))
            }
            0xee => tables.adobe = payload.strip_prefix(b"Adobe").and_then(|rest| rest.get(6)).copied(),
            0xc0 | 0xc1 => frame = Some(parse_frame(payload)?),
            0xc2..=0xcf => return Ok(None),
            0xda => {
                let Some(frame) = frame else { return Err(Refusal::Broken) };
                return picture(tables, frame, payload, reader.rest(), eighths);
            }
            _ => {}
        }
    }
}

impl Tables {
    /// T.81 B.2.4.1
    fn add_quantization(&mut self, payload: &[u8]) -> Result<(), Refusal> {
        let mut reader = Reader::new(payload, 0);
        while !reader.rest().is_empty() {
            let byte = reader.byte()?;
            let slot = self.quantization.get_mut(usize::from(byte & 15)).ok_or(Refusal::Broken)?;
            let mut table = [0.0; 64];
            for value in &mut table {
                *value = match byte >> 4 {
                    0 => f32::from(reader.byte()?),
                    1 => f32::from(u16::from_be_bytes(reader.array()?)),
                    _ => return Err(Refusal::Broken),
                };
            }
            *slot = Some(table);
        }
        Ok(())
    }

    /// T.81 B.2.4.2
    fn add_huffman(&mut self, payload: &[u8]) -> Result<(), Refusal> {
        let mut reader = Reader::new(payload, 0);
        while !reader.rest().is_empty() {
            let byte = reader.byte()?;
            let kind = match byte >> 4 {
                0 => &mut self.dc,
                1 => &mut self.ac,
                _ => return Err(Refusal::Broken),
            };
            let slot = kind.get_mut(usize::from(byte & 15)).ok_or(Refusal::Broken)?;
            let counts = reader.array::<16>()?;
            let symbols = reader.take(counts.iter().copied().map(usize::from).sum())?;
            *slot = Some(Table::new(&counts, symbols).ok_or(Refusal::Broken)?);
        }
        Ok(())
    }
}

/// T.81 B.2.2; the pre-scan has checked the numbers.
fn parse_frame(payload: &[u8]) -> Result<Frame, Refusal> {
    let mut reader = Reader::new(payload, 0);
    let _precision = reader.byte()?;
    let height = usize::from(u16::from_be_bytes(reader.array()?));
    let width = usize::from(u16::from_be_bytes(reader.array()?));
    let count = reader.byte()?;
    let mut components = Vec::new();
    for _ in 0..count {
        let [id, sampling, quantization] = reader.array()?;
        let (across, down) = (usize::from(sampling >> 4), usize::from(sampling & 15));
        components.push(FrameComponent { id, across, down, quantization: usize::from(quantization) });
    }
    Ok(Frame { width, height, components })
}

/// T.81 B.2.3, and what it takes to decode the scan.
fn picture<'a>(
    tables: Tables,
    mut frame: Frame,
    scan: &[u8],
    data: &'a [u8],
    eighths: usize,
) -> Result<Option<Picture<'a>>, Refusal> {
    let count = frame.components.len();
    // A single component is never interleaved: its unit is one block, whatever its sampling says (T.81 A.2.2).
    if let [only] = frame.components.as_mut_slice() {
        (only.across, only.down) = (1, 1);
    }
    let simple = |factor: usize| factor == 1 || factor == 2;
    let all_simple = frame.components.iter().all(|one| simple(one.across) && simple(one.down));
    if !all_simple
        || !is_gray_or_ycbcr(&frame, tables.adobe)
        || usize::from(scan.first().copied().unwrap_or(0)) != count
    {
        return Ok(None);
    }
    let most_across = frame.components.iter().map(|one| one.across).max().unwrap_or(1);
    let most_down = frame.components.iter().map(|one| one.down).max().unwrap_or(1);
    let mut reader = Reader::new(scan, 1);
    let mut components = Vec::with_capacity(count);
    for one in &frame.components {
        let [id, selectors] = reader.array()?;
        let table =
            |tables: &[Option<Table>; 4], place: u8| tables.get(usize::from(place)).cloned().flatten();
        let (dc, ac) = (table(&tables.dc, selectors >> 4), table(&tables.ac, selectors & 15));
        let quantization = tables.quantization.get(one.quantization).copied().flatten();
        let (Some(dc), Some(ac), Some(quantization)) = (dc, ac, quantization) else { return Ok(None) };
        let (width, height) = (eighths * most_across / one.across, eighths * most_down / one.down);
        let Some(transform) = transform::transform(width, height) else { return Ok(None) };
        if id != one.id {
            return Ok(None);
        }
        let (place, last) = places(width, height);
        components.push(Component {
            across: one.across,
            down: one.down,
            width,
            height,
            dc,
            ac,
            quantization,
            place,
            last,
            basis: Basis::new(width, height),
            transform,
        });
    }
    Ok(Some(Picture {
        width: frame.width,
        height: frame.height,
        units_across: frame.width.div_ceil(8 * most_across),
        units_down: frame.height.div_ceil(8 * most_down),
        restart_interval: tables.restart_interval,
        components,
        data,
    }))
}

/// Adobe's segment, or three components named R, G and B, may say that there is no colour transform.
fn is_gray_or_ycbcr(frame: &Frame, adobe: Option<u8>) -> bool {
    let ids: Vec<u8> = frame.components.iter().map(|one| one.id).collect();
    match ids.as_slice() {
        [_] => true,
        [1, 2, 3] | [0, 1, 2] => adobe.is_none_or(|transform| transform == 1),
        _ => false,
    }
}

/// For each place in zigzag order (T.81 A.3.6): where its frequency goes, and the last one that goes anywhere.
fn places(width: usize, height: usize) -> ([u8; 64], usize) {
    let (mut places, mut last) = ([NOWHERE; 64], 0);
    let (mut u, mut v) = (0usize, 0usize);
    for (at, place) in places.iter_mut().enumerate() {
        if u < width && v < height {
            *place = (v * 8 + u) as u8;
            last = at;
        }
        // Along the diagonals, up to the right and down to the left in turn.
        match ((u + v) % 2, u, v) {
            (0, 7, _) => v += 1,
            (0, _, 0) => u += 1,
            (0, _, _) => (u, v) = (u + 1, v - 1),
            (_, _, 7) => u += 1,
            (_, 0, _) => v += 1,
            (_, _, _) => (u, v) = (u - 1, v + 1),
        }
    }
    (places, last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zigzag() {
        let (all, last) = places(8, 8);
        assert_eq!(all[..12], [0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25]);
        assert_eq!(all[54..], [39, 46, 53, 60, 61, 54, 47, 55, 62, 63]);
        assert_eq!(last, 63);
        assert_eq!(places(1, 1).1, 0);
        assert_eq!(places(2, 2).1, 4);
        assert_eq!(places(4, 4).1, 24);
    }
}
