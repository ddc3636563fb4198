//! Proxies whose `X-Forwarded-For` is trusted.

use std::{
    future::Future,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use ipnet::{IpNet, Ipv4Net};
use poem::{
    Addr, Endpoint, Middleware, Request, Result,
    http::{HeaderMap, HeaderName},
};

use super::ClientAddress;

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// The form of nginx for peers on a Unix socket.
const UNIX: &str = "unix:";

/// A middleware that trusts the `X-Forwarded-For` of these proxies. Without it, the header is ignored (ASVS 4.1.3).
///
/// ```
/// use auth_runtime::client_ip::TrustedProxies;
/// use poem::{EndpointExt, Route, endpoint::make_sync};
///
/// let proxies = TrustedProxies::new(["10.0.0.0/8", "fd00::/8", "127.0.0.1"])?;
/// let app = Route::new().at("/", make_sync(|_| "hello")).with(proxies);
///
/// // From an environment variable:
/// let proxies = TrustedProxies::new("192.0.2.7, 198.51.100.0/24".split(','))?;
///
/// let error = TrustedProxies::new(["10.0.0.0/33"]).unwrap_err();
/// assert!(error.to_string().contains("10.0.0.0/33"));
/// # Ok::<(), auth_runtime::client_ip::TrustedProxiesError>(())
/// ```
///
/// Each proxy appends the address of its peer, so the list is read from the right. The client is the first address that
/// is no trusted proxy. Entries further left come from the client and are ignored. An entry that is no address ends the
/// list: the client is then the proxy that sent it. An entry may have a port, and IPv6 may stand in brackets.
///
/// If two of these middlewares surround a route, the inner one counts. `Forwarded` (RFC 7239) and `X-Real-IP` are not
/// read: configure the proxy to write `X-Forwarded-For`.
///
/// # Limits of the protection
///
/// - A proxy that forwards the header without appending to it. Its clients choose their address.
/// - Clients that reach the server from a trusted address without passing the proxy. List the addresses of the proxies,
///   not the network that they share with others.
#[derive(Clone, Debug)]
pub struct TrustedProxies(Arc<TrustedPeers>);

#[derive(Debug)]
struct TrustedPeers {
    networks: Vec<IpNet>,
    /// Whether all peers on Unix sockets are trusted.
    unix: bool,
}

/// A value that is no proxy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustedProxiesError {
    /// The value is neither an address nor a network.
    #[error("{0:?} is not a proxy; write an address such as `127.0.0.1`, a network such as `10.0.0.0/8`, or `unix:`")]
    Form(String),
    /// The address has bits beyond the prefix, so it may mean one address or a network.
    #[error("{given:?} may be an address or a network; write `{address}`, or `{network}`")]
    HostBits {
        /// The value.
        given: String,
        /// The address.
        address: IpAddr,
        /// The network.
        network: String,
    },
    /// The network has all addresses.
    #[error("{0:?} trusts all clients, so each of them could choose an address; list the proxies")]
    Everybody(String),
}

impl TrustedProxies {
    /// Trusts these addresses and networks. `unix:` stands for all peers on Unix sockets.
    ///
    /// # Errors
    /// [`TrustedProxiesError`] with the value, if one is neither, is the network of all addresses, or is a network
    /// whose address has bits beyond the prefix, such as `10.1.2.3/8`.
    pub fn new<T: AsRef<str>>(proxies: impl IntoIterator<Item = T>) -> Result<Self, TrustedProxiesError> {
        let mut peers = TrustedPeers { networks: Vec::new(), unix: false };
        for proxy in proxies {
            match proxy.as_ref().trim() {
                UNIX => peers.unix = true,
                proxy => peers.networks.push(network(proxy)?),
            }
        }
        Ok(Self(Arc::new(peers)))
    }

    /// Returns the client: follows the list from the peer, as long as the last address is a trusted proxy.
    fn client(&self, peer: &Addr, headers: &HeaderMap) -> ClientAddress {
        let mut client = ClientAddress::of_peer(peer);
        let mut is_trusted = self.is_trusted_peer(peer);
        let mut hops = hops(headers);
        while is_trusted {
            let Some(Some(address)) = hops.next() else { break };
            client = address.into();
            is_trusted = self.is_trusted(client);
        }
        client
    }

    /// Whether a peer is one of the proxies.
    pub(crate) fn is_trusted_peer(&self, peer: &Addr) -> bool {
        match peer {
            #[cfg(unix)]
            Addr::Unix(_) => self.0.unix,
            _ => self.is_trusted(ClientAddress::of_peer(peer)),
        }
    }

    fn is_trusted(&self, client: ClientAddress) -> bool {
        client.ip().is_some_and(|address| self.0.networks.iter().any(|network| network.contains(&address)))
    }
}

