//! Second step: binds and searches on a connection to the directory, and the meaning of the responses.

use std::collections::HashMap;

use ldap3::{Scope, SearchEntry, SearchOptions};
use secrecy::{ExposeSecret, SecretString};

use super::error::DirectoryError;

/// Result codes of RFC 4511, appendix A.
const SUCCESS: u32 = 0;
const SIZE_LIMIT_EXCEEDED: u32 = 4;

/// The result codes of a bind that reject the password. No other code says anything about it.
///
/// - `noSuchObject`, `invalidCredentials`
/// - `inappropriateAuthentication`: the entry has no password
/// - `constraintViolation`, `unwillingToPerform`: 389 Directory Server sends them for locked or inactive accounts
const REJECTED: [u32; 5] = [32, 48, 49, 19, 53];

/// The account that searches for users and groups.
#[derive(Clone, Debug)]
pub struct ServiceAccount {
    /// Its distinguished name.
    pub dn: String,
    /// Its password. It must not be empty: a bind without a password is anonymous.
    pub password: SecretString,
}

/// An open connection.
pub(super) struct Session(ldap3::Ldap);

/// The result of a search.
pub(super) struct Found {
    pub(super) entries: Vec<SearchEntry>,
    /// Whether the directory returned all matching entries.
    pub(super) is_complete: bool,
}

impl Session {
    pub(super) const fn new(ldap: ldap3::Ldap) -> Self {
        Self(ldap)
    }

    /// Binds as the service account, or anonymously without one.
    pub(super) async fn search_as(&mut self, account: Option<&ServiceAccount>) -> Result<(), DirectoryError> {
        let (dn, password) = account.map_or(("", ""), |account| (&account.dn, account.password.expose_secret()));
        let result = self.0.simple_bind(dn, password).await?;
        if result.rc == SUCCESS { Ok(()) } else { Err(DirectoryError::Service(result)) }
    }

    /// Returns whether this is the password of the entry.
    pub(super) async fn is_password(&mut self, dn: &str, password: &str) -> Result<bool, DirectoryError> {
        // A bind with an empty DN or password succeeds and proves nothing (RFC 4513, sections 5.1.1 and 5.1.2).
        if dn.is_empty() || password.is_empty() {
            return Ok(false);
        }
        match self.0.simple_bind(dn, password).await?.rc {
            SUCCESS => Ok(true),
            code if REJECTED.contains(&code) => Ok(false),
            code => Err(DirectoryError::Result { operation: "a bind", code }),
        }
    }

    /// Returns the entries below the base that match the filter. A limit of zero means no limit.
    pub(super) async fn search(
        &mut self,
        base: &str,
        filter: &str,
        attributes: &[&str],
        limit: i32,
    ) -> Result<Found, DirectoryError> {
        let ldap = self.0.with_search_options(SearchOptions::new().sizelimit(limit));
        let mut answers = ldap.streaming_search(base, Scope::Subtree, filter, attributes).await?;
        let mut entries = Vec::new();
        while let Some(answer) = answers.next().await? {
            // Skip referrals: their entries belong to another directory.
            if !answer.is_ref() && !answer.is_intermediate() {
                entries.push(SearchEntry::construct(answer));
            }
        }
        match answers.finish().await.rc {
            SUCCESS => Ok(Found { entries, is_complete: true }),
            SIZE_LIMIT_EXCEEDED => Ok(Found { entries, is_complete: false }),
            code => Err(DirectoryError::Result { operation: "a search", code }),
        }
    }

    /// Sends an unbind request (RFC 4511, section 4.3). Its failure does not change earlier results.
    pub(super) async fn end(mut self) {
        let _ = self.0.unbind().await;
    }
}

/// Returns the values of an attribute. Case is ignored in its name (RFC 4512, section 2.5).
pub(super) fn values<'a, V>(attributes: &'a HashMap<String, Vec<V>>, attribute: &str) -> &'a [V] {
    let mut attributes = attributes.iter();
    attributes.find(|(name, _)| name.eq_ignore_ascii_case(attribute)).map_or(&[], |(_, values)| values)
}
