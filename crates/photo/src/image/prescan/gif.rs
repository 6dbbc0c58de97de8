//! GIF: blocks up to the trailer. Only the first frame is ever decoded, however many there are.

use super::super::sniff::Format;
use super::super::{Limits, Refusal};
use super::Header;
use super::reader::Reader;
use ::image::metadata::Orientation;

const EXTENSION: u8 = 0x21;
const FRAME: u8 = 0x2c;
const TRAILER: u8 = 0x3b;

/// GIF89a §18 to §26.
pub(super) fn prescan(bytes: &[u8], limits: &Limits) -> Result<Header, Refusal> {
    let mut reader = Reader::new(bytes, 6);
    let width = u32::from(u16::from_le_bytes(reader.array()?));
    let height = u32::from(u16::from_le_bytes(reader.array()?));
    let [flags, _background, _aspect] = reader.array()?;
    skip_color_table(&mut reader, flags)?;
    let mut framed = false;
    let mut blocks = 0;
    loop {
        // An animation has some blocks a frame; a whole film of single pixels is not a portrait.
        blocks += 1;
        if blocks > limits.chunks {
            return Err(Refusal::Broken);
        }
        match reader.byte()? {
            EXTENSION => {
                let _label = reader.byte()?;
                skip_sub_blocks(&mut reader)?;
            }
            FRAME => {
                let _left_top = reader.array::<4>()?;
                let _size = reader.array::<4>()?;
                let flags = reader.byte()?;
                skip_color_table(&mut reader, flags)?;
                let _code_size = reader.byte()?;
                skip_sub_blocks(&mut reader)?;
                framed = true;
            }
            TRAILER if framed => break,
            // Some writers pad with zeros between blocks.
            0 if framed => {}
            _ => return Err(Refusal::Broken),
        }
    }
    Ok(Header {
        format: Format::Gif,
        width,
        height,
        bytes_per_pixel: 4,
        components: 0,
        progressive: false,
        orientation: Orientation::NoTransforms,
        icc: None,
    })
}

fn skip_color_table(reader: &mut Reader<'_>, flags: u8) -> Result<(), Refusal> {
    if flags & 0x80 != 0 {
        reader.take(3 << ((flags & 7) + 1))?;
    }
    Ok(())
}

fn skip_sub_blocks(reader: &mut Reader<'_>) -> Result<(), Refusal> {
    loop {
        let length = reader.byte()?;
        if length == 0 {
            return Ok(());
        }
        reader.take(usize::from(length))?;
    }
}
