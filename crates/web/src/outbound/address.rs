//! Which addresses we connect to: those of the Internet, and those that `outbound.allow_networks` names.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::network::Networks;

/// What may be connected to over one scheme.
#[derive(Clone)]
pub struct Allowed {
    pub named: Arc<Networks>,
    /// Public addresses too: with https. Over plain http only those that somebody named.
    pub public: bool,
}

impl Allowed {
    pub fn allows(&self, address: IpAddr) -> bool {
        (self.public && is_public(address)) || self.named.contains(address)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the name has no address that we may connect to")]
pub struct NoAddress;

/// Resolves names to allowed addresses alone. These are the ones that are then connected to, so that a name that changes
/// its mind between a check and the connection gains nothing.
impl Resolve for Allowed {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = self.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let good: Vec<SocketAddr> = found.filter(|address| allowed.allows(address.ip())).collect();
            if good.is_empty() {
                return Err(NoAddress.into());
            }
            Ok(Box::new(good.into_iter()) as Addrs)
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
            assert!(is_public(public.parse().unwrap()), "{public}");
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
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }

    #[actix_web::test]
    async fn names_of_private_addresses_do_not_resolve() {
        let resolve = |named: Networks, public| {
            Allowed { named: Arc::new(named), public }.resolve("localhost".parse().unwrap())
        };
        let error = resolve(Networks::default(), true).await.err().unwrap();
        assert!(error.is::<NoAddress>());
        let loopback = || [("127.0.0.0".parse().unwrap(), 8)].into_iter().collect::<Networks>();
        for public in [true, false] {
            let found: Vec<_> = resolve(loopback(), public).await.unwrap().collect();
            assert!(!found.is_empty() && found.iter().all(|address| address.is_ipv4()), "{found:?}");
        }
    }
}
