//! Requests that we make to addresses that somebody else chose: logos of clients, receivers of events, pictures that are
//! brought in.
//!
//! https alone (plain http only into networks that `outbound.allow_networks` names), no proxies, a deadline for all of
//! it, a limit on the bytes, redirects only where the caller follows them, and each one checked like the first address.
//! [`address`] decides whom we connect to, at the moment when we do.

mod address;

use std::error::Error;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix_web::http::header;
use bytes::{Bytes, BytesMut};
use reqwest::{Certificate, Client, RequestBuilder, Response, redirect};
use tokio::time::timeout;
use url::{Host, Url};

use self::address::{Allowed, NoAddress};
use crate::network::Networks;

/// `[outbound]`.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Private networks that we may reach, by plain http too.
    pub allow: Networks,
    /// Additional roots, as PEM.
    pub roots: Option<Vec<u8>>,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Outbound(Arc<Shared>);

struct Shared {
    https: Way,
    http: Way,
    roots: Vec<Certificate>,
}

/// One scheme, and whom we may reach over it.
struct Way {
    allowed: Allowed,
    /// Made at the first request: reading the system's certificates takes a moment that most starts need not wait for.
    client: OnceLock<Option<Client>>,
}

/// What one request may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of the answer.
    pub largest: usize,
    /// For everything: names, connections, redirects, the last byte.
    pub deadline: Duration,
    /// How many redirects are followed.
    pub redirects: u8,
}

/// What the other side said.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Bytes,
    /// Seconds.
    pub retry_after: Option<u64>,
}

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("the address is none that we may connect to")]
    Address,
    #[error("it is larger than {0} bytes")]
    TooLarge(usize),
    #[error("it took longer than {} s", .0.as_secs())]
    TooSlow(Duration),
    #[error("it redirects too often, or nowhere")]
    Redirect,
    #[error("the answer was {0}")]
    Status(u16),
    #[error("{}", reason(.0))]
    Http(reqwest::Error),
    #[error("there is no TLS in this process")]
    NoTls,
}

/// `outbound.ca_file` has no certificates that can be read.
#[derive(Debug, thiserror::Error)]
#[error("there is no certificate in it ({0})")]
pub struct BadRoots(String);

impl Default for Outbound {
    fn default() -> Outbound {
        Outbound::over(Networks::default(), Vec::new())
    }
}

impl Outbound {
    pub fn new(settings: Settings) -> Result<Outbound, BadRoots> {
        let roots = match &settings.roots {
            None => Vec::new(),
            Some(pem) => {
                let roots = Certificate::from_pem_bundle(pem).map_err(|error| BadRoots(error.to_string()))?;
                if roots.is_empty() {
                    return Err(BadRoots("no PEM block".to_owned()));
                }
                roots
            }
        };
        let reads_roots = !roots.is_empty();
        let outbound = Outbound::over(settings.allow, roots);
        // Now rather than at the first request: only a client tells whether its roots are any.
        if reads_roots {
            let way = &outbound.0.https;
            let client =
                build(way.allowed.clone(), &outbound.0.roots).map_err(|error| BadRoots(reason(&error)))?;
            way.client.get_or_init(|| Some(client));
        }
        Ok(outbound)
    }

    fn over(named: Networks, roots: Vec<Certificate>) -> Outbound {
        let named = Arc::new(named);
        let way = |public| Way { allowed: Allowed { named: named.clone(), public }, client: OnceLock::new() };
        Outbound(Arc::new(Shared { https: way(true), http: way(false), roots }))
    }

