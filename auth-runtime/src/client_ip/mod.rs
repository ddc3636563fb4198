//! The IP address of the client, known before any credential is read.

mod proxies;

#[cfg(feature = "throttle")]
use std::net::Ipv6Addr;
use std::{fmt, net::IpAddr};

use poem::{Addr, FromRequest, Request, RequestBody};

pub use self::proxies::{BehindProxies, TrustedProxies, TrustedProxiesError};

/// The IP address of the client.
///
/// It is the address of the connection's peer. Headers count only behind [`TrustedProxies`]. An IPv4 address in IPv6
/// form (`::ffff:192.0.2.1`) becomes the IPv4 address. Clients without an address, such as those on a Unix socket,
/// share [`ClientAddress::UNKNOWN`].
///
/// A handler takes it as an argument. An [`Authenticator`](crate::authenticate::Authenticator) finds it in its
/// [`Context`](crate::authenticate::Context):
///
/// ```
/// use auth_runtime::client_ip::ClientAddress;
/// use poem::handler;
///
/// #[handler]
/// fn address(client: ClientAddress) -> String {
///     format!("you come from {client}")
/// }
/// ```
///
/// A middleware can set another address, for example from the PROXY protocol:
/// `request.set_data(ClientAddress::from(ip))`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ClientAddress(Option<IpAddr>);

impl ClientAddress {
    /// The address of all clients without a known address.
    pub const UNKNOWN: Self = Self(None);

    /// Returns the address of the client that sent this request.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        request.data().copied().unwrap_or_else(|| Self::of_peer(request.remote_addr()))
    }

    /// Returns the address, if it is known.
    #[must_use]
    pub const fn ip(self) -> Option<IpAddr> {
        self.0
    }

    /// Returns whether the address may be that of a proxy.
    #[cfg(feature = "throttle")]
    pub(crate) fn is_internal(self) -> bool {
        self.0.is_none_or(|address| match address {
            IpAddr::V4(address) => address.is_loopback() || address.is_private(),
            IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
        })
    }

    /// Returns the address for rate limits. For IPv6 it is the network, because a client there has all 2^64 addresses.
    #[cfg(feature = "throttle")]
    pub(crate) const fn network(self) -> Option<IpAddr> {
        match self.0 {
            Some(IpAddr::V6(address)) => {
                Some(IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << u64::BITS))))
            }
            address => address,
        }
    }

    pub(crate) fn of_peer(peer: &Addr) -> Self {
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
