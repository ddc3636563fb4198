//! Whose word is taken for where a request comes from.

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
/// As nginx writes it for peers on a Unix socket.
const UNIX: &str = "unix:";

/// The proxies whose `X-Forwarded-For` is believed: a middleware of Poem. Without it, nobody's is (ASVS 4.1.3).
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
/// Each proxy writes the address of its own peer behind those that it was sent, so the list is read from the right: the
/// caller is the first who is no trusted proxy. What stands further left is whatever the caller has sent, and is not
/// looked at. An entry that is no address ends the reading: the caller then is the proxy that passed it on, and shares
/// the limits of all who do the same. A port, and brackets around IPv6, may be there.
///
/// Of two that stand around one route, the inner one counts. `Forwarded` (RFC 7239), `X-Real-IP` and the like are not
/// read: let the proxy write `X-Forwarded-For`.
///
/// # What it does not protect against
///
/// A proxy that passes the header on without adding to it, and callers who reach the server past the proxy from one of
/// these addresses: both choose their address. Name the addresses of your proxies, and not the network that they share
/// with others.
#[derive(Clone, Debug)]
pub struct TrustedProxies(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    networks: Vec<IpNet>,
    unix: bool,
}

/// What names no proxy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustedProxiesError {
    /// Neither an address nor a network.
    #[error("{0:?} is no proxy: write an address such as `127.0.0.1`, a network such as `10.0.0.0/8`, or `unix:`")]
    Form(String),
    /// An address with a prefix that does not hold all of it: it may be the one that is meant, or its whole network.
    #[error("{given:?} may be an address or a network: write `{address}`, or `{network}`")]
    HostBits {
        /// What is written.
        given: String,
        /// The address alone.
        address: IpAddr,
        /// The network alone.
        network: String,
    },
    /// Every address there is.
    #[error("{0:?} is everybody, and so every caller could choose an address: name the proxies")]
    Everybody(String),
}

impl TrustedProxies {
    /// Trusts these addresses and networks; `unix:` stands for whoever connects to a Unix socket.
    ///
    /// # Errors
    /// [`TrustedProxiesError`], which names the value, if one is neither, or is everybody.
    pub fn new<T: AsRef<str>>(proxies: impl IntoIterator<Item = T>) -> Result<Self, TrustedProxiesError> {
        let mut inner = Inner { networks: Vec::new(), unix: false };
        for proxy in proxies {
            match proxy.as_ref().trim() {
                UNIX => inner.unix = true,
                proxy => inner.networks.push(network(proxy)?),
            }
        }
        Ok(Self(Arc::new(inner)))
    }

    /// Who has sent a request, going from the peer backwards for as long as a trusted proxy vouches for the next one.
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

    fn is_trusted_peer(&self, peer: &Addr) -> bool {
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

/// A network of IPv4 addresses that are written as IPv6 is one of IPv4, as the addresses are.
fn canonical(network: IpNet) -> IpNet {
    let IpNet::V6(written) = network else { return network };
    let mapped = written.addr().to_ipv4_mapped().zip(written.prefix_len().checked_sub(96));
    mapped.and_then(|(address, prefix)| Ipv4Net::new(address, prefix).ok()).map_or(network, IpNet::V4)
}

/// The entries of the list from the right; `None` where one is no address. Several lines are one list (RFC 9110,
/// section 5.3).
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

    /// Who sends a request with these header lines by way of this peer.
    fn client(from: &str, lines: &[&str]) -> String {
        let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
        proxies().client(&peer(from), &headers(&lines)).to_string()
    }

    #[test]
    fn r8_the_caller_is_the_rightmost_who_is_no_trusted_proxy() {
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
    fn r8_without_the_header_or_behind_proxies_alone_the_caller_is_the_farthest_of_them() {
        assert_eq!(client("127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(client("127.0.0.1", &["10.0.0.1"]), "10.0.0.1");
        assert_eq!(client("127.0.0.1", &["10.0.0.2, 10.0.0.1"]), "10.0.0.2");
    }

    #[test]
    fn r8_a_peer_that_is_no_trusted_proxy_is_the_caller_whatever_it_sends() {
        for from in ["198.51.100.1", "11.0.0.1", "127.0.0.2", "::1", "2001:db8::1"] {
            for lines in [&["203.0.113.9"][..], &["10.0.0.1"], &["203.0.113.9", "127.0.0.1"], &["garbage"], &[]] {
                assert_eq!(client(from, lines), from, "{lines:?}");
            }
        }
    }

    #[test]
    fn r8_an_entry_that_is_no_address_leaves_the_last_proxy_and_nothing_to_its_left() {
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
    fn r8_a_long_list_is_read_only_as_far_as_it_is_believed() {
        let list = format!("{}198.51.100.1", "203.0.113.9, ".repeat(10_000));
        assert_eq!(client("127.0.0.1", &[&list]), "198.51.100.1");
    }

    #[test]
    fn what_is_no_proxy_is_named() {
        for bad in ["", "localhost", "10.0.0.0/33", "10.0.0/8", "fd00::/129", "10.0.0.1:80", "10.0.0.0/8 fd00::/8", "*"]
        {
            assert_eq!(TrustedProxies::new([bad]).unwrap_err(), TrustedProxiesError::Form(bad.to_owned()));
        }
        for everybody in ["0.0.0.0/0", "::/0", "::ffff:0.0.0.0/96"] {
            let error = TrustedProxies::new(["127.0.0.1", everybody]).unwrap_err();
            assert_eq!(error, TrustedProxiesError::Everybody(everybody.to_owned()));
        }
        let error = TrustedProxies::new(["10.1.2.3/8"]).unwrap_err().to_string();
        assert_eq!(error, "\"10.1.2.3/8\" may be an address or a network: write `10.1.2.3`, or `10.0.0.0/8`");
        assert!(TrustedProxies::new(Vec::<String>::new()).is_ok(), "nobody is trusted");
    }

    #[test]
    fn r8_a_network_may_be_written_as_its_addresses_are_seen() {
        let proxies = TrustedProxies::new(["::ffff:10.0.0.0/104"]).unwrap();
        let headers = headers(&[b"198.51.100.1"]);
        assert_eq!(proxies.client(&peer("10.1.2.3"), &headers).to_string(), "198.51.100.1");
        assert_eq!(proxies.client(&peer("11.1.2.3"), &headers).to_string(), "11.1.2.3");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn r8_a_peer_on_a_unix_socket_is_believed_only_if_it_is_named() {
        let (socket, _other) = tokio::net::UnixStream::pair().unwrap();
        let peer = Addr::unix(socket.peer_addr().unwrap());
        let headers = headers(&[b"198.51.100.1"]);
        assert_eq!(proxies().client(&peer, &headers), ClientAddress::UNKNOWN);
        let named = TrustedProxies::new(["unix:"]).unwrap();
        assert_eq!(named.client(&peer, &headers).to_string(), "198.51.100.1");
        assert_eq!(named.client(&Addr::custom("test", "peer"), &headers), ClientAddress::UNKNOWN);
    }

    #[tokio::test]
    async fn who_knows_better_says_so() {
        let whence = make_sync(|request| ClientAddress::of(&request).to_string());
        let answer = async |request| whence.call(request).await.unwrap();
        assert_eq!(answer(Request::default()).await, "unknown");
        let mut request = Request::default();
        request.set_data(ClientAddress::from("::ffff:192.0.2.1".parse::<std::net::IpAddr>().unwrap()));
        assert_eq!(answer(request).await, "192.0.2.1");
    }
}
