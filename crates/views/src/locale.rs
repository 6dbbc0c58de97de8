//! The language of an answer.

/// A language that every page and message exists in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Locale {
    #[default]
    En,
    Fr,
}

impl Locale {
    /// All of them, for tests and for discovery's `ui_locales_supported`.
    pub const ALL: [Locale; 2] = [Locale::En, Locale::Fr];

    /// The first language that we have, asked of `ui_locales` (space-separated, best first), then of the
    /// `Accept-Language` header (by its weights). English when neither names one of ours.
    ///
    /// "End-User's preferred languages and scripts for the user interface, represented as a space-separated list
    /// of BCP47 language tag values, ordered by preference."
    /// <https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest>
    pub fn negotiate(ui_locales: Option<&str>, accept_language: Option<&str>) -> Locale {
        ui_locales
            .and_then(|tags| tags.split_ascii_whitespace().find_map(Locale::from_tag))
            .or_else(|| accept_language.and_then(preferred))
            .unwrap_or_default()
    }

    /// `fr`, `fr-CA`, `FR_be` are French; a language that we do not have is `None`.
    pub fn from_tag(tag: &str) -> Option<Locale> {
        let language = tag.split(['-', '_']).next().unwrap_or_default();
        Locale::ALL.into_iter().find(|locale| locale.tag().eq_ignore_ascii_case(language))
    }

    /// The BCP 47 tag, as in `<html lang>` and `Content-Language`.
    pub const fn tag(self) -> &'static str {
        match self {
            Locale::En => "en",
            Locale::Fr => "fr",
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc9110#name-accept-language>: weights from 0 to 1, 1 when absent, 0 is "not this".
fn preferred(header: &str) -> Option<Locale> {
    let mut best: Option<(f32, Locale)> = None;
    for range in header.split(',').take(32) {
        let mut parts = range.split(';');
        let tag = parts.next().unwrap_or_default().trim();
        let weight = parts
            .find_map(|p| p.trim().strip_prefix("q=").map(|q| q.trim().parse::<f32>().unwrap_or(0.0)))
            .unwrap_or(1.0);
        let locale = if tag == "*" { Some(Locale::default()) } else { Locale::from_tag(tag) };
        if let Some(locale) = locale
            && weight > best.map_or(0.0, |(w, _)| w)
        {
            best = Some((weight, locale));
        }
    }
    best.map(|(_, locale)| locale)
}

#[cfg(test)]
mod tests {
    use super::Locale::{self, En, Fr};

    #[test]
    fn ui_locales_come_before_the_header() {
        for (ui_locales, header, expected) in [
            (None, None, En),
            (Some("fr-CA fr en"), Some("en"), Fr),
            (Some("de it"), Some("fr"), Fr),
            (Some("se"), None, En),
            (None, Some("de, fr;q=0.5, en;q=0.3"), Fr),
            (None, Some("fr;q=0.2,en;q=0.9"), En),
            (None, Some("fr;q=0"), En),
            (None, Some("*"), En),
            (None, Some("fr-CH, fr;q=0.9, en;q=0.8, *;q=0.5"), Fr),
            (None, Some("fr;q=NaN, ;;;q=, \u{0}"), En),
            (Some(""), Some("FR"), Fr),
        ] {
            assert_eq!(Locale::negotiate(ui_locales, header), expected, "{ui_locales:?} {header:?}");
        }
    }
}
