//! Texts from bytes: words that the parsers know, mixed with what they do not expect.

/// Between words, and instead of them.
const NOISE: [&str; 32] = [
    "",
    " ",
    "&",
    "=",
    "/",
    ":",
    ".",
    "..",
    "%",
    "%00",
    "#",
    "?",
    "@",
    "\\",
    "\"",
    "'",
    "{",
    "}",
    "[",
    "]",
    ",",
    "-",
    "_",
    "0",
    "9",
    "é",
    "\u{202e}",
    "\u{10ffff}",
    "\n",
    "\t",
    "+",
    ";",
];

/// A byte is a word, a piece of noise, or itself as a character.
pub fn of(bytes: &[u8], words: &[&str]) -> String {
    let mut text = String::new();
    for byte in bytes {
        match byte {
            0..=127 if !words.is_empty() => text.push_str(words[usize::from(*byte) % words.len()]),
            128..=191 => text.push_str(NOISE[usize::from(*byte) % NOISE.len()]),
            other => text.push(char::from(*other)),
        }
    }
    text
}

/// Cut at `&` and `=`.
pub fn pairs(text: &str) -> Vec<(String, String)> {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (name.to_owned(), value.to_owned())
    };
    text.split('&').map(pair).collect()
}

/// Says what a target takes, so that closures need not.
pub fn taking<F: Fn(&str)>(target: F) -> F {
    target
}
