//! Who is behind a proxy: PROXY protocol v2 and `X-Forwarded-For`, from configured networks only.

use std::io::{self, ErrorKind};
use std::net::IpAddr;

use hyper::header::HeaderMap;
use ipnet::IpNet;
use proxy_header::{ParseConfig, ProxyHeader};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

/// What stands before a header's own length: the signature, the version, the family.
const START: usize = 16;
/// The most that may follow: addresses and what a proxy may add to them.
const MAX_REST: usize = 2_048;

/// Whether this is one of the proxies.
pub(super) fn is_trusted(address: IpAddr, proxies: &[IpNet]) -> bool {
    let address = address.to_canonical();
    proxies.iter().any(|network| network.contains(&address))
}

/// Reads the header that a proxy sends first, and gives the client's address; `None` where the
/// proxy speaks for itself.
///
/// # Errors
/// The socket's, and what is no such header.
pub(super) async fn read_header(stream: &mut TcpStream) -> io::Result<Option<IpAddr>> {
    let mut header = vec![0; START];
    stream.read_exact(&mut header).await?;
    let rest = usize::from(u16::from_be_bytes([header[14], header[15]]));
    if rest > MAX_REST {
        return Err(io::Error::new(ErrorKind::InvalidData, "a header too long"));
    }
    header.resize(START + rest, 0);
    stream.read_exact(&mut header[START..]).await?;
    let config = ParseConfig {
        include_tlvs: false,
        allow_v1: false,
        allow_v2: true,
    };
    let (header, _) = ProxyHeader::parse(&header, config)
        .map_err(|error| io::Error::new(ErrorKind::InvalidData, error.to_string()))?;
    Ok(header.proxied_address().map(|it| it.source.ip()))
}

/// The client's address: the peer's, or behind trusted proxies the last one that they did not
/// add themselves.
pub(super) fn client_address(headers: &HeaderMap, peer: IpAddr, proxies: &[IpNet]) -> IpAddr {
    if !is_trusted(peer, proxies) {
        return peer;
    }
    let values = headers.get_all("x-forwarded-for").iter().rev();
    let hops = values.flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b','));
    // What was beyond the last hop that can be read is anybody's guess.
    let mut last = peer;
    for hop in hops {
        let hop = std::str::from_utf8(hop)
            .ok()
            .and_then(|hop| hop.trim().parse().ok());
        match hop {
            Some(address) if is_trusted(address, proxies) => last = address,
            Some(address) => return address,
            None => return last,
        }
    }
    last
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

    use super::*;

    #[test]
    fn forwarded_for_counts_from_trusted_proxies_only() {
        let of = |text: &str| -> IpAddr { text.parse().unwrap() };
        let proxies: Vec<IpNet> = ["10.0.0.1/32", "10.1.0.0/16", "fd00::/8"]
            .map(|network| network.parse().unwrap())
            .into();
        for (peer, forwarded, expected) in [
            ("192.0.2.9", &["198.51.100.1"][..], "192.0.2.9"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("::ffff:10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            (
                "10.0.0.1",
                &["203.0.113.7, 198.51.100.1, 10.1.9.9"],
                "198.51.100.1",
            ),
            (
                "10.0.0.1",
                &["203.0.113.7", "198.51.100.1", "10.1.9.9"],
                "198.51.100.1",
            ),
            ("fd00::5", &["2001:db8::1"], "2001:db8::1"),
            ("10.0.0.1", &["198.51.100.1, nonsense"], "10.0.0.1"),
            (
                "10.0.0.1",
                &["198.51.100.1, nonsense, 10.1.0.7"],
                "10.1.0.7",
            ),
            ("10.0.0.1", &["198.51.100.1, "], "10.0.0.1"),
            ("10.0.0.1", &["10.1.0.1"], "10.1.0.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
        ] {
            let mut headers = HeaderMap::new();
            for forwarded in forwarded {
                headers.append("x-forwarded-for", forwarded.parse().unwrap());
            }
            let address = client_address(&headers, of(peer), &proxies);
            assert_eq!(address, of(expected), "{peer} {forwarded:?}");
        }
    }
}
