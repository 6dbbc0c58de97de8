//! The address of whoever asks. Behind proxies that we trust it is what they say; what anybody else says is ignored.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName};
use actix_web::{FromRequest, HttpRequest, dev::Payload, web};

use crate::Core;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// `server.trusted_proxies`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<(IpAddr, u8)>);

/// The client's address, for limits and logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Peer(pub IpAddr);

impl TrustedProxies {
    /// Networks: an address and the length of its prefix.
    pub fn new(networks: impl IntoIterator<Item = (IpAddr, u8)>) -> TrustedProxies {
        TrustedProxies(networks.into_iter().collect())
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|(network, prefix)| {
            bits(*network).0 == bits(address).0 && {
                let (size, a) = bits(*network);
                let (_, b) = bits(address);
                // The upper `prefix` of `size` bits agree.
                *prefix == 0 || (a ^ b) >> (size - u32::from(*prefix).min(size)) == 0
            }
        })
    }

    /// From the connection's address backwards along the chain, over every proxy that we trust.
    pub fn client(&self, connected: IpAddr, headers: &HeaderMap) -> IpAddr {
        let connected = connected.to_canonical();
        if self.0.is_empty() || !self.trusts(connected) {
            return connected;
        }
        let mut client = connected;
        for hop in hops(headers).into_iter().rev() {
            // What is unreadable ends the chain: everything before it could be made up.
            let Some(address) = hop else { break };
            client = address.to_canonical();
            if !self.trusts(client) {
                break;
            }
        }
        client
    }
}

impl Peer {
    pub fn of(request: &HttpRequest) -> Peer {
        let unknown = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let connected = request.peer_addr().map_or(unknown, |address| address.ip());
        match request.app_data::<web::Data<Core>>() {
            Some(core) => Peer(core.trusted_proxies.client(connected, request.headers())),
            None => Peer(connected),
        }
    }

    /// What limits count by: an IPv6 customer has a whole /64.
    pub fn network(&self) -> String {
        match self.0.to_canonical() {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }
}

impl FromRequest for Peer {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Peer::of(request)))
    }
}

/// `Forwarded` (RFC 7239) if it is there, else `X-Forwarded-For`: nearest the client first.
fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let values = |name: &HeaderName| -> Vec<String> {
        let lines = headers.get_all(name).filter_map(|line| line.to_str().ok());
        lines.flat_map(|line| line.split(',')).map(|hop| hop.trim().to_owned()).collect()
    };
    let forwarded = values(&FORWARDED);
    if forwarded.is_empty() {
        return values(&X_FORWARDED_FOR).iter().map(|hop| address(hop)).collect();
    }
    forwarded
        .iter()
        .map(|hop| {
            let mut pairs = hop.split(';').filter_map(|pair| pair.trim().split_once('='));
            let node = pairs.find(|(name, _)| name.eq_ignore_ascii_case("for"))?.1;
            address(node.trim_matches('"'))
        })
        .collect()
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

/// How many bits an address has, and they.
fn bits(address: IpAddr) -> (u32, u128) {
    match address {
        IpAddr::V4(address) => (32, u128::from(u32::from(address))),
        IpAddr::V6(address) => (128, u128::from(address)),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let proxies = TrustedProxies::new([(ip("10.0.0.0"), 8), (ip("::1"), 128)]);
        let client = |connected: &str, header: &'static str, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(HeaderName::from_static(header), HeaderValue::from_str(value).unwrap());
            proxies.client(ip(connected), &headers).to_string()
        };
        for (connected, header, value, expected) in [
            ("192.0.2.9", "x-forwarded-for", "1.2.3.4", "192.0.2.9"),
            ("10.1.1.1", "x-forwarded-for", "1.2.3.4", "1.2.3.4"),
            ("10.1.1.1", "x-forwarded-for", "6.6.6.6, 1.2.3.4, 10.2.2.2", "1.2.3.4"),
            ("10.1.1.1", "x-forwarded-for", "6.6.6.6, nonsense, 10.2.2.2", "10.2.2.2"),
            ("::ffff:10.1.1.1", "x-forwarded-for", "1.2.3.4:5678", "1.2.3.4"),
            ("::1", "forwarded", r#"for=6.6.6.6, for="[2001:db8::7]:80";proto=https"#, "2001:db8::7"),
            ("::1", "forwarded", "for=_hidden", "::1"),
        ] {
            assert_eq!(client(connected, header, value), expected, "{connected} {value}");
        }
        assert_eq!(TrustedProxies::default().client(ip("::1"), &HeaderMap::new()), ip("::1"));
        assert!(TrustedProxies::new([(ip("0.0.0.0"), 0)]).trusts(ip("8.8.8.8")));
        assert!(!TrustedProxies::new([(ip("0.0.0.0"), 0)]).trusts(ip("2001:db8::1")));
    }

    #[test]
    fn an_ipv6_network_counts_as_one() {
        assert_eq!(Peer(ip("2001:db8:1:2:3::4")).network(), "2001:db8:1:2::/64");
        assert_eq!(Peer(ip("::ffff:192.0.2.1")).network(), "192.0.2.1");
    }
}
