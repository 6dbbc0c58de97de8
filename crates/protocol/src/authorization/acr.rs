//! Authentication context classes.

/// What a sign-in by password reaches: level 1 of ISO/IEC 29115, of which OpenID Connect says by the value "0"
/// what does not reach it. <https://openid.net/specs/openid-connect-core-1_0.html#IDToken>
pub const PASSWORD: &str = "1";

/// Every class that we assert.
pub const SUPPORTED: [&str; 1] = [PASSWORD];
