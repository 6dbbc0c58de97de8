//! Scopes as an ordered set, and the table of those that Visage knows.
//! The order is always the same (the table's, then alphabetical), so that equal sets are equal values and
//! texts.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Every scope that Visage gives out (CONTRACT section 3). Metadata lists this table, requests are cut down to
/// it.
pub const KNOWN: [&str; 7] =
    ["openid", "profile", "email", "phone", "address", "offline_access", "galleries"];

/// A set of scope tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scopes(Vec<String>);

/// A character that no scope token may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a scope holds a character that is not allowed")]
pub struct BadScope;

impl Scopes {
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Every scope that Visage knows.
    pub fn known() -> Self {
        KNOWN.iter().copied().collect()
    }

    /// Space-separated tokens; repeated ones and extra spaces do no harm.
    ///
    /// > scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
    ///
    /// <https://www.rfc-editor.org/rfc/rfc6749#section-3.3>
    pub fn parse(text: &str) -> Result<Self, BadScope> {
        let allowed = |byte: u8| matches!(byte, 0x20 | 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
        if !text.bytes().all(allowed) {
            return Err(BadScope);
        }
        Ok(text.split(' ').filter(|token| !token.is_empty()).collect())
    }

    pub fn contains(&self, scope: &str) -> bool {
        self.0.iter().any(|own| own == scope)
    }

    pub fn is_subset(&self, other: &Self) -> bool {
        self.iter().all(|scope| other.contains(scope))
    }

    pub fn intersect(&self, other: &Self) -> Self {
        Self(self.0.iter().filter(|scope| other.contains(scope)).cloned().collect())
    }

    pub fn intersects(&self, other: &Self) -> bool {
        self.iter().any(|scope| other.contains(scope))
    }

    /// Those of `self` that `other` lacks.
    pub fn without(&self, other: &Self) -> Self {
        Self(self.0.iter().filter(|scope| !other.contains(scope)).cloned().collect())
    }

    pub fn union(&self, other: &Self) -> Self {
        self.iter().chain(other.iter()).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl<'a> FromIterator<&'a str> for Scopes {
    fn from_iter<I: IntoIterator<Item = &'a str>>(tokens: I) -> Self {
        let mut all: Vec<String> = tokens.into_iter().map(str::to_owned).collect();
        let place = |token: &String| KNOWN.iter().position(|known| known == token).unwrap_or(KNOWN.len());
        all.sort_by(|a, b| place(a).cmp(&place(b)).then_with(|| a.cmp(b)));
        all.dedup();
        Self(all)
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

impl FromStr for Scopes {
    type Err = BadScope;
    fn from_str(text: &str) -> Result<Self, BadScope> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Scopes {
    type Error = BadScope;
    fn try_from(text: String) -> Result<Self, BadScope> {
        Self::parse(&text)
    }
}

impl From<Scopes> for String {
    fn from(scopes: Scopes) -> Self {
        scopes.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn equal_sets_have_equal_texts() {
        let scopes = Scopes::parse("zebra email  openid email").unwrap();
        assert_eq!(scopes.to_string(), "openid email zebra");
        assert_eq!(scopes, Scopes::parse("openid zebra email").unwrap());
        assert_eq!(Scopes::parse("").unwrap(), Scopes::none());
    }

    // S12
    #[test]
    fn quotes_backslashes_and_controls_are_refused() {
        for bad in ["a\"b", "a\\b", "a\tb", "a\u{7f}", "é", "a\0"] {
            assert_eq!(Scopes::parse(bad), Err(BadScope), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_displayed_parses_back(tokens in proptest::collection::vec("[!#-\\[\\]-~]{1,12}", 0..8)) {
            let scopes: Scopes = tokens.iter().map(String::as_str).collect();
            prop_assert_eq!(Scopes::parse(&scopes.to_string()), Ok(scopes));
        }

        #[test]
        fn an_intersection_is_in_both_and_the_rest_in_one(a in "[a-e ]{0,12}", b in "[a-e ]{0,12}") {
            let (a, b) = (Scopes::parse(&a).unwrap(), Scopes::parse(&b).unwrap());
            let both = a.intersect(&b);
            prop_assert!(both.is_subset(&a) && both.is_subset(&b));
            prop_assert_eq!(both.union(&a.without(&b)), a);
        }
    }
}
