//! A connection to the directory: bind and search.

use std::sync::Arc;

use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, Scope, SearchEntry, SearchResult};
use rustls::ClientConfig;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::{entry::Entry, error::SignInError};

/// The result codes of a bind that reject the password (RFC 4511, appendix A): constraint violation, no such object,
/// inappropriate authentication, invalid credentials, and unwilling to perform.
const REJECTED: [u32; 5] = [19, 32, 48, 49, 53];

/// The address of the directory, and the account that searches.
pub(crate) struct Server {
    pub(crate) url: Url,
    pub(crate) tls: Arc<ClientConfig>,
    pub(crate) service_dn: String,
    pub(crate) service_password: SecretString,
}

/// A connection that is authenticated as the service account. It closes when it is dropped.
pub(crate) struct Connection(Ldap);

impl Server {
    pub(crate) async fn connect(&self) -> Result<Connection, SignInError> {
        let settings = LdapConnSettings::new().set_config(Arc::clone(&self.tls));
        let (connection, mut ldap) = LdapConnAsync::from_url_with_settings(settings, &self.url).await?;
        ldap3::drive!(connection);
        match ldap.simple_bind(&self.service_dn, self.service_password.expose_secret()).await?.rc {
            0 => Ok(Connection(ldap)),
            code => Err(SignInError::ServiceAccount(code)),
        }
    }
}

impl Connection {
    /// Returns the entries that match. The library keeps referrals to other directories apart, and follows none. An
    /// incomplete result is an error.
    pub(crate) async fn search(
        &mut self,
        base: &str,
        scope: Scope,
        filter: &str,
        attributes: Vec<&str>,
    ) -> Result<Vec<Entry>, SignInError> {
        let SearchResult(found, result) = self.0.search(base, scope, filter, attributes).await?;
        if result.rc != 0 {
            return Err(SignInError::Search(result.rc));
        }
        Ok(found.into_iter().map(|entry| Entry::new(SearchEntry::construct(entry))).collect())
    }

    /// Returns whether this password belongs to this DN.
    pub(crate) async fn is_password(&mut self, dn: &str, password: &str) -> Result<bool, SignInError> {
        match self.0.simple_bind(dn, password).await?.rc {
            // A bind with an empty DN is anonymous, and proves nothing (RFC 4513, section 5.1.1).
            0 => Ok(!dn.trim().is_empty()),
            code if REJECTED.contains(&code) => Ok(false),
            code => Err(SignInError::Bind(code)),
        }
    }
}
