//! From where requests may come: lists of addresses, and who is behind a trusted proxy.

use std::net::IpAddr;

use ipnet::IpNet;

/// Addresses and ranges of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IpRanges(Box<[IpNet]>);

/// From where requests may come, and how it is found out where one comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetworkSettings {
    /// `allowed_ips`: nobody else is answered. `None`: everybody is.
    pub allowed: Option<IpRanges>,
    /// `use_x_forwarded_for`: a trusted proxy says for whom it asks.
    pub use_x_forwarded_for: bool,
    /// `trusted_proxy_ranges`: whose word on that counts.
    pub trusted_proxies: IpRanges,
}

/// The most hops of a request that are looked at.
const HOPS: usize = 32;

// === impl IpRanges ===

impl IpRanges {
    /// The list of these addresses (`192.0.2.7`) and ranges (`192.0.2.0/24`).
    ///
    /// # Errors
    ///
    /// The place of the first that is neither.
    pub fn parse<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Self, usize> {
        let parsed = texts.into_iter().enumerate().map(|(place, text)| {
            let text = text.trim();
            let range = match text.parse::<IpAddr>() {
                Ok(address) => IpNet::from(address.to_canonical()),
                Err(_) => text.parse::<IpNet>().map_err(|_| place)?.trunc(),
            };
            Ok(range)
        });
        parsed.collect::<Result<_, _>>().map(Self)
    }

    /// Whether `address` is on the list. An IPv4 address that is written as an IPv6 one is itself.
    #[must_use]
    pub fn holds(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|range| range.contains(&address))
    }

    /// Whether there is nothing on it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

// === impl NetworkSettings ===

impl NetworkSettings {
    /// Where a request comes from that `peer` sent, with these values of `X-Forwarded-For`, in order.
    ///
    /// Every proxy appends whom it was asked by, so the list is read from its end, for as long as
    /// who wrote an entry is trusted. What a client wrote itself stands before that and is not believed.
    #[must_use]
    pub fn client<'v>(
        &self,
        peer: IpAddr,
        forwarded: impl DoubleEndedIterator<Item = &'v str>,
    ) -> IpAddr {
        let mut client = peer.to_canonical();
        if !self.use_x_forwarded_for {
            return client;
        }
        let hops = forwarded.rev().flat_map(|value| value.rsplit(','));
        for hop in hops.take(HOPS) {
            if !self.trusted_proxies.holds(client) {
                break;
            }
            match address(hop) {
                Some(address) => client = address,
                // A trusted proxy wrote something else: nobody knows who is behind it.
                None => break,
            }
        }
        client
    }

    /// Whether requests from `client` are answered.
    #[must_use]
    pub fn admits(&self, client: IpAddr) -> bool {
        self.allowed
            .as_ref()
            .is_none_or(|allowed| allowed.holds(client))
    }
}

/// An entry of `X-Forwarded-For`: an address, which some proxies write with a port.
fn address(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let plain = hop
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let address = plain.unwrap_or(hop).parse::<IpAddr>().ok();
    let with_port = || Some(hop.parse::<std::net::SocketAddr>().ok()?.ip());
    address
        .or_else(with_port)
        .map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(texts: &[&str]) -> IpRanges {
        IpRanges::parse(texts.iter().copied()).unwrap_or_default()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap_or_else(|_| IpAddr::from([0; 16]))
    }

    #[test]
    fn lists_hold_addresses_and_ranges() {
        let list = ranges(&[
            "192.0.2.7",
            "198.51.100.9/24",
            "2001:db8::/32",
            "::ffff:203.0.113.5",
        ]);
        for (text, held) in [
            ("192.0.2.7", true),
            ("::ffff:192.0.2.7", true),
            ("192.0.2.8", false),
            ("198.51.100.200", true),
            ("198.51.101.1", false),
            ("2001:db8:1::1", true),
            ("2001:db9::1", false),
            ("203.0.113.5", true),
        ] {
            assert_eq!(list.holds(ip(text)), held, "{text}");
        }
        assert_eq!(
            IpRanges::parse(["192.0.2.7", "gateway.example.com"]),
            Err(1)
        );
        assert_eq!(IpRanges::parse(["192.0.2.7/33"]), Err(0));
        assert!(!ranges(&[]).holds(ip("192.0.2.7")));
    }

    #[test]
    fn only_trusted_proxies_say_whom_they_ask_for() {
        let settings = NetworkSettings {
            allowed: None,
            use_x_forwarded_for: true,
            trusted_proxies: ranges(&["10.0.0.0/8"]),
        };
        for (peer, forwarded, client) in [
            // No proxy: what the client says of itself is nothing.
            ("192.0.2.7", &["10.0.0.1"][..], "192.0.2.7"),
            ("10.0.0.2", &["192.0.2.7"], "192.0.2.7"),
            // What stands before the proxy's own entry is the client's invention.
            ("10.0.0.2", &["10.9.9.9, 192.0.2.7"], "192.0.2.7"),
            ("10.0.0.2", &["203.0.113.1", "192.0.2.7"], "192.0.2.7"),
            ("10.0.0.2", &["192.0.2.7, 10.0.0.3"], "192.0.2.7"),
            ("10.0.0.2", &["192.0.2.7:4711"], "192.0.2.7"),
            ("10.0.0.2", &["[2001:db8::1]"], "2001:db8::1"),
            ("10.0.0.2", &["[2001:db8::1]:443"], "2001:db8::1"),
            ("10.0.0.2", &["192.0.2.7, unknown"], "10.0.0.2"),
            ("10.0.0.2", &[], "10.0.0.2"),
        ] {
            let found = settings.client(ip(peer), forwarded.iter().copied());
            assert_eq!(found, ip(client), "{peer} {forwarded:?}");
        }
        let deaf = NetworkSettings {
            use_x_forwarded_for: false,
            ..settings
        };
        let found = deaf.client(ip("10.0.0.2"), ["192.0.2.7"].into_iter());
        assert_eq!(found, ip("10.0.0.2"));
    }
}
