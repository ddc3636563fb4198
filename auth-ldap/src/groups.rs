//! The groups of the directory that grant roles.

use ldap3::{Scope, ldap_escape};

use crate::{attribute::Name, connection::Connection, error::SignInError};

/// Requests no attribute (RFC 4511, section 4.5.1.8).
const NO_ATTRIBUTES: &str = "1.1";
/// Follows groups within groups: `LDAP_MATCHING_RULE_IN_CHAIN` (MS-ADTS, section 3.1.1.3.4.4.3).
const IN_CHAIN: &str = ":1.2.840.113556.1.4.1941:";

/// The place of the groups, and the role that each of them grants.
pub(crate) struct Groups {
    pub(crate) base: String,
    pub(crate) member: Name,
    pub(crate) is_nested: bool,
    /// DNs of groups, and names of roles.
    pub(crate) roles: Vec<(String, String)>,
}

impl Groups {
    /// Returns the names of the roles of a user.
    pub(crate) async fn roles(&self, connection: &mut Connection, user_dn: &str) -> Result<Vec<&str>, SignInError> {
        let rule = if self.is_nested { IN_CHAIN } else { "" };
        let filter = format!("({}{rule}={})", self.member, ldap_escape(user_dn));
        let found = connection.search(&self.base, Scope::OneLevel, &filter, vec![NO_ATTRIBUTES]).await?;
        let is_member = |group: &str| found.iter().any(|entry| entry.dn().eq_ignore_ascii_case(group));
        Ok(self.roles.iter().filter(|(group, _)| is_member(group)).map(|(_, role)| role.as_str()).collect())
    }
}
