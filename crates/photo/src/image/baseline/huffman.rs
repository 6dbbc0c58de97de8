//! Huffman tables: one look for codes up to ten bits, a short search for the rare longer ones.

use super::super::Refusal;
use super::bits::Bits;

const FAST: u32 = 10;

#[derive(Clone)]
pub(super) struct Table {
    /// By the next bits: symbol and length, or 0 where the code is longer.
    fast: Box<[u16; 1 << FAST]>,
    /// By length: one above the largest code, moved to the top of 16 bits; where none, 0.
    above: [u32; 17],
    /// By length: what to add to a code to get its place among the symbols.
    offset: [i32; 17],
    symbols: Vec<u8>,
}

impl Table {
    /// T.81 C.2 and F.2.2.3. `counts`: how many codes of each length from 1 to 16; `None` if they cannot be.
    pub fn new(counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        let mut table = Self {
            fast: Box::new([0; 1 << FAST]),
            above: [0; 17],
            offset: [0; 17],
            symbols: symbols.to_vec(),
        };
        let (mut code, mut place) = (0u32, 0usize);
        for length in 1..=16u32 {
            let count = usize::from(counts[length as usize - 1]);
            table.offset[length as usize] = i32::try_from(place).ok()? - i32::try_from(code).ok()?;
            for _ in 0..count {
                if code >= 1 << length {
                    return None;
                }
                let symbol = *symbols.get(place)?;
                if length <= FAST {
                    let first = (code << (FAST - length)) as usize;
                    let entry = u16::from(symbol) << 8 | length as u16;
                    table.fast[first..first + (1 << (FAST - length))].fill(entry);
                }
                code += 1;
                place += 1;
            }
            table.above[length as usize] = code << (16 - length);
            code <<= 1;
        }
        (place > 0).then_some(table)
    }

    /// After a refill.
    #[inline(always)]
    pub fn decode(&self, bits: &mut Bits<'_>) -> Result<u8, Refusal> {
        let entry = self.fast[bits.peek(FAST)];
        if entry != 0 {
            bits.skip(entry as u8);
            return Ok((entry >> 8) as u8);
        }
        self.decode_long(bits)
    }

    #[cold]
    fn decode_long(&self, bits: &mut Bits<'_>) -> Result<u8, Refusal> {
        let next = bits.peek(16) as u32;
        for length in FAST + 1..=16 {
            if next < self.above[length as usize] {
                let code = (next >> (16 - length)) as i32;
                bits.skip(length as u8);
                let place =
                    usize::try_from(code + self.offset[length as usize]).map_err(|_| Refusal::Broken)?;
                return self.symbols.get(place).copied().ok_or(Refusal::Broken);
            }
        }
        Err(Refusal::Broken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_short_codes() {
        // 0, 10, 110, … and two of sixteen bits.
        let mut counts = [1u8; 16];
        counts[15] = 1;
        let symbols: Vec<u8> = (10..26).collect();
        let table = Table::new(&counts, &symbols).unwrap();
        for length in 1..=16u32 {
            let code = ((1u32 << length) - 2) << (16 - length);
            let [high, low] = (code as u16).to_be_bytes();
            let data = [high, 0, low, 0, 0, 0, 0, 0, 0, 0];
            // A byte 0xFF carries its stuffed zero; without one the zero is left out.
            let data: Vec<u8> = if high == 0xff { data.to_vec() } else { [&data[..1], &data[2..]].concat() };
            let mut bits = Bits::new(&data);
            bits.refill();
            assert_eq!(table.decode(&mut bits), Ok(9 + length as u8), "length {length}");
        }
        let mut bits = Bits::new(&[0xff, 0, 0xff, 0, 0, 0, 0, 0, 0, 0]);
        bits.refill();
        assert_eq!(table.decode(&mut bits), Err(Refusal::Broken));
    }

    #[test]
    fn impossible_counts() {
        let mut counts = [0; 16];
        assert!(Table::new(&counts, &[]).is_none());
        counts[0] = 3;
        assert!(Table::new(&counts, &[1, 2, 3]).is_none());
        counts[0] = 2;
        assert!(Table::new(&counts, &[1]).is_none());
        assert!(Table::new(&counts, &[1, 2]).is_some());
    }
}
