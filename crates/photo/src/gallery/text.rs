//! Names and captions: one line of text that says something.

use super::Problem;
use views::Message;

const NAME_CHARS: usize = 120;
pub const CAPTION_CHARS: usize = 300;

/// 1 to 120 characters without control characters, blanks at the ends left out.
pub(super) fn name(text: Option<&str>, refused: Message) -> Result<String, Problem> {
    let text = text.unwrap_or_default().trim();
    let good = !text.is_empty() && is_line(text) && text.chars().count() <= NAME_CHARS;
    if good { Ok(text.to_owned()) } else { Err(Problem::Refused("invalid_name", refused)) }
}

/// At most 300 characters; empty is none.
pub(crate) fn caption(text: &str) -> Result<Option<String>, Problem> {
    let text = text.trim();
    if !is_line(text) || text.chars().count() > CAPTION_CHARS {
        let most = CAPTION_CHARS as u64;
        return Err(Problem::Refused("invalid_caption", Message::CaptionInvalid { most }));
    }
    Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
}

/// Neither control characters nor the separators of lines and paragraphs.
fn is_line(text: &str) -> bool {
    !text.chars().any(|char| char.is_control() || matches!(char, '\u{2028}' | '\u{2029}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_text() {
        let ok = |text: &str| name(Some(text), Message::GalleryNameInvalid).ok();
        assert_eq!(ok("  La Chambre bleue "), Some("La Chambre bleue".to_owned()));
        assert_eq!(ok(&"é".repeat(120)).map(|name| name.len()), Some(240));
        for bad in ["", "  ", "a\nb", "a\u{0}b", "a\u{85}b", "a\u{2028}b", &"é".repeat(121)] {
            assert_eq!(ok(bad), None, "{bad:?}");
        }
        assert_eq!(caption("  ").ok(), Some(None));
        assert_eq!(caption(" Vue ").ok(), Some(Some("Vue".to_owned())));
        assert!(caption("a\tb").is_err() && caption(&"x".repeat(301)).is_err());
        assert!(caption(&"x".repeat(300)).is_ok());
    }
}
