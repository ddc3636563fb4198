//! First step: where the directory is, and a way there on which nobody can listen.

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

/// Of `ldap://`.
const PORT: u16 = 389;

/// The address of a directory.
#[derive(Clone)]
pub struct Address {
    url: Url,
    way: Way,
}

/// How to get there.
#[derive(Clone)]
enum Way {
    Tls(Arc<ClientConfig>),
    /// With the address that the library is to think of once there is TLS.
    StartTls(Arc<ClientConfig>, Url),
    Plaintext,
}

/// An address that is not accepted. It is not repeated, as there may be a password in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not a URL, or of another scheme.
    #[error("is not of the form ldaps://host, ldap://host, or the same with :port")]
    Form,
    /// With a user, a path, a query or a fragment, none of which would be used.
    #[error("holds more than a host and a port")]
    More,
    /// An IPv6 address in brackets, or what is no host at all.
    #[error("names a host that no certificate can be compared with; use its name, or an IPv4 address")]
    NotVerifiable,
    /// Plain text to another machine.
    #[error("must be ldap://, and 127.0.0.0/8, [::1] or localhost, to be used without TLS")]
    NotLoopback,
}

impl Address {
    /// `ldaps://`, or `ldap://` and StartTLS. The certificate must be that of the host.
    ///
    /// # Errors
    /// [`AddressError`] if it is no such address.
    pub fn new(url: &str, tls: Arc<ClientConfig>) -> Result<Self, AddressError> {
        let url = parse(url)?;
        ServerName::try_from(host(&url)).map_err(|_| AddressError::NotVerifiable)?;
        if url.scheme() == "ldaps" {
            return Ok(Self { url, way: Way::Tls(tls) });
        }
        let mut upgraded = url.clone();
        upgraded.set_scheme("ldaps").map_err(|()| AddressError::Form)?;
        Ok(Self { url, way: Way::StartTls(tls, upgraded) })
    }

    /// `ldap://` to this machine, in plain text: passwords too.
    ///
    /// **You owe** that nobody but the directory can listen on that port, and nobody but administrators can see what
    /// goes through it: not the other accounts of the machine, and not the containers of a shared network namespace.
    /// And you owe that `localhost` is this machine for the resolver.
    ///
    /// # Errors
    /// [`AddressError`] if it is of another machine, or no such address.
    pub fn dangerous_plaintext_on_loopback(url: &str) -> Result<Self, AddressError> {
        let url = parse(url)?;
        if url.scheme() != "ldap" || !is_loopback(&url) {
            return Err(AddressError::NotLoopback);
        }
        Ok(Self { url, way: Way::Plaintext })
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    pub(super) async fn connect(&self) -> Result<(LdapConnAsync, ldap3::Ldap), LdapError> {
        let settings = LdapConnSettings::new();
        let (settings, url) = match &self.way {
            Way::Plaintext => (settings, &self.url),
            Way::Tls(tls) => (settings.set_config(Arc::clone(tls)), &self.url),
            Way::StartTls(tls, upgraded) => {
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
            .field("has_tls", &!matches!(self.way, Way::Plaintext))
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

/// A name below `localhost`, or one that happens to resolve to this machine, is not meant: its owner may move it.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        // To the URL of such a scheme an IPv4 address is a name like others.
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

    use super::{Address, AddressError, Way};

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
            assert!(!matches!(new(good).unwrap().way, Way::Plaintext), "{good}");
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
    fn only_this_machine_may_be_asked_in_plain_text() {
        for good in
            ["ldap://localhost", "ldap://LOCALHOST:1389", "ldap://127.0.0.1", "ldap://127.1.2.3:1", "ldap://[::1]"]
        {
            let address = Address::dangerous_plaintext_on_loopback(good).unwrap();
            assert!(matches!(address.way, Way::Plaintext), "{good}");
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
