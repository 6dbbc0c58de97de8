//! Requests that we make to addresses that somebody else chose.
//!
//! https alone, no redirects, no proxies, a deadline for all of it, a limit on the bytes, and never to an address that is
//! not public: that is checked on the addresses that a name resolved to, which are then the ones connected to, so that a
//! name that changes its mind gains nothing.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::OnceLock,
    time::Duration,
};

use actix_web::web::{Bytes, BytesMut};
use reqwest::{
    Client,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};
use url::{Host, Url};

const DEADLINE: Duration = Duration::from_secs(4);

/// Made at the first request: reading the system's certificates takes a moment that most starts need not wait for.
pub struct Outbound {
    http: OnceLock<Option<Client>>,
    scheme: &'static str,
    allows: fn(IpAddr) -> bool,
}

impl Default for Outbound {
    fn default() -> Outbound {
        Outbound { http: OnceLock::new(), scheme: "https", allows: is_public }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("the address is not public https")]
    Address,
    #[error("it is larger than {0} bytes")]
    TooLarge(usize),
    #[error("the answer was {0}")]
    Status(u16),
    #[error("{0}")]
    Http(#[from] reqwest::Error),
    #[error("there is no TLS in this process")]
    NoTls,
}

impl Outbound {
    pub async fn get(&self, url: &Url, largest: usize) -> Result<Bytes, Refused> {
        // A literal address is never resolved, so the resolver below would not see it.
        let literal = match url.host() {
            Some(Host::Domain(_)) => None,
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            None => return Err(Refused::Address),
        };
        if url.scheme() != self.scheme || literal.is_some_and(|address| !(self.allows)(address)) {
            return Err(Refused::Address);
        }
        let http = self.http.get_or_init(|| self.client()).as_ref().ok_or(Refused::NoTls)?;
        let mut answer = http.get(url.clone()).send().await?;
        if !answer.status().is_success() {
            return Err(Refused::Status(answer.status().as_u16()));
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > largest {
                return Err(Refused::TooLarge(largest));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }

    fn client(&self) -> Option<Client> {
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(DEADLINE)
            .pool_max_idle_per_host(0)
            .dns_resolver(Resolver { allows: self.allows })
            .user_agent("visage")
            .build();
        client.inspect_err(|error| tracing::warn!(%error, "logos of clients cannot be fetched")).ok()
    }

    /// The same over plain http to this machine alone, where tests have a server.
    #[cfg(test)]
    pub fn to_loopback() -> Outbound {
        Outbound { http: OnceLock::new(), scheme: "http", allows: |address| address.is_loopback() }
    }
}

/// Resolves names to allowed addresses alone.
#[derive(Clone, Copy)]
struct Resolver {
    allows: fn(IpAddr) -> bool,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allows = self.allows;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| allows(address.ip())).collect();
            if allowed.is_empty() {
                return Err("the name has no public address".into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// Nothing of the IANA special-purpose registries (RFC 6890): our own machine, our own network, documentation, the future.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = matches!(
        (a, b, c),
        (0 | 10 | 127 | 224.., _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 168, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    );
    !special
}

/// Only what is given out for the Internet (2000::/3), less what stands for an IPv4 address or for examples.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let special = matches!((a, b), (0x2001, 0..=0x1ff | 0xdb8) | (0x2002, _) | (0x3fff, 0..=0xfff));
    (0x2000..=0x3fff).contains(&a) && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_told_from_public_ones() {
        for public in
            ["1.1.1.1", "93.184.216.34", "172.15.0.1", "100.63.0.1", "2606:4700::1111", "2a00:1450::1"]
        {
            assert!(is_public(public.parse().expect("an address")), "{public}");
        }
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "192.168.1.1",
            "172.31.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "203.0.113.9",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
        ] {
            assert!(!is_public(private.parse().expect("an address")), "{private}");
        }
    }

    #[actix_web::test]
    async fn nothing_private_is_asked() {
        let outbound = Outbound::default();
        for url in [
            "http://93.184.216.34/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://[::ffff:169.254.169.254]/latest",
            "ftp://example.com/",
            "file:///etc/passwd",
            "https://10.0.0.1:8443/",
        ] {
            let answer = outbound.get(&Url::parse(url).expect("a URL"), 10).await;
            assert!(matches!(answer, Err(Refused::Address)), "{url}: {answer:?}");
        }
    }

    #[actix_web::test]
    async fn names_of_private_addresses_do_not_resolve() {
        let name = "localhost".parse().expect("a name");
        let error = Resolver { allows: is_public }.resolve(name).await.err().expect("no address");
        assert_eq!(error.to_string(), "the name has no public address");
    }
}
