//! One declaration gives a section's struct, its defaults and its lines of the reference, so that no setting can
//! exist without its sentence.

/// One setting as the reference shows it.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// `server.tls`; a segment `NAME` stands for any name.
    pub section: &'static str,
    pub key: &'static str,
    /// As one would write it in an environment variable; empty: none.
    pub default: &'static str,
    /// Lines of prose.
    pub meaning: &'static [&'static str],
    pub shown: Shown,
}

/// What `config show` shows of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    Whole,
    /// A URL loses its password only: that it names the right host is what one looks for.
    WithoutPassword,
    Not,
}

/// One section as the reference shows it.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    pub path: &'static str,
    /// Lines of prose.
    pub about: &'static [&'static str],
    pub settings: &'static [Setting],
}

impl Section {
    pub fn about(&self) -> String {
        joined(self.about)
    }
}

fn joined(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

impl Setting {
    pub fn path(&self) -> String {
        format!("{}.{}", self.section, self.key)
    }

    pub fn meaning(&self) -> String {
        joined(self.meaning)
    }

    /// The name of the environment variable.
    pub fn variable(&self) -> String {
        format!("VISAGE_{}", self.path().replace('.', "__").to_uppercase())
    }

    /// Does this line describe the setting at `path` (`photos.stores.eu.url`)?
    pub fn describes(&self, path: &str) -> bool {
        let own = self.path();
        let (mut own, mut path) = (own.split('.'), path.split('.'));
        loop {
            match (own.next(), path.next()) {
                (None, None) => return true,
                (Some("NAME"), Some(_)) => {}
                (Some(a), Some(b)) if a == b => {}
                _ => return false,
            }
        }
    }
}

/// `Name = "path" { /// meaning  key: Type = "default", …  + nested: Type, … }`; `= "" secret` hides the value,
/// `= "" url` the password in it.
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        $(#[derive($derived:ident)])?
        $name:ident = $path:literal {
            $( $(#[doc = $doc:literal])+ $key:ident : $kind:ty = $default:literal $($shown:ident)?, )*
            $( + $nested:ident : $nested_kind:ty, )*
        }
    ) => {
        $(#[doc = $about])+
        $(#[derive($derived)])?
        #[derive(Clone, Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $( $(#[doc = $doc])+ pub $key: $kind, )*
            $( #[serde(default)] pub $nested: $nested_kind, )*
        }

        impl $name {
            pub const SECTION: $crate::config::Section = $crate::config::Section {
                path: $path,
                about: &[$($about),+],
                settings: Self::SETTINGS,
            };

            const SETTINGS: &'static [$crate::config::Setting] = &[
                $( $crate::config::Setting {
                    section: $path,
                    key: stringify!($key),
                    default: $default,
                    meaning: &[$($doc),+],
                    shown: section!(@shown $($shown)?),
                }, )*
            ];
        }
    };
    (@shown secret) => { $crate::config::Shown::Not };
    (@shown url) => { $crate::config::Shown::WithoutPassword };
    (@shown) => { $crate::config::Shown::Whole };
}
pub(super) use section;
