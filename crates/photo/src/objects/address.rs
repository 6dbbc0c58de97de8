//! Where a store is, as one writes it in a URL. Everything is checked here; what is shown of it has no password.

use keyring::Secret;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use url::{Host, Url};

#[derive(Debug, Clone)]
pub enum Address {
    /// `file://PATH`, relative to the working directory, or `file:///…`
    Disk(PathBuf),
    /// `gs://BUCKET`
    Gcs {
        bucket: String,
    },
    S3(S3Address),
    Ftp(FtpAddress),
}

/// `s3://BUCKET?endpoint=…&region=…&path_style=…&allow_http=…`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct S3Address {
    pub bucket: String,
    /// Amazon's own where absent.
    pub endpoint: Option<String>,
    pub region: Option<String>,
    /// The bucket in the path, as most servers other than Amazon's want it, or in front of the host.
    pub path_style: Option<bool>,
    /// Plain `http` to an endpoint that is not on this machine.
    pub allow_http: bool,
}

/// `ftp://USER[:PASSWORD]@HOST[:PORT][/FOLDER]`; `ftps://` encrypts (AUTH TLS).
#[derive(Debug, Clone)]
pub struct FtpAddress {
    pub user: String,
    pub password: Option<Secret>,
    pub host: String,
    pub port: u16,
    /// Relative to where the server lets the user in, unless it starts with `/` (written `//` in the URL). May be empty.
    pub folder: String,
    pub encrypted: bool,
}

/// Says what is wrong without repeating the URL, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    #[error(
        "is not an object store: write file://directory, gs://bucket, s3://bucket, ftp://user@host/directory or ftps://user@host/directory"
    )]
    Scheme,
    #[error("names no {0}")]
    Missing(&'static str),
    #[error("is not a URL ({0})")]
    Syntax(#[from] url::ParseError),
    #[error("must have nothing behind the bucket's name but `?endpoint=…&region=…&path_style=…`")]
    BehindBucket,
    #[error("has a parameter `{0}`, which is none of endpoint, region, path_style, allow_http")]
    Parameter(String),
    #[error("must say true or false for `{0}`")]
    NotABoolean(String),
    #[error("must have no query and no fragment")]
    Query,
    #[error("must be ASCII without spaces and control characters in its directory")]
    Folder,
    #[error("has an endpoint that is no http or https URL")]
    Endpoint,
    #[error(
        "has an endpoint with a user or a password: keys stand in a file of credentials or in the environment"
    )]
    EndpointSecret,
    #[error(
        "has an endpoint without encryption that is not on this machine: write https, or add `&allow_http=true` if nobody can listen there"
    )]
    Plain,
}

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let (scheme, rest) = text.split_once("://").ok_or(BadAddress::Scheme)?;
        match scheme {
            "file" => match rest.trim_end_matches('/') {
                "" => Err(BadAddress::Missing("directory")),
                path => Ok(Self::Disk(path.into())),
            },
            "gs" => bucket(rest).map(|bucket| Self::Gcs { bucket }),
            "s3" => s3(rest).map(Self::S3),
            "ftp" | "ftps" => ftp(text, scheme == "ftps").map(Self::Ftp),
            _ => Err(BadAddress::Scheme),
        }
    }
}

fn bucket(text: &str) -> Result<String, BadAddress> {
    match text.trim_end_matches('/') {
        "" => Err(BadAddress::Missing("bucket")),
        name if name.contains(['/', '?', '#', '@']) => Err(BadAddress::BehindBucket),
        name => Ok(name.to_owned()),
    }
}

fn s3(text: &str) -> Result<S3Address, BadAddress> {
    let (name, query) = text.split_once('?').unwrap_or((text, ""));
    let mut address = S3Address { bucket: bucket(name)?, ..S3Address::default() };
    let is = |key: &str, value: &str| match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(BadAddress::NotABoolean(key.to_owned())),
    };
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match &*key {
            "endpoint" => address.endpoint = Some(value.trim_end_matches('/').to_owned()),
            "region" => address.region = Some(value.into_owned()),
            "path_style" => address.path_style = Some(is(&key, &value)?),
            "allow_http" => address.allow_http = is(&key, &value)?,
            _ => return Err(BadAddress::Parameter(key.into_owned())),
        }
    }
    address.checked()
}

impl S3Address {
    /// Keys and pictures do not travel in the open.
    pub fn checked(self) -> Result<Self, BadAddress> {
        if let Some(endpoint) = &self.endpoint {
            let url = Url::parse(endpoint).map_err(|_| BadAddress::Endpoint)?;
            if !url.username().is_empty() || url.password().is_some() {
                return Err(BadAddress::EndpointSecret);
            }
            match url.scheme() {
                "https" => {}
                "http" if self.allow_http || is_here(&url) => {}
                "http" => return Err(BadAddress::Plain),
                _ => return Err(BadAddress::Endpoint),
            }
        }
        Ok(self)
    }
}

fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn ftp(text: &str, encrypted: bool) -> Result<FtpAddress, BadAddress> {
    // `ftps` is no scheme that the URL standard knows, and would be read by other rules.
    let url = Url::parse(&text.replacen("ftps://", "ftp://", 1))?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(BadAddress::Query);
    }
    let folder = plain(url.path().strip_prefix('/').unwrap_or_default());
    // A line break would be a command of its own.
    if !folder.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(BadAddress::Folder);
    }
    let host = match url.host() {
        Some(Host::Domain(name)) => name.to_owned(),
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => address.to_string(),
        None => return Err(BadAddress::Missing("host")),
    };
    Ok(FtpAddress {
        user: match plain(url.username()) {
            user if user.is_empty() => return Err(BadAddress::Missing("user")),
            user => user,
        },
        password: url.password().map(|password| Secret::new(plain(password))),
        host,
        port: url.port().unwrap_or(21),
        folder: folder.trim_end_matches('/').to_owned(),
        encrypted,
    })
}

/// Without percent signs; seed 004's user name is `cmtch@cmtch.online`, written with `%40`.
fn plain(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        let digits = behind.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let encoded = digits.filter(|_| byte == b'%').and_then(|two| u8::from_str_radix(two, 16).ok());
        bytes.push(encoded.unwrap_or(byte));
        rest = if encoded.is_some() { &behind[2..] } else { behind };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Never the password.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk(path) => write!(f, "file://{}", path.display()),
            Self::Gcs { bucket } => write!(f, "gs://{bucket}"),
            Self::S3(S3Address { bucket, endpoint: Some(endpoint), .. }) => {
                write!(f, "s3://{bucket}?endpoint={endpoint}")
            }
            Self::S3(s3) => write!(f, "s3://{}", s3.bucket),
            Self::Ftp(ftp) => write!(f, "{ftp}"),
        }
    }
}

impl fmt::Display for FtpAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.encrypted { "ftps" } else { "ftp" };
        write!(f, "{scheme}://{}@{}:{}/{}", self.user, self.host, self.port, self.folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ftp(text: &str) -> FtpAddress {
        match text.parse().unwrap() {
            Address::Ftp(ftp) => ftp,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn ftp_urls() {
        // Seed 004's server.
        let seed = ftp("ftp://cmtch%40cmtch.online@ftp.novaprint.tn/public_html/static/article_images/");
        assert_eq!(
            (seed.user.as_str(), seed.host.as_str(), seed.port, seed.folder.as_str(), seed.encrypted),
            ("cmtch@cmtch.online", "ftp.novaprint.tn", 21, "public_html/static/article_images", false)
        );
        let full = ftp("ftps://me:p%40ss%2Fword@[::1]:2121//srv/photos");
        assert_eq!((full.host.as_str(), full.port, full.folder.as_str()), ("::1", 2121, "/srv/photos"));
        assert_eq!(full.password.as_ref().unwrap().expose(), "p@ss/word");
        assert!(full.encrypted);
        assert_eq!(ftp("ftp://me@host").folder, "");
    }

    #[test]
    fn a_password_is_never_shown() {
        let address: Address = "ftp://me:s3cret@host/x".parse().unwrap();
        assert!(!format!("{address} {address:?}").contains("s3cret"));
        for wrong in [
            "ftp://me:s3cret@host/x?a",
            "ftp://me:s3cret@/x",
            "ftq://me:s3cret@host/x",
            "ftp://me:s3cret@ho st/",
        ] {
            let error = wrong.parse::<Address>().unwrap_err();
            assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn s3_urls() {
        let parse = |text: &str| match text.parse() {
            Ok(Address::S3(s3)) => Ok(s3),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error),
        };
        let url = "s3://photos?endpoint=https://minio.example:9000/&region=eu-west-3&path_style=false";
        let expected = S3Address {
            bucket: "photos".to_owned(),
            endpoint: Some("https://minio.example:9000".to_owned()),
            region: Some("eu-west-3".to_owned()),
            path_style: Some(false),
            allow_http: false,
        };
        assert_eq!(parse(url), Ok(expected));
        assert!(parse("s3://photos?endpoint=http://127.0.0.1:9000").is_ok());
        assert_eq!(parse("s3://photos?endpoint=http://minio.example"), Err(BadAddress::Plain));
        assert!(parse("s3://photos?endpoint=http://minio.example&allow_http=true").is_ok());
        let secret = parse("s3://photos?endpoint=https://me:s3cret@minio.example").unwrap_err();
        assert!(secret == BadAddress::EndpointSecret && !secret.to_string().contains("s3cret"));
        assert_eq!(parse("s3://photos?zone=x"), Err(BadAddress::Parameter("zone".to_owned())));
        assert_eq!(parse("s3://photos/folder"), Err(BadAddress::BehindBucket));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, sentence) in [
            ("data/photos", "write file://directory"),
            ("http://x/", "ftps://user@host"),
            ("file://", "names no directory"),
            ("gs://", "names no bucket"),
            ("s3://?region=x", "names no bucket"),
            ("ftp://host/x", "names no user"),
            ("ftp://me@host/a%0d%0aDELE%20x", "ASCII"),
            ("s3://b?path_style=1", "true or false for `path_style`"),
        ] {
            let error = text.parse::<Address>().unwrap_err().to_string();
            assert!(error.contains(sentence), "{text}: {error}");
        }
    }
}
