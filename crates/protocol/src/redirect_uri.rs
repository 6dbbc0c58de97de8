//! Redirect URIs: which may be registered, and when a requested one is the registered one.

use url::{Host, Url};

use crate::{Client, ErrorCode, OAuthError, mcp};

const LONGEST: usize = 2000;

/// Which apps are believed to get what is sent to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Apps {
    Usual,
    /// Of profile `mcp`: also by `localhost`, whatever its port, and by a scheme without a dot.
    Mcp,
}

impl Apps {
    pub fn of(client: &Client) -> Self {
        if mcp::is_mcp(client) { Self::Mcp } else { Self::Usual }
    }
}

/// Whether a redirect URI may be registered.
///
/// > The endpoint URI MUST NOT include a fragment component.
///
/// <https://www.rfc-editor.org/rfc/rfc6749#section-3.1.2>
///
/// > apps MUST use a URI scheme based on a domain name under their control, expressed in reverse order […] At a
/// > minimum, any private-use URI scheme that doesn't contain at least one period character (".") SHOULD be
/// > rejected.
///
/// <https://www.rfc-editor.org/rfc/rfc8252#section-7.1>, <https://www.rfc-editor.org/rfc/rfc8252#section-8.4>
pub fn check_registration(uri: &str, of: Apps) -> Result<(), OAuthError> {
    let refuse = |why: &'static str| Err(OAuthError::new(ErrorCode::InvalidRedirectUri, why));
    if uri.len() > LONGEST || !uri.bytes().all(|byte| (0x21..=0x7E).contains(&byte)) || uri.contains('\\') {
        return refuse("A redirect URI is at most 2000 visible ASCII characters.");
    }
    let Ok(url) = Url::parse(uri) else { return refuse("A redirect URI must be an absolute URI.") };
    if uri.contains('#') {
        return refuse("A redirect URI must not have a fragment.");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("A redirect URI must not hold a user name or password.");
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(&url) => Ok(()),
        "http" => refuse("Plain http is for loopback addresses only; use https."),
        scheme if scheme.contains('.') => Ok(()),
        // Pinned for S6.
        scheme if of == Apps::Mcp && !mcp::NO_APP.contains(&scheme) => Ok(()),
        _ => refuse("A private-use scheme must be a reversed domain name, for example com.example.app."),
    }
}

/// The same for addresses to return to after signing out.
pub fn check_post_logout_registration(uri: &str) -> Result<(), OAuthError> {
    check_registration(uri, Apps::Usual)
}

