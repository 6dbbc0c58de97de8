//! E-mail addresses as people type them.

/// As they are stored: without spaces around, in lower case.
pub fn normalised(text: &str) -> String {
    text.trim().to_lowercase()
}

/// Whether a normalised text can be an address at all. Only a message to it proves more.
pub fn is_plausible(address: &str) -> bool {
    let bad = |c: char| c.is_whitespace() || c.is_control() || "<>()[],;:\\\"".contains(c);
    let parts = address.rsplit_once('@');
    let good = |(local, domain): (&str, &str)| {
        (1..=64).contains(&local.len())
            && !local.contains('@')
            && !domain.is_empty()
            && !domain.starts_with(['.', '-'])
            && !domain.ends_with(['.', '-'])
            && !domain.contains("..")
    };
    address.len() <= 254 && !address.contains(bad) && parts.is_some_and(good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_other_text() {
        for good in ["a@b", "camille.laurent+x@example.test", "é@exämple.test", "o'hara@x.example"] {
            assert!(is_plausible(good), "{good}");
        }
        for bad in ["", "a", "@b", "a@", "a b@c", "a@b@c", "a@b..c", "a@.b", "<a@b>", "a@b\n", "a@b;c@d"] {
            assert!(!is_plausible(bad), "{bad}");
        }
        assert_eq!(normalised("  Camille@Example.TEST "), "camille@example.test");
    }
}