fn network(proxy: &str) -> Result<IpNet, TrustedProxiesError> {
    if let Ok(address) = proxy.parse::<IpAddr>() {
        return Ok(address.to_canonical().into());
    }
    let network: IpNet = proxy.parse().map_err(|_| TrustedProxiesError::Form(proxy.to_owned()))?;
    match canonical(network) {
        network if network.prefix_len() == 0 => Err(TrustedProxiesError::Everybody(proxy.to_owned())),
        network if network != network.trunc() => Err(TrustedProxiesError::HostBits {
            given: proxy.to_owned(),
            address: network.addr(),
            network: network.trunc().to_string(),
        }),
        network => Ok(network),
    }
}

/// Returns a network of IPv4 addresses in IPv6 form as an IPv4 network, as addresses are.
fn canonical(network: IpNet) -> IpNet {
    let IpNet::V6(written) = network else { return network };
    let mapped = written.addr().to_ipv4_mapped().zip(written.prefix_len().checked_sub(96));
    mapped.and_then(|(address, prefix)| Ipv4Net::new(address, prefix).ok()).map_or(network, IpNet::V4)
}

/// Returns the entries of the list from the right; `None` for an entry that is no address. Several lines form one list
/// (RFC 9110, section 5.3).
fn hops(headers: &HeaderMap) -> impl Iterator<Item = Option<IpAddr>> {
    let lines = headers.get_all(&X_FORWARDED_FOR).into_iter().rev();
    lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b',')).map(address)
}

fn address(entry: &[u8]) -> Option<IpAddr> {
    let entry = std::str::from_utf8(entry).ok()?.trim_matches([' ', '\t']);
    let plain = || entry.parse::<IpAddr>().ok();
    let with_port = || entry.parse::<SocketAddr>().ok().map(|address| address.ip());
    let in_brackets = || entry.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    plain().or_else(with_port).or_else(in_brackets)
}

impl<E: Endpoint> Middleware<E> for TrustedProxies {
    type Output = BehindProxies<E>;

    fn transform(&self, inner: E) -> Self::Output {
        BehindProxies { proxies: self.clone(), inner }
    }
}

/// An endpoint behind [`TrustedProxies`].
#[derive(Debug)]
pub struct BehindProxies<E> {
    proxies: TrustedProxies,
    inner: E,
}

impl<E: Endpoint> Endpoint for BehindProxies<E> {
    type Output = E::Output;

