//! Where this provider lives: the issuer, and everything that follows from it. The Host header never makes a URL
//! (S90, S140); `server.public_url` does.

use url::Url;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Scheme and authority, without a slash at the end.
    pub issuer: String,
    secure: bool,
    /// Where clients are asked for certificates, where that is not the issuer: scheme and authority.
    mtls: Option<String>,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadPublicUrl {
    #[error("is not a URL")]
    NotAUrl,
    #[error("must be https; http is for loopback addresses only")]
    Insecure,
    #[error("must be scheme, host and port alone: no path, query, fragment or user")]
    NotAnOrigin,
}

impl Site {
    /// An https origin, or an http one on loopback.
    ///
    /// > using the https scheme with no query or fragment components
    ///
    /// <https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata> (S114)
    pub fn new(public_url: &str) -> Result<Site, BadPublicUrl> {
        let url = Url::parse(public_url).map_err(|_| BadPublicUrl::NotAUrl)?;
        let bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        match url.scheme() {
            "https" | "http" if !bare => Err(BadPublicUrl::NotAnOrigin),
            "https" => Ok(Site { issuer: url.origin().ascii_serialization(), secure: true, mtls: None }),
            "http" if is_loopback(&url) => {
                Ok(Site { issuer: url.origin().ascii_serialization(), secure: false, mtls: None })
            }
            "http" => Err(BadPublicUrl::Insecure),
            _ => Err(BadPublicUrl::NotAUrl),
        }
    }

    /// The absolute URL of one of our [`crate::paths`].
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// Every absolute URL under which a path is reached.
    pub fn addresses(&self, path: &str) -> Vec<String> {
        [self.url(path)].into_iter().chain(self.mtls.as_ref().map(|host| format!("{host}{path}"))).collect()
    }

    /// The same house at another address too, at which it asks for client certificates.
    #[must_use]
    pub fn with_mtls(mut self, other: Option<&Site>) -> Site {
        self.mtls = other.map(|other| other.issuer.clone()).filter(|host| *host != self.issuer);
        self
    }

    pub fn mtls(&self) -> Option<&str> {
        self.mtls.as_deref()
    }

    /// Our pages come over https: cookies are `Secure` and `__Host-`, and HSTS is sent.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// > `__Host-`: … Secure … no Domain … Path=/
    ///
    /// On http loopback browsers would refuse the prefix, so it goes (S33 as pinned).
    pub fn session_cookie(&self) -> &'static str {
        if self.secure { "__Host-visage-session" } else { "visage-session" }
    }

    /// The cookie that the `check_session_iframe` reads; its script knows both names.
    pub fn state_cookie(&self) -> &'static str {
        if self.secure { "__Host-visage-state" } else { "visage-state" }
    }

    /// The cookie that names a browser, signed in or not.
    pub fn browser_cookie(&self) -> &'static str {
        if self.secure { "__Host-visage-browser" } else { "visage-browser" }
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // S33, S114
    #[test]
    fn an_issuer_is_an_origin() {
        let site = Site::new("https://id.example/").unwrap();
        assert_eq!(site.issuer, "https://id.example");
        assert_eq!(site.url(crate::paths::TOKEN), "https://id.example/oauth2/token");
        assert!(site.is_secure());
        assert_eq!(site.session_cookie(), "__Host-visage-session");
        let local = Site::new("http://localhost:8080").unwrap();
        assert_eq!((local.is_secure(), local.session_cookie()), (false, "visage-session"));
        assert_eq!(Site::new("http://[::1]:80").unwrap().issuer, "http://[::1]");
        for (url, problem) in [
            ("http://id.example", BadPublicUrl::Insecure),
            ("https://id.example/tenant", BadPublicUrl::NotAnOrigin),
            ("https://id.example/?a", BadPublicUrl::NotAnOrigin),
            ("https://id.example/#a", BadPublicUrl::NotAnOrigin),
            ("https://me@id.example", BadPublicUrl::NotAnOrigin),
            ("id.example", BadPublicUrl::NotAUrl),
            ("ftp://id.example", BadPublicUrl::NotAUrl),
        ] {
            assert_eq!(Site::new(url), Err(problem), "{url}");
        }
    }
}
