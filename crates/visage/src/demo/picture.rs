//! Test pictures, drawn in code: a PNG with stored (uncompressed) blocks, so that nothing is needed to write one.

/// A square PNG: a disc of one colour on a gradient of another. `hue` tells pictures apart.
pub fn png(side: u32, hue: u8) -> Vec<u8> {
    let mut raw = Vec::with_capacity((side * (side * 3 + 1)) as usize);
    let centre = i64::from(side) / 2;
    for y in 0..side {
        raw.push(0); // filter: none
        for x in 0..side {
            let (dx, dy) = (i64::from(x) - centre, i64::from(y) - centre);
            let is_inside = dx * dx + dy * dy < (centre * 2 / 3) * (centre * 2 / 3);
            let shade = u8::try_from(u64::from(y) * 160 / u64::from(side)).unwrap_or(160);
            raw.extend(if is_inside { [255 - hue, 180, hue] } else { [hue, shade, 255 - hue / 2] });
        }
    }
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = Vec::new();
    header.extend(side.to_be_bytes());
    header.extend(side.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]); // 8 bits, RGB, deflate, no interlacing
    chunk(&mut png, *b"IHDR", &header);
    chunk(&mut png, *b"IDAT", &stored(&raw));
    chunk(&mut png, *b"IEND", &[]);
    png
}

/// zlib with stored blocks: <https://www.rfc-editor.org/rfc/rfc1951#section-3.2.4>
fn stored(raw: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let mut blocks = raw.chunks(0xffff).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        out.push(u8::from(blocks.peek().is_none()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    let (mut a, mut b) = (1u32, 0u32);
    for byte in raw {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    out.extend((b << 16 | a).to_be_bytes());
    out
}

fn chunk(png: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    png.extend(u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes());
    let start = png.len();
    png.extend(kind);
    png.extend(data);
    let crc = crc32(&png[start..]);
    png.extend(crc.to_be_bytes());
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 },
        )
    })
}

/// Width and height that a JPEG says it has.
pub fn jpeg_size(bytes: &[u8]) -> Option<(u16, u16)> {
    let mut at = 2;
    if !bytes.starts_with(&[0xff, 0xd8]) {
        return None;
    }
    loop {
        let [0xff, marker, high, low] = *bytes.get(at..at + 4)? else { return None };
        if matches!(marker, 0xc0..=0xc2) {
            let size = bytes.get(at + 5..at + 9)?;
            return Some((u16::from_be_bytes([size[2], size[3]]), u16::from_be_bytes([size[0], size[1]])));
        }
        at += 2 + usize::from(u16::from_be_bytes([high, low]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check values of the algorithms' own specifications.
    #[test]
    fn sums() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(stored(b"Wikipedia")[stored(b"Wikipedia").len() - 4..], 0x11e6_0398u32.to_be_bytes());
    }
}
