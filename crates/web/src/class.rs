//! What kind of thing a path is: which headers it carries, who may read it across origins, how its errors look.

use crate::paths;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// People look at it: strict CSP, no CORS (S26, S27), errors are pages.
    Page,
    /// A person's own page, which never opens popups nor lives in one.
    Account,
    /// Endpoints of RFC 6749 and its family; errors as its §5.2 says.
    OAuth,
    /// Discovery and keys: public, cacheable, readable from anywhere.
    Metadata,
    /// The JSON API; errors as CONTRACT §4 says.
    Api,
    /// Bytes that do not change: pictures, style sheets, modules.
    Static,
    /// Health and metrics.
    Health,
}

impl Class {
    pub const ALL: [Class; 7] = [
        Class::Page,
        Class::Account,
        Class::OAuth,
        Class::Metadata,
        Class::Api,
        Class::Static,
        Class::Health,
    ];

    pub fn of(path: &str) -> Class {
        if let Some(rest) = path.strip_prefix("/oauth2/") {
            return match rest {
                "jwks.json" => Class::Metadata,
                "logout" => Class::Page,
                _ if rest.starts_with("authorize") => Class::Page,
                _ => Class::OAuth,
            };
        }
        match path {
            _ if path.starts_with("/api/") || path.starts_with(paths::ROOMS) || path == "/rooms" => {
                Class::Api
            }
            _ if path.starts_with("/.well-known/") => Class::Metadata,
            _ if path.starts_with(paths::MEDIA) || path.starts_with(paths::ASSETS) => Class::Static,
            _ if path.starts_with("/picture/") || path.starts_with("/client-logo/") => Class::Static,
            _ if path.starts_with("/health/") || path == paths::METRICS => Class::Health,
            _ if path == paths::ACCOUNT || path.starts_with("/account/") => Class::Account,
            _ => Class::Page,
        }
    }

    /// For metrics and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Class::Page => "page",
            Class::Account => "account",
            Class::OAuth => "oauth",
            Class::Metadata => "metadata",
            Class::Api => "api",
            Class::Static => "static",
            Class::Health => "health",
        }
    }

    pub const fn is_page(self) -> bool {
        matches!(self, Class::Page | Class::Account)
    }
}

/// Readable by scripts of any origin, without cookies: where clients that live in a browser need it (issue 3, HTTP
/// hygiene). Never on pages (S26).
pub fn is_shared(path: &str) -> bool {
    match Class::of(path) {
        Class::Metadata => true,
        Class::OAuth => matches!(path, paths::TOKEN | paths::REVOKE | paths::REGISTER),
        Class::Api => !path.starts_with("/api/admin/"),
        Class::Page | Class::Account | Class::Static | Class::Health => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_has_its_class() {
        for (path, class, shared) in [
            (paths::AUTHORIZE, Class::Page, false),
            ("/oauth2/authorize/abc", Class::Page, false),
            (paths::LOGOUT, Class::Page, false),
            (paths::LOGIN, Class::Page, false),
            (paths::CONSENT, Class::Page, false),
            (paths::ACCOUNT, Class::Account, false),
            (paths::ACCOUNT_PHOTO, Class::Account, false),
            (paths::TOKEN, Class::OAuth, true),
            (paths::REVOKE, Class::OAuth, true),
            (paths::INTROSPECT, Class::OAuth, false),
            (paths::CHECK_SESSION, Class::OAuth, false),
            (paths::REGISTER, Class::OAuth, true),
            ("/oauth2/register/abc", Class::OAuth, false),
            (paths::JWKS, Class::Metadata, true),
            (paths::OPENID_CONFIGURATION, Class::Metadata, true),
            (paths::OAUTH_METADATA, Class::Metadata, true),
            (paths::USERINFO, Class::Api, true),
            (paths::PROFILE_PHOTO, Class::Api, true),
            (paths::STAGE_PICTURE, Class::Api, true),
            (paths::ROOMS, Class::Api, true),
            ("/rooms/7/upload-image", Class::Api, true),
            ("/api/admin/photos", Class::Api, false),
            ("/picture/abc", Class::Static, false),
            ("/client-logo/abc", Class::Static, false),
            ("/media/profile-photos/a/1-b.jpg", Class::Static, false),
            (paths::HEALTH_LIVE, Class::Health, false),
            ("/nowhere", Class::Page, false),
        ] {
            assert_eq!((Class::of(path), is_shared(path)), (class, shared), "{path}");
        }
    }
}
