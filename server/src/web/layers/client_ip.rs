//! Who asks, by address. X-Forwarded-For is believed only as far as trusted proxies wrote it.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::ConnectInfo;
use http::{Extensions, HeaderMap};
use ipnet::IpNet;

const FORWARDED: &str = "x-forwarded-for";

/// The peer, unless it is a trusted proxy: then the rightmost hop that is not one. A hop that is not an
/// address ends the search at the peer. Without a peer (tests) it is this machine.
pub fn find(extensions: &Extensions, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let peer = extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V6(Ipv6Addr::LOCALHOST), |ConnectInfo(address)| address.ip())
        .to_canonical();
    let is_trusted = |ip: &IpAddr| trusted.iter().any(|network| network.contains(ip));
    if !is_trusted(&peer) {
        return peer;
    }
    let mut furthest = peer;
    let lines: Vec<_> = headers.get_all(FORWARDED).iter().collect();
    for line in lines.iter().rev() {
        let Ok(line) = line.to_str() else { return peer };
        for hop in line.rsplit(',') {
            let Some(ip) = parse_hop(hop.trim()) else { return peer };
            if !is_trusted(&ip) {
                return ip;
            }
            furthest = ip;
        }
    }
    furthest
}

/// An address, perhaps with a port.
fn parse_hop(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let ip = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()));
    ip.map(|ip: IpAddr| ip.to_canonical())
}

/// What limits count by: an IPv4 address, or the /64 that one IPv6 customer has.
pub fn subject(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) if ip.is_loopback() => "127.0.0.1".to_owned(),
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find_from(peer: &str, forwarded: &[&str]) -> String {
        let trusted: Vec<IpNet> =
            ["10.0.0.0/8", "fd00::/8"].iter().map(|n| n.parse().expect("net")).collect();
        let mut extensions = Extensions::new();
        let peer: IpAddr = peer.parse().expect("an address");
        extensions.insert(ConnectInfo(SocketAddr::new(peer, 4000)));
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED, line.parse().expect("a header"));
        }
        find(&extensions, &headers, &trusted).to_string()
    }

    #[test]
    fn a_stranger_cannot_say_who_it_is() {
        assert_eq!(find_from("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
    }

    #[test]
    fn behind_proxies_it_is_the_rightmost_hop_that_is_not_a_proxy() {
        assert_eq!(find_from("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(find_from("10.0.0.1", &["1.1.1.1, 198.51.100.1, 10.9.9.9"]), "198.51.100.1");
        assert_eq!(find_from("10.0.0.1", &["1.1.1.1", "198.51.100.1:5555"]), "198.51.100.1");
        assert_eq!(find_from("::ffff:10.0.0.1", &["[2001:db8::1]:99"]), "2001:db8::1");
        assert_eq!(find_from("10.0.0.1", &["10.0.0.7, 10.0.0.8"]), "10.0.0.7");
    }

    #[test]
    fn what_is_not_an_address_counts_as_the_peer() {
        assert_eq!(find_from("10.0.0.1", &["198.51.100.1, unknown"]), "10.0.0.1");
        assert_eq!(find_from("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn one_ipv6_customer_is_one_subject() {
        let subject_of = |text: &str| subject(text.parse().expect("an address"));
        assert_eq!(subject_of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(subject_of("2001:db8:1:2:ffff::"), "2001:db8:1:2::/64");
        assert_eq!(subject_of("192.0.2.1"), "192.0.2.1");
    }
}