    /// What is there, whole; anything but 2xx is refused.
    pub async fn get(&self, url: &Url, bounds: Bounds) -> Result<Bytes, Refused> {
        let fetched = timeout(bounds.deadline, async {
            let mut url = url.clone();
            for _ in 0..=bounds.redirects {
                let answer = self.client(&url)?.get(url.clone()).send().await.map_err(refused)?;
                match redirected(&answer, &url) {
                    Some(next) => url = next.ok_or(Refused::Redirect)?,
                    None if answer.status().is_success() => return body(answer, bounds.largest).await,
                    None => return Err(Refused::Status(answer.status().as_u16())),
                }
            }
            Err(if bounds.redirects == 0 { Refused::Status(302) } else { Refused::Redirect })
        });
        fetched.await.unwrap_or(Err(Refused::TooSlow(bounds.deadline)))
    }

    /// Any answer is one, a redirect too: it is not followed. Of a longer answer than `largest` nothing is read.
    pub async fn post(
        &self,
        url: &Url,
        content_type: &str,
        sent: String,
        bounds: Bounds,
    ) -> Result<Answer, Refused> {
        let posted = timeout(bounds.deadline, async {
            let request: RequestBuilder = self.client(url)?.post(url.clone());
            let answer = request
                .header(header::CONTENT_TYPE.as_str(), content_type)
                .header(header::ACCEPT.as_str(), "application/json")
                .body(sent)
                .send()
                .await
                .map_err(refused)?;
            let status = answer.status().as_u16();
            let retry_after = answer.headers().get(header::RETRY_AFTER.as_str());
            let retry_after = retry_after.and_then(|value| value.to_str().ok()?.trim().parse().ok());
            let body = match status {
                // Accepted: nothing in it matters.
                200..300 => Bytes::new(),
                _ => body(answer, bounds.largest).await.unwrap_or_default(),
            };
            Ok(Answer { status, body, retry_after })
        });
        posted.await.unwrap_or(Err(Refused::TooSlow(bounds.deadline)))
    }

    /// The client that may go there.
    fn client(&self, url: &Url) -> Result<&Client, Refused> {
        let way = match url.scheme() {
            "https" => &self.0.https,
            "http" if !self.0.http.allowed.named.is_empty() => &self.0.http,
            _ => return Err(Refused::Address),
        };
        // A literal address is never resolved, so the resolver would not see it.
        let literal = match url.host() {
            Some(Host::Domain(_)) => None,
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            None => return Err(Refused::Address),
        };
        if literal.is_some_and(|address| !way.allowed.allows(address)) {
            return Err(Refused::Address);
        }
        // A name and a password in an address are for whoever typed it, not for us to send.
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refused::Address);
        }
        let made = way.client.get_or_init(|| {
            let made = build(way.allowed.clone(), &self.0.roots);
            made.inspect_err(|error| tracing::warn!(%error, "no requests can be made to others")).ok()
        });
        made.as_ref().ok_or(Refused::NoTls)
    }
}

impl std::fmt::Debug for Outbound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Outbound")
    }
}

fn build(allowed: Allowed, roots: &[Certificate]) -> Result<Client, reqwest::Error> {
    Client::builder()
        .redirect(redirect::Policy::none())
        .no_proxy()
        .pool_max_idle_per_host(0)
        .dns_resolver(allowed)
        .tls_certs_merge(roots.iter().cloned())
        .user_agent("visage")
        .build()
}

/// Where the answer sends us; `Some(None)`: nowhere that is an address.
fn redirected(answer: &Response, from: &Url) -> Option<Option<Url>> {
    if !matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = answer.headers().get(header::LOCATION.as_str());
    Some(location.and_then(|location| from.join(location.to_str().ok()?).ok()))
}

async fn body(mut answer: Response, largest: usize) -> Result<Bytes, Refused> {
    let announced = answer.content_length().unwrap_or(0);
    if announced > largest as u64 {
        return Err(Refused::TooLarge(largest));
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(refused)? {
        if body.len() + chunk.len() > largest {
            return Err(Refused::TooLarge(largest));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn refused(error: reqwest::Error) -> Refused {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = cause {
        if error.is::<NoAddress>() {
            return Refused::Address;
        }
        cause = error.source();
    }
    Refused::Http(error)
}

/// The innermost cause says most: `connection refused`, not `error sending request`. The address stays out of it.
fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
