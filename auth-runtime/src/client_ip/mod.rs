//! From where a request comes: what the line knows of a caller before there is any credential.

mod proxies;

#[cfg(feature = "throttle")]
use std::net::Ipv6Addr;
use std::{fmt, net::IpAddr};

use poem::{Addr, FromRequest, Request, RequestBody};

pub use self::proxies::{BehindProxies, TrustedProxies, TrustedProxiesError};

/// The IP address of the caller, as this server believes it.
///
/// That is the address of the peer of the connection, whatever any header says, unless [`TrustedProxies`] stand around
/// the route. An IPv4 address that is written as IPv6 (`::ffff:192.0.2.1`) is the IPv4 address. Where there is none, as
/// on a Unix socket and in tests without a network, it is [`ClientAddress::UNKNOWN`], which all such callers share.
///
/// A handler takes it as an argument, and an [`Authenticator`](crate::authenticate::Authenticator) finds it in its
/// [`Context`](crate::authenticate::Context):
///
/// ```
/// use auth_runtime::client_ip::ClientAddress;
/// use poem::handler;
///
/// #[handler]
/// fn whence(client: ClientAddress) -> String {
///     format!("you come from {client}")
/// }
/// ```
///
/// Who knows better than a header of proxies, such as a middleware that reads the PROXY protocol, says so with
/// `request.set_data(ClientAddress::from(ip))`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ClientAddress(Option<IpAddr>);

impl ClientAddress {
    /// That of all callers of whom no address is known.
    pub const UNKNOWN: Self = Self(None);

    /// The address from which this request comes.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        request.data().copied().unwrap_or_else(|| Self::of_peer(request.remote_addr()))
    }

    /// The address, if it is known.
    #[must_use]
    pub const fn ip(self) -> Option<IpAddr> {
        self.0
    }

    /// Whether it may be that of a proxy rather than of a caller.
    #[cfg(feature = "throttle")]
    pub(crate) fn is_internal(self) -> bool {
        self.0.is_none_or(|address| match address {
            IpAddr::V4(address) => address.is_loopback() || address.is_private(),
            IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
        })
    }

    /// The address as limits count it. Of IPv6 that is the network: whoever has one address there has all 2^64 of them.
    #[cfg(feature = "throttle")]
    pub(crate) const fn network(self) -> Option<IpAddr> {
        match self.0 {
            Some(IpAddr::V6(address)) => {
                Some(IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << u64::BITS))))
            }
            address => address,
        }
    }

    fn of_peer(peer: &Addr) -> Self {
        peer.as_socket_addr().map_or(Self::UNKNOWN, |address| address.ip().into())
    }
}

impl From<IpAddr> for ClientAddress {
    fn from(address: IpAddr) -> Self {
        Self(Some(address.to_canonical()))
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(address) => address.fmt(f),
            None => f.write_str("unknown"),
        }
    }
}

impl<'a> FromRequest<'a> for ClientAddress {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(Self::of(request))
    }
}