/// Whether `requested` is `registered`.
///
/// > the authorization server MUST utilize exact string matching except for port numbers in localhost
/// > redirection URIs of native apps
///
/// <https://www.rfc-editor.org/rfc/rfc9700#section-2.1>
///
/// > The authorization server MUST allow any port to be specified at the time of the request for loopback IP
/// > redirect URIs
///
/// <https://www.rfc-editor.org/rfc/rfc8252#section-7.3>. Pinned for S5: loopback literals only, `localhost`
/// as registered, except for clients of profile `mcp`.
pub fn matches(requested: &str, registered: &str, of: Apps) -> bool {
    if requested == registered {
        return true;
    }
    match (loopback(requested, of), loopback(registered, of)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

/// The parts of `http://127.0.0.1[:port]rest` without the port.
fn loopback(uri: &str, of: Apps) -> Option<(&str, &str)> {
    let by_name = (of == Apps::Mcp).then_some("http://localhost");
    let (host, rest) = ["http://127.0.0.1", "http://[::1]"]
        .into_iter()
        .chain(by_name)
        .find_map(|host| uri.strip_prefix(host).map(|rest| (&uri[..host.len()], rest)))?;
    let after = match rest.strip_prefix(':') {
        Some(port) => {
            let digits = port.bytes().take_while(u8::is_ascii_digit).count();
            port[..digits].parse::<u16>().ok()?;
            &port[digits..]
        }
        None => rest,
    };
    (after.is_empty() || after.starts_with(['/', '?'])).then_some((host, after))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// What a person should read about where they are sent: the host, or the scheme of an app. What stands where a host
/// would is the app's own invention: `com.evil.app://bank.example` goes nowhere near the bank.
// S40
pub fn display_host(uri: &str) -> String {
    match Url::parse(uri) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") => url.scheme().to_owned(),
        Ok(url) => match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (Some(host), None) => host.to_owned(),
            (None, _) => url.scheme().to_owned(),
        },
        Err(_) => String::new(),
    }
}

/// The `form-action` source that lets a page's form end at this URI: an origin, or the scheme of an app.
pub fn form_action(uri: &str) -> Option<String> {
    let url = Url::parse(uri).ok()?;
    match url.scheme() {
        "http" | "https" => Some(url.origin().ascii_serialization()),
        scheme => Some(format!("{scheme}:")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // S3, S6
    #[test]
    fn what_may_be_registered() {
        for good in [
            "https://app.example/cb",
            "https://app.example/cb?foo=bar",
            "http://localhost:3000/cb",
            "http://127.0.0.1/cb",
            "http://[::1]:9/cb",
            "com.example.app:/cb",
            "com.example.app://cb",
        ] {
            assert_eq!(check_registration(good, Apps::Usual), Ok(()), "{good}");
        }
        for bad in [
            "",
            "/cb",
            "https://app.example/cb#x",
            "https://app.example/cb#",
            "http://app.example/cb",
            "myapp://cb",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://user:pass@app.example/",
            "https://app.example\\@evil.example/",
            "https://app.example/a b",
            "https://äpp.example/",
        ] {
            assert!(check_registration(bad, Apps::Usual).is_err(), "{bad}");
            assert!(check_registration(bad, Apps::Mcp).is_err() || bad == "myapp://cb", "{bad}");
        }
    }

    // S2, S5
    #[test]
    fn only_the_port_of_a_loopback_literal_is_free() {
        let same = |requested: &str, registered: &str| matches(requested, registered, Apps::Usual);
        let registered = "http://127.0.0.1:1234/cb?x=1";
        assert!(same("http://127.0.0.1:9/cb?x=1", registered));
        assert!(same("http://127.0.0.1/cb?x=1", registered));
        assert!(same("http://[::1]:80/cb", "http://[::1]/cb"));
        for other in [
            "http://127.0.0.1:1234/cb",
            "http://127.0.0.1:1234/cb?x=1&y=2",
            "http://127.0.0.1:1234.evil.example/cb?x=1",
            "http://127.0.0.1:99999/cb?x=1",
            "http://127.0.0.1:@evil.example/cb?x=1",
            "http://127.0.0.1.evil.example/cb?x=1",
            "https://127.0.0.1:1234/cb?x=1",
            "http://[::1]:1234/cb?x=1",
            "http://localhost:1234/cb?x=1",
        ] {
            assert!(!same(other, registered), "{other}");
        }
        assert!(!same("http://localhost:1/cb", "http://localhost:2/cb"));
        assert!(!same("https://app.example:444/cb", "https://app.example/cb"));
        assert!(matches("http://localhost:1/cb", "http://localhost/cb", Apps::Mcp));
        assert!(!matches("http://localhost.evil.example/cb", "http://localhost/cb", Apps::Mcp));
    }

    // S40
    #[test]
    fn people_read_a_host() {
        assert_eq!(display_host("https://app.example:8443/cb"), "app.example:8443");
        assert_eq!(display_host("com.example.app:/cb"), "com.example.app");
        assert_eq!(display_host("com.evil.app://accounts.bank.example/cb"), "com.evil.app");
        assert_eq!(form_action("com.example.app:/cb").as_deref(), Some("com.example.app:"));
        assert_eq!(form_action("https://app.example/cb").as_deref(), Some("https://app.example"));
    }

    proptest! {
        // I5: the parsed origin of what matches is the parsed origin of what was registered, the port aside.
        #[test]
        fn a_match_never_leaves_the_registered_host(tail in "[ -~]{0,24}") {
            for base in ["http://127.0.0.1", "http://localhost", "https://app.example"] {
                let requested = format!("{base}{tail}");
                if matches(&requested, &format!("{base}/cb"), Apps::Mcp) {
                    let (url, base) = (Url::parse(&requested).unwrap(), Url::parse(base).unwrap());
                    prop_assert_eq!(url.host_str(), base.host_str());
                    prop_assert_eq!(url.path(), "/cb");
                }
            }
        }
    }
}