    fn call(&self, mut request: Request) -> impl Future<Output = Result<E::Output>> + Send {
        let client = self.proxies.client(request.remote_addr(), request.headers());
        request.set_data(client);
        self.inner.call(request)
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use poem::{
        Addr, Endpoint, Request,
        endpoint::make_sync,
        http::{HeaderMap, HeaderValue},
    };

    use super::{ClientAddress, TrustedProxies, TrustedProxiesError, X_FORWARDED_FOR};

    fn proxies() -> TrustedProxies {
        TrustedProxies::new(["10.0.0.0/8", "127.0.0.1", "fd00::/8"]).unwrap()
    }

    fn peer(address: &str) -> Addr {
        Addr::SocketAddr(SocketAddr::new(address.parse().unwrap(), 4711))
    }

    fn headers(lines: &[&[u8]]) -> HeaderMap {
        lines.iter().map(|line| (X_FORWARDED_FOR.clone(), HeaderValue::from_bytes(line).unwrap())).collect()
    }

    /// Returns the client of a request with these header lines from this peer.
    fn client(from: &str, lines: &[&str]) -> String {
        let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
        proxies().client(&peer(from), &headers(&lines)).to_string()
    }

    #[test]
    fn r8_the_client_is_the_rightmost_address_that_is_no_trusted_proxy() {
        for (lines, expected) in [
            (&["198.51.100.1"][..], "198.51.100.1"),
            (&["203.0.113.9, 198.51.100.1"], "198.51.100.1"),
            (&["203.0.113.9, 198.51.100.1, 10.1.2.3"], "198.51.100.1"),
            (&["203.0.113.9,198.51.100.1,10.1.2.3,127.0.0.1"], "198.51.100.1"),
            (&["203.0.113.9", "198.51.100.1"], "198.51.100.1"),
            (&["203.0.113.9, 198.51.100.1", "10.1.2.3", "fd00::1, 10.1.2.4"], "198.51.100.1"),
            (&["10.9.9.9, 198.51.100.1"], "198.51.100.1"),
            (&[" \t198.51.100.1\t "], "198.51.100.1"),
            (&["198.51.100.1:4711"], "198.51.100.1"),
            (&["2001:db8::1"], "2001:db8::1"),
            (&["[2001:db8::1]"], "2001:db8::1"),
            (&["[2001:db8::1]:4711"], "2001:db8::1"),
            (&["::ffff:198.51.100.1"], "198.51.100.1"),
            (&["203.0.113.9, 198.51.100.1, ::ffff:10.1.2.3"], "198.51.100.1"),
        ] {
            assert_eq!(client("127.0.0.1", lines), expected, "{lines:?}");
            assert_eq!(client("::ffff:127.0.0.1", lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn r8_a_list_of_trusted_proxies_alone_gives_the_farthest_one() {
        assert_eq!(client("127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(client("127.0.0.1", &["10.0.0.1"]), "10.0.0.1");
        assert_eq!(client("127.0.0.1", &["10.0.0.2, 10.0.0.1"]), "10.0.0.2");
    }

    #[test]
    fn r8_the_header_of_an_untrusted_peer_is_ignored() {
        for from in ["198.51.100.1", "11.0.0.1", "127.0.0.2", "::1", "2001:db8::1"] {
            for lines in [&["203.0.113.9"][..], &["10.0.0.1"], &["203.0.113.9", "127.0.0.1"], &["garbage"], &[]] {
                assert_eq!(client(from, lines), from, "{lines:?}");
            }
        }
    }

    #[test]
    fn r8_an_entry_that_is_no_address_ends_the_list() {
        for bad in [
            "",
            " ",
            "unknown",
            "_hidden",
            "198.51.100",
            "198.51.100.1.1",
            "0198.51.100.1",
            "198.51.100.1:",
            "198.51.100.1:99999",
            "198.51.100.1 203.0.113.9",
            "198.51.100.1;203.0.113.9",
            "for=198.51.100.1",
            "\"198.51.100.1\"",
            "[198.51.100.1]",
            "[2001:db8::1",
            "2001:db8::1]",
            "[[2001:db8::1]]",
            "fe80::1%eth0",
            "198.51.100.1/32",
            "0x7f.0.0.1",
            "2130706433",
        ] {
            assert_eq!(client("127.0.0.1", &[&format!("203.0.113.9, {bad}")]), "127.0.0.1", "{bad:?}");
            assert_eq!(client("127.0.0.1", &["203.0.113.9", bad]), "127.0.0.1", "{bad:?}");
            assert_eq!(client("127.0.0.1", &[&format!("203.0.113.9, {bad}, 10.0.0.1")]), "10.0.0.1", "{bad:?}");
            assert_eq!(client("127.0.0.1", &[&format!("{bad}, 198.51.100.1")]), "198.51.100.1", "{bad:?}");
        }
        let bytes = proxies().client(&peer("127.0.0.1"), &headers(&[b"203.0.113.9, \xff198.51.100.1"]));
        assert_eq!(bytes.to_string(), "127.0.0.1");
    }

    #[test]
    fn r8_a_long_list_is_read_only_up_to_the_client() {
        let list = format!("{}198.51.100.1", "203.0.113.9, ".repeat(10_000));
        assert_eq!(client("127.0.0.1", &[&list]), "198.51.100.1");
    }

    #[test]
    fn invalid_proxies_are_rejected_with_their_value() {
        for bad in ["", "localhost", "10.0.0.0/33", "10.0.0/8", "fd00::/129", "10.0.0.1:80", "10.0.0.0/8 fd00::/8", "*"]
        {
            assert_eq!(TrustedProxies::new([bad]).unwrap_err(), TrustedProxiesError::Form(bad.to_owned()));
        }
        for everybody in ["0.0.0.0/0", "::/0", "::ffff:0.0.0.0/96"] {
            let error = TrustedProxies::new(["127.0.0.1", everybody]).unwrap_err();
            assert_eq!(error, TrustedProxiesError::Everybody(everybody.to_owned()));
        }
        let error = TrustedProxies::new(["10.1.2.3/8"]).unwrap_err().to_string();
        assert_eq!(error, "\"10.1.2.3/8\" may be an address or a network; write `10.1.2.3`, or `10.0.0.0/8`");
        assert!(TrustedProxies::new(Vec::<String>::new()).is_ok(), "an empty list trusts no proxy");
    }

    #[test]
    fn r8_a_network_may_be_in_ipv6_form() {
        let proxies = TrustedProxies::new(["::ffff:10.0.0.0/104"]).unwrap();
        let headers = headers(&[b"198.51.100.1"]);
        assert_eq!(proxies.client(&peer("10.1.2.3"), &headers).to_string(), "198.51.100.1");
        assert_eq!(proxies.client(&peer("11.1.2.3"), &headers).to_string(), "11.1.2.3");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn r8_peers_on_unix_sockets_are_trusted_only_by_name() {
        let (socket, _other) = tokio::net::UnixStream::pair().unwrap();
        let peer = Addr::unix(socket.peer_addr().unwrap());
        let headers = headers(&[b"198.51.100.1"]);
        assert_eq!(proxies().client(&peer, &headers), ClientAddress::UNKNOWN);
        let named = TrustedProxies::new(["unix:"]).unwrap();
        assert_eq!(named.client(&peer, &headers).to_string(), "198.51.100.1");
        assert_eq!(named.client(&Addr::custom("test", "peer"), &headers), ClientAddress::UNKNOWN);
    }

    #[tokio::test]
    async fn another_middleware_can_set_the_address() {
        let address = make_sync(|request| ClientAddress::of(&request).to_string());
        let answer = async |request| address.call(request).await.unwrap();
        assert_eq!(answer(Request::default()).await, "unknown");
        let mut request = Request::default();
        request.set_data(ClientAddress::from("::ffff:192.0.2.1".parse::<std::net::IpAddr>().unwrap()));
        assert_eq!(answer(request).await, "192.0.2.1");
    }
}
