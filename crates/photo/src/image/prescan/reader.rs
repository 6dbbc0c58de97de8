//! A cursor whose every step may find the end of the file; the end means [`Refusal::Broken`].

use super::super::Refusal;

pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    pub fn take(&mut self, count: usize) -> Result<&'a [u8], Refusal> {
        let end = self.at.checked_add(count).ok_or(Refusal::Broken)?;
        let taken = self.bytes.get(self.at..end).ok_or(Refusal::Broken)?;
        self.at = end;
        Ok(taken)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Refusal> {
        self.take(N)?.try_into().map_err(|_| Refusal::Broken)
    }

    pub fn byte(&mut self) -> Result<u8, Refusal> {
        Ok(self.array::<1>()?[0])
    }

    /// Goes to the next `wanted` byte and past it; gives how many bytes lay before it.
    pub fn skip_past(&mut self, wanted: u8) -> Result<usize, Refusal> {
        let rest = self.bytes.get(self.at..).ok_or(Refusal::Broken)?;
        let found = memchr::memchr(wanted, rest).ok_or(Refusal::Broken)?;
        self.at += found + 1;
        Ok(found)
    }
}
