//! First step: the address of the directory, and an encrypted connection to it.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use ldap3::{LdapConnAsync, LdapConnSettings, LdapError, StdStream};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::net::TcpStream;
use url::{Host, Url};

use super::start_tls::start_tls;

/// The default port of `ldap://`.
const PORT: u16 = 389;

/// The address of a directory.
#[derive(Clone)]
pub struct Address {
    url: Url,
    transport: Transport,
}

/// The protection of the connection.
#[derive(Clone)]
enum Transport {
    Tls(Arc<ClientConfig>),
    /// StartTLS, with the URL that the library gets once TLS is established.
    StartTls(Arc<ClientConfig>, Url),
    Plaintext,
}

/// A rejected address. The error does not repeat it, because it may contain a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not a URL, or another scheme.
    #[error("is not an LDAP URL; write ldaps://host or ldap://host, optionally with :port")]
    Form,
    /// A user, a path, a query or a fragment, which would be ignored.
    #[error("contains more than a host and a port; remove the rest")]
    More,
    /// An IPv6 address in brackets, or an invalid host.
    #[error("has a host that cannot be compared with a certificate; use a host name or an IPv4 address")]
    NotVerifiable,
    /// Plain text to another machine.
    #[error("must be ldap:// with 127.0.0.0/8, [::1] or localhost to be used without TLS")]
    NotLoopback,
}

impl Address {
    /// Accepts `ldaps://`, or `ldap://` with StartTLS. The certificate must be valid for the host.
    ///
    /// # Errors
    /// Returns [`AddressError`] for any other address.
    pub fn new(url: &str, tls: Arc<ClientConfig>) -> Result<Self, AddressError> {
        let url = parse(url)?;
        ServerName::try_from(host(&url)).map_err(|_| AddressError::NotVerifiable)?;
        if url.scheme() == "ldaps" {
            return Ok(Self { url, transport: Transport::Tls(tls) });
        }
        let mut upgraded = url.clone();
        upgraded.set_scheme("ldaps").map_err(|()| AddressError::Form)?;
        Ok(Self { url, transport: Transport::StartTls(tls, upgraded) })
    }

    /// Accepts `ldap://` to this machine, in plain text. Passwords are sent in plain text too.
    ///
    /// **You must ensure:**
    ///
    /// - Only the directory can listen on that port.
    /// - Only administrators can read its traffic. Other accounts, and containers in the same network namespace, cannot.
    /// - The resolver maps `localhost` to this machine.
    ///
    /// # Errors
    /// Returns [`AddressError`] for another machine, or for any other address.
    pub fn dangerous_plaintext_on_loopback(url: &str) -> Result<Self, AddressError> {
        let url = parse(url)?;
        if url.scheme() != "ldap" || !is_loopback(&url) {
            return Err(AddressError::NotLoopback);
        }
        Ok(Self { url, transport: Transport::Plaintext })
    }

    /// Returns the URL as configured.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    pub(super) async fn connect(&self) -> Result<(LdapConnAsync, ldap3::Ldap), LdapError> {
        let settings = LdapConnSettings::new();
        let (settings, url) = match &self.transport {
            Transport::Plaintext => (settings, &self.url),
            Transport::Tls(tls) => (settings.set_config(Arc::clone(tls)), &self.url),
            Transport::StartTls(tls, upgraded) => {
                let mut stream = TcpStream::connect((host(&self.url), self.url.port().unwrap_or(PORT))).await?;
                start_tls(&mut stream).await?;
                let stream = StdStream::Tcp(stream.into_std()?);
                (settings.set_config(Arc::clone(tls)).set_std_stream(stream), upgraded)
            }
        };
        LdapConnAsync::from_url_with_settings(settings, url).await
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address")
            .field("url", &self.as_str())
            .field("has_tls", &!matches!(self.transport, Transport::Plaintext))
            .finish_non_exhaustive()
    }
}

fn parse(url: &str) -> Result<Url, AddressError> {
    let url = Url::parse(url).map_err(|_| AddressError::Form)?;
    if !matches!(url.scheme(), "ldap" | "ldaps") || host(&url).is_empty() {
        return Err(AddressError::Form);
    }
    let has_user = !url.username().is_empty() || url.password().is_some();
    if has_user || !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err(AddressError::More);
    }
    Ok(url)
}

fn host(url: &Url) -> &str {
    url.host_str().unwrap_or_default()
}

/// Returns whether the host is this machine. A name below `localhost`, or any other name that resolves to this machine,
/// does not count: it may resolve to another machine later.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        // The URL parser treats an IPv4 address as a name for these schemes.
        Some(Host::Domain(name)) => {
            name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(|address: Ipv4Addr| address.is_loopback())
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address == Ipv6Addr::LOCALHOST,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};

    use super::{Address, AddressError, Transport};

    fn new(url: &str) -> Result<Address, AddressError> {
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap();
        Address::new(url, Arc::new(config.with_root_certificates(RootCertStore::empty()).with_no_client_auth()))
    }

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for good in
            ["ldaps://ldap.example.com", "ldap://ldap.example.com:1389", "ldaps://192.0.2.1/", "ldap://localhost"]
        {
            assert!(!matches!(new(good).unwrap().transport, Transport::Plaintext), "{good}");
        }
        for bad in
            ["", "ldap", "ldap:", "ldap:foo", "ldap://", "ldap:///", "ldaps://:636", "https://a.example", "ldapi://a"]
        {
            assert_eq!(new(bad).unwrap_err(), AddressError::Form, "{bad}");
        }
        for bad in ["ldap://bob@a", "ldap://bob:pw@a", "ldap://:pw@a", "ldap://a/dc=b", "ldap://a?b", "ldap://a/#b"] {
            assert_eq!(new(bad).unwrap_err(), AddressError::More, "{bad}");
        }
        for bad in ["ldaps://[::1]", "ldap://a%20b", "ldap://-", "ldap://a_b..c"] {
            assert_eq!(new(bad).unwrap_err(), AddressError::NotVerifiable, "{bad}");
        }
    }

    #[test]
    fn plain_text_is_only_accepted_to_this_machine() {
        for good in
            ["ldap://localhost", "ldap://LOCALHOST:1389", "ldap://127.0.0.1", "ldap://127.1.2.3:1", "ldap://[::1]"]
        {
            let address = Address::dangerous_plaintext_on_loopback(good).unwrap();
            assert!(matches!(address.transport, Transport::Plaintext), "{good}");
        }
        for bad in [
            "ldaps://localhost",
            "ldap://ldap.example.com",
            "ldap://localhost.example.com",
            "ldap://a.localhost",
            "ldap://127.0.0.1.example.com",
            "ldap://127.1",
            "ldap://0.0.0.0",
            "ldap://128.0.0.1",
            "ldap://[::]",
            "ldap://[::ffff:192.0.2.1]",
        ] {
            assert_eq!(Address::dangerous_plaintext_on_loopback(bad).unwrap_err(), AddressError::NotLoopback, "{bad}");
        }
    }
}
