//! Text of others that people read before they agree to something: it must say what it looks as if it said.

/// Whether the character, behind `before`, does something to the text without being seen: it controls, turns the direction
/// around, or takes no place. What joins letters has its use in scripts that are written joined, and none behind ASCII.
fn is_hidden(before: Option<char>, char: char) -> bool {
    match char {
        '\u{200c}' | '\u{200d}' => before.is_none_or(|before| before.is_ascii()),
        // Soft hyphen, fillers, directions, separators, tags.
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180e}'
        | '\u{200b}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}' => true,
        _ => char.is_control(),
    }
}

/// The characters, each with the one before it.
fn pairs(text: &str) -> impl Iterator<Item = (Option<char>, char)> + '_ {
    std::iter::once(None).chain(text.chars().map(Some)).zip(text.chars())
}

/// Whether a person sees all of it.
pub fn is_visible(text: &str) -> bool {
    !pairs(text).any(|(before, char)| is_hidden(before, char))
}

/// What a person sees of it.
pub fn visible(text: &str) -> String {
    let mut seen = String::with_capacity(text.len());
    for char in text.chars() {
        // What is left out stands before nothing.
        if !is_hidden(seen.chars().next_back(), char) {
            seen.push(char);
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_nobody_sees_is_found() {
        for (text, seen) in [
            ("Snap", "Snap"),
            ("Café – « Ada » 👋🏽", "Café – « Ada » 👋🏽"),
            ("S\u{202e}panS", "SpanS"),
            ("\u{2066}a\u{2069}", "a"),
            ("Ban\u{200b}k", "Bank"),
            ("Ban\u{200d}k", "Bank"),
            ("\u{200c}\u{200d}", ""),
            ("a\u{feff}\u{2028}\u{85}\n", "a"),
            ("x\u{e0061}\u{3164}", "x"),
            // Persian, and a family.
            ("می\u{200c}خواهم", "می\u{200c}خواهم"),
            ("👩\u{200d}👧", "👩\u{200d}👧"),
        ] {
            assert_eq!(visible(text), seen, "{text:?}");
            assert_eq!(is_visible(text), text == seen, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_seen_is_visible(text in "[a\u{200b}-\u{200f}\u{202a}-\u{202e}é\\PC]{0,20}") {
            let seen = visible(&text);
            prop_assert!(is_visible(&seen) && visible(&seen) == seen);
        }
    }
}
