//! Second step: a conversation with the directory, in binds and searches, and what its answers mean.

use std::collections::HashMap;

use ldap3::{Scope, SearchEntry, SearchOptions};
use secrecy::{ExposeSecret, SecretString};

use super::error::DirectoryError;

/// Result codes of RFC 4511, appendix A.
const SUCCESS: u32 = 0;
const SIZE_LIMIT_EXCEEDED: u32 = 4;

/// The answers to a bind that are about the entry and its password: `noSuchObject`, `inappropriateAuthentication` (it
/// has no password) and `invalidCredentials`; besides them `constraintViolation` and `unwillingToPerform`, by which 389
/// Directory Server tells of accounts that are locked or inactivated. All others say nothing of the password.
const NOT_THEIRS: [u32; 5] = [32, 48, 49, 19, 53];

/// The entry that searches for users and groups.
#[derive(Clone, Debug)]
pub struct ServiceAccount {
    /// Its distinguished name.
    pub dn: String,
    /// Its password; not empty, as that would be no proof.
    pub password: SecretString,
}

/// An open connection.
pub(super) struct Session(ldap3::Ldap);

/// What a search has found.
pub(super) struct Found {
    pub(super) entries: Vec<SearchEntry>,
    /// Whether there are no more.
    pub(super) is_complete: bool,
}

impl Session {
    pub(super) const fn new(ldap: ldap3::Ldap) -> Self {
        Self(ldap)
    }

    /// Goes on as the service account, or as nobody if there is none.
    pub(super) async fn search_as(&mut self, account: Option<&ServiceAccount>) -> Result<(), DirectoryError> {
        let (dn, password) = account.map_or(("", ""), |account| (&account.dn, account.password.expose_secret()));
        let result = self.0.simple_bind(dn, password).await?;
        if result.rc == SUCCESS { Ok(()) } else { Err(DirectoryError::Service(result)) }
    }

    /// Whether this is the password of the entry.
    pub(super) async fn is_password(&mut self, dn: &str, password: &str) -> Result<bool, DirectoryError> {
        // Without one of them a bind succeeds, and proves nothing (RFC 4513, sections 5.1.1 and 5.1.2).
        if dn.is_empty() || password.is_empty() {
            return Ok(false);
        }
        match self.0.simple_bind(dn, password).await?.rc {
            SUCCESS => Ok(true),
            code if NOT_THEIRS.contains(&code) => Ok(false),
            code => Err(DirectoryError::Result { operation: "a bind", code }),
        }
    }

    /// The entries below the base that the filter lets through; at most so many, if the limit is not zero.
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
            // Who is at the other end of a referral is not of this directory.
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

    /// Says good-bye (RFC 4511, section 4.3). What was said before stands, whether that arrives or not.
    pub(super) async fn end(mut self) {
        let _ = self.0.unbind().await;
    }
}

/// The values of an attribute, whose name is in upper or lower case (RFC 4512, section 2.5).
pub(super) fn values<'a, V>(attributes: &'a HashMap<String, Vec<V>>, attribute: &str) -> &'a [V] {
    let mut attributes = attributes.iter();
    attributes.find(|(name, _)| name.eq_ignore_ascii_case(attribute)).map_or(&[], |(_, values)| values)
}
