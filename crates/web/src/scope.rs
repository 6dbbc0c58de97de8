//! Scopes as types, so that what a route needs stands in its signature: `Bearer<scope::Profile>`.

/// A scope that a route can ask for.
pub trait Scope: 'static {
    /// As it is on the wire.
    const NAME: &'static str;
}

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident = $wire:literal),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl Scope for $name {
            const NAME: &'static str = $wire;
        }
    )+};
}

scopes! {
    OpenId = "openid",
    /// Reads and changes the profile and the photo (CONTRACT §3).
    Profile = "profile",
    /// Reads and changes the galleries of the person's organizations (CONTRACT §7).
    Galleries = "galleries",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_type_is_a_known_scope() {
        for name in [OpenId::NAME, Profile::NAME, Galleries::NAME] {
            assert!(protocol::scopes::KNOWN.contains(&name));
        }
    }
}
