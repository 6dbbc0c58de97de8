//! Translations: one fluent file a language, embedded, parsed once.

use std::sync::LazyLock;

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};

use crate::{Locale, Message, message::Argument};

static EN: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| bundle(Locale::En));
static FR: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| bundle(Locale::Fr));

const fn source(locale: Locale) -> &'static str {
    match locale {
        Locale::En => include_str!("../translations/en.ftl"),
        Locale::Fr => include_str!("../translations/fr.ftl"),
    }
}

fn bundle(locale: Locale) -> FluentBundle<FluentResource> {
    let language = locale.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    // No isolation marks: the texts go into attributes and JSON too; pages put foreign names into <bdi>.
    bundle.set_use_isolating(false);
    // What does not parse or is doubled is left out here; the tests below see to it that nothing is.
    let resource = FluentResource::try_new(source(locale).to_owned()).unwrap_or_else(|(good, _)| good);
    bundle.add_resource_overriding(resource);
    bundle
}

/// The words of one language, as templates use them: `t.text("login-title")`.
#[derive(Clone, Copy)]
pub(crate) struct Words {
    pub locale: Locale,
}

impl Words {
    pub fn text(&self, key: &str) -> String {
        lookup(self.locale, key, None)
    }

    /// With one text put in: `t.with("login-to", "client", name)`.
    pub fn with(&self, key: &str, name: &str, value: impl AsRef<str>) -> String {
        let mut arguments = FluentArgs::new();
        arguments.set(name.to_owned(), value.as_ref().to_owned());
        lookup(self.locale, key, Some(&arguments))
    }

    /// With a number that the words depend on.
    pub fn count(&self, key: &str, count: &usize) -> String {
        let mut arguments = FluentArgs::new();
        arguments.set("count", *count);
        lookup(self.locale, key, Some(&arguments))
    }

    /// What happened on a day, and why.
    pub fn on_day(&self, key: &str, day: &i64, reason: &str) -> String {
        let mut arguments = FluentArgs::new();
        arguments.set("day", self.day(day));
        arguments.set("reason", reason.to_owned());
        lookup(self.locale, key, Some(&arguments))
    }

    /// From one day to another.
    pub fn between(&self, key: &str, first: &i64, last: &i64) -> String {
        let mut arguments = FluentArgs::new();
        arguments.set("first", self.day(first));
        arguments.set("last", self.day(last));
        lookup(self.locale, key, Some(&arguments))
    }

    pub fn say(&self, message: &Message) -> String {
        message.text(self.locale)
    }

    /// A day as people write it, in UTC, from Unix microseconds.
    pub fn day(&self, micros: &i64) -> String {
        let (year, month, day) = protocol::day::civil(*micros);
        let mut arguments = FluentArgs::new();
        arguments.set("year", year.to_string());
        arguments.set("month", self.text(&format!("month-{month}")));
        arguments.set("day", FluentValue::from(day));
        lookup(self.locale, "date", Some(&arguments))
    }

    /// The words for a scope, or `None` for one that we have no words for.
    pub fn scope(&self, scope: &str, part: &str) -> Option<String> {
        find(self.locale, &format!("scope-{scope}-{part}"), None)
    }
}

pub(crate) fn message(locale: Locale, key: &str, arguments: &[(&'static str, Argument)]) -> String {
    let mut fluent = FluentArgs::new();
    for (name, argument) in arguments {
        match (*name, *argument) {
            ("max_bytes", Argument::Number(bytes)) => fluent.set("size", size(locale, bytes)),
            ("seconds", Argument::Number(seconds)) => {
                fluent.set("seconds", seconds);
                fluent.set("minutes", seconds.div_ceil(60));
                // As people would say it.
                let (unit, count) = match seconds {
                    0..=90 => ("seconds", seconds),
                    91..=3540 => ("minutes", seconds.div_ceil(60)),
                    _ => ("hours", seconds.div_ceil(3600)),
                };
                fluent.set("unit", unit);
                fluent.set("count", count);
            }
            (name, Argument::Number(number)) => fluent.set(name, number),
            (name, Argument::Text(text)) => fluent.set(name, text),
        }
    }
    lookup(locale, &format!("message-{key}"), Some(&fluent))
}

/// `5 MB`: binary multiples with the names that people know, rounded down to what is surely accepted.
pub(crate) fn size(locale: Locale, bytes: u64) -> String {
    let (key, number) = match bytes {
        1_048_576.. => ("size-megabytes", bytes / 1_048_576),
        _ => ("size-kilobytes", bytes / 1024),
    };
    let mut arguments = FluentArgs::new();
    arguments.set("number", number);
    lookup(locale, key, Some(&arguments))
}

fn lookup(locale: Locale, key: &str, arguments: Option<&FluentArgs<'_>>) -> String {
    find(locale, key, arguments).unwrap_or_else(|| {
        debug_assert!(false, "no words for {key} in {}", locale.tag());
        key.to_owned()
    })
}

fn find(locale: Locale, key: &str, arguments: Option<&FluentArgs<'_>>) -> Option<String> {
    let bundle: &FluentBundle<FluentResource> = match locale {
        Locale::En => &EN,
        Locale::Fr => &FR,
    };
    let pattern = bundle.get_message(key)?.value()?;
    let mut errors = Vec::new();
    let text = bundle.format_pattern(pattern, arguments, &mut errors).into_owned();
    debug_assert!(errors.is_empty(), "{key} in {}: {errors:?}", locale.tag());
    Some(text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use fluent_bundle::FluentResource;

    use super::*;

    fn keys(locale: Locale) -> BTreeSet<String> {
        let lines = source(locale).lines();
        lines
            .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
            .map(|line| line.split([' ', '=']).next().expect("a key").to_owned())
            .collect()
    }

    #[test]
    fn both_files_parse_and_have_the_same_keys_once() {
        for locale in Locale::ALL {
            let resource = FluentResource::try_new(source(locale).to_owned());
            assert!(resource.is_ok(), "{}: {:?}", locale.tag(), resource.err().map(|(_, errors)| errors));
            let mut strict = FluentBundle::new_concurrent(vec![]);
            let doubled = strict.add_resource(resource.expect("checked above"));
            assert!(doubled.is_ok(), "{}: {doubled:?}", locale.tag());
        }
        assert_eq!(keys(Locale::En), keys(Locale::Fr));
    }

    #[test]
    fn days_are_written_as_people_write_them() {
        let words = |locale| Words { locale };
        assert_eq!(words(Locale::En).day(&1_795_219_200_000_000), "21 November 2026");
        assert_eq!(words(Locale::Fr).day(&1_795_219_200_000_000), "21 novembre 2026");
        assert_eq!(words(Locale::Fr).day(&0), "1 janvier 1970");
    }

    #[test]
    fn sizes_are_rounded_down() {
        assert_eq!(size(Locale::En, 5 * 1_048_576), "5 MB");
        assert_eq!(size(Locale::Fr, 5 * 1_048_576 + 1000), "5\u{a0}Mo");
        assert_eq!(size(Locale::En, 2048), "2 KB");
    }
}
