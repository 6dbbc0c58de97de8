//! The entropy-coded bits of a scan, eight bytes at a time where no 0xFF is among them.

use super::super::Refusal;

pub(super) struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    /// The next bits, from the top. What lies below `count` of them is not to be relied on.
    buffer: u64,
    /// Falls below zero when more was taken than there was.
    count: i32,
}

impl<'a> Bits<'a> {
    pub fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0, buffer: 0, count: 0 }
    }

    /// Makes at least 32 bits ready, as long as there are so many before the next marker: enough for the longest code
    /// and its value.
    #[inline(always)]
    pub fn refill(&mut self) {
        if self.count >= 32 {
            return;
        }
        if let Some(word) = self.data[self.at..].first_chunk::<8>() {
            let word = u64::from_be_bytes(*word);
            if !has_ff(word) {
                self.buffer |= word >> self.count;
                let bytes = (63 - self.count) >> 3;
                self.at += bytes as usize;
                self.count += bytes * 8;
                return;
            }
        }
        self.refill_bytewise();
    }

    /// T.81 F.1.2.3: a 0xFF of the data is followed by a stuffed 0; by anything else, it is a marker and the data ends.
    #[cold]
    #[inline(never)]
    fn refill_bytewise(&mut self) {
        while self.count <= 56 {
            let byte = match self.data.get(self.at..) {
                Some([0xff, 0x00, ..]) => {
                    self.at += 2;
                    0xff
                }
                Some([0xff, ..] | []) | None => return,
                Some([byte, ..]) => {
                    self.at += 1;
                    *byte
                }
            };
            if self.count >= 0 {
                self.buffer |= u64::from(byte) << (56 - self.count);
            }
            self.count += 8;
        }
    }

    #[inline(always)]
    pub fn peek(&self, count: u32) -> usize {
        (self.buffer >> (64 - count)) as usize
    }

    #[inline(always)]
    pub fn skip(&mut self, count: u8) {
        self.buffer <<= count;
        self.count -= i32::from(count);
    }

    /// T.81 F.2.2.1, RECEIVE and EXTEND: `size` bits, whose first says the sign.
    #[inline(always)]
    pub fn signed(&mut self, size: u8) -> i32 {
        if size == 0 {
            return 0;
        }
        let value = self.peek(u32::from(size)) as i32;
        self.skip(size);
        let half = 1 << (size - 1);
        if value < half { value - 2 * half + 1 } else { value }
    }

    /// More bits were taken than there were.
    #[inline(always)]
    pub fn overran(&self) -> bool {
        self.count < 0
    }

    /// T.81 E.2.4: the bits of the interval are used up to their padding, and the right marker follows.
    pub fn restart(&mut self, number: u8) -> Result<(), Refusal> {
        // Any marker may have fill bytes before it (T.81 B.1.1.2). `refill` never reads past one.
        while matches!(self.data.get(self.at..), Some([0xff, 0xff, ..])) {
            self.at += 1;
        }
        match self.data.get(self.at..) {
            Some([0xff, marker, ..]) if *marker == 0xd0 + number % 8 && (0..8).contains(&self.count) => {
                *self = Self { data: self.data, at: self.at + 2, buffer: 0, count: 0 };
                Ok(())
            }
            _ => Err(Refusal::Broken),
        }
    }
}

#[inline(always)]
fn has_ff(word: u64) -> bool {
    let inverted = !word;
    inverted.wrapping_sub(0x0101_0101_0101_0101) & word & 0x8080_8080_8080_8080 != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_of_all_kinds_of_bytes() {
        let data: Vec<u8> = (0..200u32)
            .flat_map(|n| {
                let byte = (n * 37 % 256) as u8;
                if byte == 0xff || n % 13 == 0 { vec![0xff, 0x00] } else { vec![byte] }
            })
            .collect();
        let plain: Vec<u8> =
            (0..200u32).map(|n| if n % 13 == 0 { 0xff } else { (n * 37 % 256) as u8 }).collect();
        let data = [&data[..], &[0xff, 0xd9, 1, 2, 3, 4, 5, 6, 7, 8]].concat();
        let mut bits = Bits::new(&data);
        for (at, expected) in plain.iter().enumerate() {
            for half in [expected >> 4, expected & 15] {
                bits.refill();
                assert_eq!(bits.peek(4), usize::from(half), "byte {at}");
                bits.skip(4);
            }
        }
        assert!(!bits.overran());
        bits.refill();
        bits.skip(1);
        assert!(bits.overran());
    }

    #[test]
    fn values_with_their_sign() {
        let mut bits = Bits::new(&[0b0100_0110, 0b1100_0111, 0, 0, 0, 0, 0, 0]);
        bits.refill();
        // 0, 1, 00, 01, 10, 11, 000, 111
        let sizes = [1, 1, 2, 2, 2, 2, 3, 3];
        assert_eq!(sizes.map(|size| bits.signed(size)), [-1, 1, -3, -2, 2, 3, -7, 7]);
    }
}
