//! Networks that a setting names: `10.0.0.0/8`.

use std::net::IpAddr;

/// Each an address and the length of its prefix.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<(IpAddr, u8)>);

impl Networks {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `address` as IPv4 where it only wraps one.
    pub fn contains(&self, address: IpAddr) -> bool {
        let (size, address) = bits(address.to_canonical());
        self.0.iter().any(|(network, prefix)| {
            let (own_size, network) = bits(*network);
            // The upper `prefix` of `size` bits agree.
            own_size == size
                && (*prefix == 0 || (network ^ address) >> (size - u32::from(*prefix).min(size)) == 0)
        })
    }
}

impl FromIterator<(IpAddr, u8)> for Networks {
    fn from_iter<T: IntoIterator<Item = (IpAddr, u8)>>(networks: T) -> Networks {
        Networks(networks.into_iter().collect())
    }
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
    use super::*;

    #[test]
    fn an_address_lies_in_its_networks() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let networks: Networks =
            [(ip("10.0.0.0"), 8), (ip("192.168.1.128"), 25), (ip("fd00::"), 8), (ip("::1"), 128)]
                .into_iter()
                .collect();
        for inside in ["10.255.0.1", "::ffff:10.1.1.1", "192.168.1.200", "fd12::1", "::1"] {
            assert!(networks.contains(ip(inside)), "{inside}");
        }
        for outside in ["11.0.0.1", "192.168.1.1", "fe00::1", "::2", "::a00:1"] {
            assert!(!networks.contains(ip(outside)), "{outside}");
        }
        let everything: Networks = [(ip("0.0.0.0"), 0)].into_iter().collect();
        assert!(everything.contains(ip("8.8.8.8")) && !everything.contains(ip("2001:db8::1")));
        assert!(Networks::default().is_empty() && !Networks::default().contains(ip("::1")));
    }
}
