//! The address of whoever asks. Behind proxies that we trust it is what they say; what anybody else says is ignored.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName};
use actix_web::{FromRequest, HttpRequest, dev::Payload, web};

use crate::Core;
use crate::network::Networks;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// `server.trusted_proxies`, and the one header in which they say who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies {
    networks: Networks,
    header: ForwardedHeader,
}

/// `server.forwarded_header`. Only one is believed: a proxy writes the one that it knows and passes the other on as
/// whoever asks has made it up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardedHeader {
    #[default]
    XForwardedFor,
    /// <https://www.rfc-editor.org/rfc/rfc7239>
    Forwarded,
}

/// The client's address, for limits and logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Peer(pub IpAddr);

impl TrustedProxies {
    /// Networks: an address and the length of its prefix.
    pub fn new(networks: impl IntoIterator<Item = (IpAddr, u8)>, header: ForwardedHeader) -> TrustedProxies {
        TrustedProxies { networks: networks.into_iter().collect(), header }
    }

    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        self.networks.contains(address)
    }

    /// From the connection's address backwards along the chain, over every proxy that we trust.
    pub fn client(&self, connected: IpAddr, headers: &HeaderMap) -> IpAddr {
        let connected = connected.to_canonical();
        if self.networks.is_empty() || !self.trusts(connected) {
            return connected;
        }
        let mut client = connected;
        for hop in self.hops(headers).into_iter().rev() {
            // What is unreadable ends the chain: everything before it could be made up.
            let Some(address) = hop else { break };
            client = address.to_canonical();
            if !self.trusts(client) {
                break;
            }
        }
        client
    }

    /// Whom the header names, nearest the client first.
    fn hops(&self, headers: &HeaderMap) -> Vec<Option<IpAddr>> {
        let (name, read): (_, fn(&str) -> Option<IpAddr>) = match self.header {
            ForwardedHeader::XForwardedFor => (X_FORWARDED_FOR, address),
            ForwardedHeader::Forwarded => (FORWARDED, forwarded_for),
        };
        let lines = headers.get_all(name).map(|line| line.to_str().unwrap_or_default());
        lines.flat_map(|line| line.split(',')).map(|hop| read(hop.trim())).collect()
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

/// `for=192.0.2.43;proto=https`. <https://www.rfc-editor.org/rfc/rfc7239#section-4>
fn forwarded_for(hop: &str) -> Option<IpAddr> {
    let mut pairs = hop.split(';').filter_map(|pair| pair.trim().split_once('='));
    let (_, node) = pairs.find(|(name, _)| name.eq_ignore_ascii_case("for"))?;
    address(node.trim_matches('"'))
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn proxies(header: ForwardedHeader) -> TrustedProxies {
        TrustedProxies::new([(ip("10.0.0.0"), 8), (ip("::1"), 128)], header)
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let client = |connected: &str, chain: &str| {
            let headers = headers(&[("x-forwarded-for", chain)]);
            proxies(ForwardedHeader::XForwardedFor).client(ip(connected), &headers).to_string()
        };
        for (connected, chain, expected) in [
            ("192.0.2.9", "1.2.3.4", "192.0.2.9"),
            ("10.1.1.1", "1.2.3.4", "1.2.3.4"),
            ("10.1.1.1", "6.6.6.6, 1.2.3.4, 10.2.2.2", "1.2.3.4"),
            ("10.1.1.1", "6.6.6.6, nonsense, 10.2.2.2", "10.2.2.2"),
            ("::ffff:10.1.1.1", "1.2.3.4:5678", "1.2.3.4"),
        ] {
            assert_eq!(client(connected, chain), expected, "{connected} {chain}");
        }
        assert_eq!(TrustedProxies::default().client(ip("::1"), &HeaderMap::new()), ip("::1"));
    }

    #[test]
    fn the_standard_header_is_read_where_it_is_chosen() {
        let client = |chain: &str| {
            let headers = headers(&[("forwarded", chain)]);
            proxies(ForwardedHeader::Forwarded).client(ip("::1"), &headers).to_string()
        };
        assert_eq!(client(r#"for=6.6.6.6, For="[2001:db8::7]:80";proto=https"#), "2001:db8::7");
        assert_eq!(client("for=_hidden"), "::1");
    }

    // The proxy writes one header; the other is the attacker's.
    #[test]
    fn the_other_header_is_nobody_s_word() {
        let both = headers(&[("forwarded", "for=6.6.6.6"), ("x-forwarded-for", "1.2.3.4")]);
        let client = |header| proxies(header).client(ip("10.1.1.1"), &both).to_string();
        assert_eq!(client(ForwardedHeader::XForwardedFor), "1.2.3.4");
        assert_eq!(client(ForwardedHeader::Forwarded), "6.6.6.6");
        let only = headers(&[("forwarded", "for=6.6.6.6")]);
        let client = proxies(ForwardedHeader::XForwardedFor).client(ip("10.1.1.1"), &only);
        assert_eq!(client, ip("10.1.1.1"));
    }

    #[test]
    fn an_ipv6_network_counts_as_one() {
        assert_eq!(Peer(ip("2001:db8:1:2:3::4")).network(), "2001:db8:1:2::/64");
        assert_eq!(Peer(ip("::ffff:192.0.2.1")).network(), "192.0.2.1");
    }
}
