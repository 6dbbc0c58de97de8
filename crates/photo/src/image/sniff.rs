//! Step 1: the first bytes decide the format. The name and the type that the client sent are never asked.

use super::Refusal;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Jpeg,
    Png,
    Gif,
    WebP,
}

pub(super) fn sniff(bytes: &[u8]) -> Result<Format, Refusal> {
    match bytes {
        [] => Err(Refusal::Empty),
        [0xff, 0xd8, 0xff, ..] => Ok(Format::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Ok(Format::Png),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Ok(Format::Gif),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Ok(Format::WebP),
        [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] if is_heif(brand) => Err(Refusal::Heic),
        _ => Err(Refusal::UnsupportedType),
    }
}

fn is_heif(brand: &[u8]) -> bool {
    const BRANDS: [&[u8]; 8] = [b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif"];
    BRANDS.iter().any(|known| brand.starts_with(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_magic_bytes_count() {
        assert_eq!(sniff(b"\xff\xd8\xff\xe0"), Ok(Format::Jpeg));
        assert_eq!(sniff(b"\x89PNG\r\n\x1a\n"), Ok(Format::Png));
        assert_eq!(sniff(b"GIF89a"), Ok(Format::Gif));
        assert_eq!(sniff(b"RIFF\0\0\0\0WEBPVP8 "), Ok(Format::WebP));
        assert_eq!(sniff(b""), Err(Refusal::Empty));
        assert_eq!(sniff(b"\0\0\0\x18ftypheic"), Err(Refusal::Heic));
        for other in [&b"<svg xmlns"[..], b"%PDF-1.4\n\xff\xd8\xff", b"BM", b"GIF", b"\xff\xd8", b"<html>"] {
            assert_eq!(sniff(other), Err(Refusal::UnsupportedType));
        }
    }
}
