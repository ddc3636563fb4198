//! The users of the directory.

use auth_runtime::authenticate::IdentityBuilder;
use ldap3::{Scope, ldap_escape};
use serde_json::Map;

use crate::{
    attribute::{IdAttribute, Name},
    connection::Connection,
    entry::Entry,
    error::SignInError,
};

/// The place of the entries of users, and the attributes that are read.
pub(crate) struct Users {
    pub(crate) base: String,
    pub(crate) class: Name,
    /// The attribute that holds the name that the caller sends.
    pub(crate) attribute: Name,
    pub(crate) id: IdAttribute,
    pub(crate) username: Name,
    pub(crate) display_name: Option<Name>,
    pub(crate) email: Option<Name>,
}

impl Users {
    /// Returns the entry with this name. A name of several entries is unknown.
    pub(crate) async fn find(&self, connection: &mut Connection, name: &str) -> Result<Option<Entry>, SignInError> {
        let filter = format!("(&(objectClass={})({}={}))", self.class, self.attribute, ldap_escape(name));
        let mut found = connection.search(&self.base, Scope::Subtree, &filter, self.attributes()).await?;
        Ok(found.pop().filter(|_| found.is_empty()))
    }

    /// Returns the DN of no user, for the steps that follow an unknown name.
    pub(crate) fn unknown_dn(&self) -> String {
        format!("cn=unknown,{}", self.base)
    }

    /// Adds the description of a user to an identity.
    pub(crate) fn describe(&self, entry: &Entry, sent_name: &str, identity: IdentityBuilder) -> IdentityBuilder {
        let text = |name: &Option<Name>| name.as_ref().and_then(|name| entry.text(name));
        let identity = identity.username(entry.text(&self.username).unwrap_or(sent_name));
        let identity = text(&self.display_name).into_iter().fold(identity, IdentityBuilder::display_name);
        let claims = text(&self.email).map(|email| Map::from_iter([("email".to_owned(), email.into())]));
        claims.into_iter().fold(identity, IdentityBuilder::claims)
    }

    fn attributes(&self) -> Vec<&str> {
        let optional = [&self.display_name, &self.email].into_iter().flatten();
        [&self.id.name, &self.username].into_iter().chain(optional).map(Name::as_str).collect()
    }
}
