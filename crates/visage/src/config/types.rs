//! The values that settings are made of: each parses itself and says in words what it would have liked.

use std::{net::IpAddr, str::FromStr, time::Duration};

use actix_web::http::header;
use photo::objects::Address;
use protocol::authorization::ResponseType;
use serde::Deserialize;
use url::{Host, Url};
use web::Site;

/// A length of time: `250ms`, `10s`, `5m`, `2h`, `30d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Period(pub Duration);

impl Period {
    pub fn micros(self) -> i64 {
        i64::try_from(self.0.as_micros()).unwrap_or(i64::MAX)
    }
}

impl FromStr for Period {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is not a duration: write a whole number and ms, s, m, h or d, such as 10s or 30d"
            )
        };
        let unit_at = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let count: u64 = text[..unit_at].parse().map_err(|_| wrong())?;
        let unit_ms = match &text[unit_at..] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        // A hundred years is more than any setting needs and far from every overflow.
        count
            .checked_mul(unit_ms)
            .filter(|ms| *ms <= 36_525 * 86_400_000)
            .map(|ms| Self(Duration::from_millis(ms)))
            .ok_or_else(|| format!("`{text}` is longer than a hundred years"))
    }
}

impl TryFrom<String> for Period {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// A value that must not be shown.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Hidden(pub String);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[hidden]")
    }
}

/// The issuer: scheme, host and port. `web` knows what may be one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct PublicUrl(pub Site);

impl PublicUrl {
    /// `https://login.example.org`
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }
}

impl TryFrom<String> for PublicUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Site::new(&text).map(Self).map_err(|error| format!("`{text}` {error}"))
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// An https URL (http on loopback) below which things can be fetched; kept without a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct BaseUrl(pub String);

impl TryFrom<String> for BaseUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let url = Url::parse(&text).map_err(|e| format!("`{text}` is not a URL ({e})"))?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            _ => return Err(format!("`{text}` must be an https URL (http only on localhost)")),
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(format!("`{text}` must have no query and no fragment"));
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

/// The name of a header.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct HeaderName(pub header::HeaderName);

impl TryFrom<String> for HeaderName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| format!("`{text}` is not the name of a header"))
    }
}

/// `10.0.0.0/8`, or a single address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network {
    pub address: IpAddr,
    pub prefix: u8,
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a network: write it like 10.0.0.0/8 or ::1");
        let (address, prefix) = text.split_once('/').map_or((text.as_str(), None), |(a, p)| (a, Some(p)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(longest), |p| p.parse().map_err(|_| wrong()))?;
        if prefix > longest { Err(wrong()) } else { Ok(Self { address, prefix }) }
    }
}

/// What `photos.store` and `photos.stores.NAME.url` may be; the photo room opens it. May hold a password.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct StoreUrl(pub String);

impl TryFrom<String> for StoreUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.parse::<Address>() {
            Ok(_) => Ok(Self(text)),
            Err(wrong) => Err(format!("the URL {wrong}")),
        }
    }
}

impl std::fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.parse::<Address>() {
            Ok(address) => write!(f, "{address}"),
            Err(wrong) => write!(f, "{wrong}"),
        }
    }
}

/// The picture of people without one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum DefaultPicture {
    Initials,
    None,
    Url(String),
}

impl TryFrom<String> for DefaultPicture {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "initials" => Ok(Self::Initials),
            "none" => Ok(Self::None),
            _ => match Url::parse(&text) {
                Ok(url) if url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url)) => {
                    Ok(Self::Url(text))
                }
                _ => Err(format!("`{text}` must be initials, none or an https URL")),
            },
        }
    }
}

/// Who must use PKCE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pkce {
    Always,
    Public,
}

/// Where trusted proxies say who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedHeader {
    XForwardedFor,
    Forwarded,
}

/// `oauth.response_types`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub struct ResponseTypes(pub Vec<ResponseType>);

impl TryFrom<Vec<String>> for ResponseTypes {
    type Error = String;

    fn try_from(types: Vec<String>) -> Result<Self, String> {
        let mut known = Vec::new();
        for text in &types {
            let kind = ResponseType::parse(text).ok_or_else(|| {
                let all = ResponseType::ALL.map(ResponseType::as_str).join("`, `");
                format!("`{text}` is not a response type. There are `{all}`")
            })?;
            if !known.contains(&kind) {
                known.push(kind);
            }
        }
        if known.is_empty() {
            return Err("must list one response type at least; `code` is what clients should use".to_owned());
        }
        Ok(Self(known))
    }
}

/// `oauth.registration`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Registration(pub protocol::policy::Registration);

impl TryFrom<String> for Registration {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        use protocol::policy::Registration;
        match text.as_str() {
            "closed" => Ok(Self(Registration::Closed)),
            "token" => Ok(Self(Registration::Token)),
            "open" => Ok(Self(Registration::Open)),
            _ => Err(format!("`{text}` must be closed, token or open")),
        }
    }
}

/// More is an archive, not a way back.
const MOST_VERSIONS: u32 = 100;

/// `photos.keep_versions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "i64")]
pub struct KeepVersions(pub u32);

impl TryFrom<i64> for KeepVersions {
    type Error = String;

    fn try_from(count: i64) -> Result<Self, String> {
        u32::try_from(count)
            .ok()
            .filter(|count| *count <= MOST_VERSIONS)
            .map(Self)
            .ok_or_else(|| format!("`{count}` must be a number from 0 to {MOST_VERSIONS}"))
    }
}

/// `mail.url`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum MailUrl {
    Log,
}

impl TryFrom<String> for MailUrl {
    type Error = String;

    // The value may hold a password, so it is not repeated.
    fn try_from(text: String) -> Result<Self, String> {
        if text == "log:" {
            Ok(Self::Log)
        } else {
            Err("must be log: (this version sends no mail)".to_owned())
        }
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    Auto,
    Text,
    Json,
}
