//! The settings of a directory, as the application writes them.

use std::{fmt, time::Duration};

use auth_runtime::throttle::Throttle;
use secrecy::SecretString;

use crate::Directory;

/// Builds a [`Directory`]; [`Directory::builder`] starts one.
///
/// The defaults fit OpenLDAP and other directories with `inetOrgPerson` and `groupOfNames`:
///
/// ```no_run
/// use auth_ldap::Directory;
/// use auth_runtime::prelude::*;
///
/// permissions! { enum Permission { Read = "read", Write = "write" } }
/// roles! { enum Role: Permission { Reader = "Reader" => [Read], Editor = "Editor" => all } }
///
/// let directory = Directory::builder("ldaps://ldap.example.com")
///     .service_account("cn=service,dc=example,dc=com", std::env::var("LDAP_PASSWORD")?)
///     .users("ou=people,dc=example,dc=com")
///     .groups("ou=groups,dc=example,dc=com")
///     .role("cn=readers", Role::Reader)
///     .role("cn=editors", Role::Editor)
///     .display_name_attribute("displayName")
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A wrong setting stops the start:
///
/// ```
/// use auth_ldap::Directory;
///
/// let error = Directory::builder("ldaps://ldap.example.com").users("ou=people,dc=example,dc=com").build().unwrap_err();
/// assert_eq!(error.to_string(), "`service_account` of the directory is not set");
/// ```
#[derive(Clone)]
#[must_use = "call `build`"]
pub struct DirectoryBuilder {
    pub(crate) url: String,
    pub(crate) certificate_authorities: Option<Vec<u8>>,
    pub(crate) service_dn: String,
    pub(crate) service_password: SecretString,
    pub(crate) users: String,
    pub(crate) user_class: String,
    pub(crate) user_attribute: String,
    pub(crate) id_attribute: String,
    pub(crate) username_attribute: Option<String>,
    pub(crate) display_name_attribute: Option<String>,
    pub(crate) email_attribute: Option<String>,
    pub(crate) groups: String,
    pub(crate) member_attribute: String,
    pub(crate) has_nested_groups: bool,
    pub(crate) roles: Vec<(String, String)>,
    pub(crate) issuer: String,
    pub(crate) timeout: Duration,
    pub(crate) max_sign_ins: u16,
    pub(crate) throttle: Throttle,
}

/// Creating one.
impl Directory {
    /// Starts the settings of a directory with this URL: `ldaps://`, a host, and a port if it is not 636.
    pub fn builder(url: impl Into<String>) -> DirectoryBuilder {
        DirectoryBuilder {
            url: url.into(),
            certificate_authorities: None,
            service_dn: String::new(),
            service_password: SecretString::default(),
            users: String::new(),
            user_class: "person".to_owned(),
            user_attribute: "uid".to_owned(),
            id_attribute: "entryUUID".to_owned(),
            username_attribute: None,
            display_name_attribute: None,
            email_attribute: None,
            groups: String::new(),
            member_attribute: "member".to_owned(),
            has_nested_groups: false,
            roles: Vec::new(),
            issuer: "directory".to_owned(),
            timeout: Duration::from_secs(5),
            max_sign_ins: 16,
            throttle: Throttle::in_memory(),
        }
    }
}

impl DirectoryBuilder {
    /// Sets the DN and the password of the account that searches. Required. Give it the right to read users and groups,
    /// and no other right.
    pub fn service_account(self, dn: impl Into<String>, password: impl Into<String>) -> Self {
        Self { service_dn: dn.into(), service_password: password.into().into(), ..self }
    }

    /// Sets the DN above all users, at any depth. Required.
    pub fn users(self, base: impl Into<String>) -> Self {
        Self { users: base.into(), ..self }
    }

    /// Sets the DN directly above the groups that grant roles. Required with [`role`](Self::role).
    pub fn groups(self, base: impl Into<String>) -> Self {
        Self { groups: base.into(), ..self }
    }

    /// Gives a role to the members of a group (default: no roles). Call it once for each group and role.
    ///
    /// Name the group relative to [`groups`](Self::groups), such as `cn=readers`. It must be directly below that base.
    pub fn role(mut self, group: impl Into<String>, role: impl Into<String>) -> Self {
        self.roles.push((group.into(), role.into()));
        self
    }

    /// Sets the attributes of Active Directory: users by `sAMAccountName`, and `objectGUID` as the identifier.
    ///
    /// The primary group of a user, usually `Domain Users`, does not list its members, so it cannot grant a role.
    /// Computer accounts can sign in as well, and have only the roles of their groups.
    pub fn active_directory(self) -> Self {
        self.user_attribute("sAMAccountName").id_attribute("objectGUID")
    }

    /// Sets the attribute that holds the user name (default: `uid`). A name that matches several entries is rejected.
    pub fn user_attribute(self, name: impl Into<String>) -> Self {
        Self { user_attribute: name.into(), ..self }
    }

    /// Sets the object class of users (default: `person`).
    pub fn user_class(self, name: impl Into<String>) -> Self {
        Self { user_class: name.into(), ..self }
    }

    /// Sets the attribute that becomes the [subject](auth_runtime::authenticate::Identity::subject) (default:
    /// `entryUUID`, RFC 4530). Its value must never be given to another person. An entry without exactly one value gets
    /// 503.
    ///
    /// The value is text. Only `objectGUID` is binary: its 16 bytes become a UUID as Windows shows it.
    pub fn id_attribute(self, name: impl Into<String>) -> Self {
        Self { id_attribute: name.into(), ..self }
    }

    /// Sets the attribute that becomes the [user name](auth_runtime::authenticate::Identity::username) (default: that
    /// of [`user_attribute`](Self::user_attribute)). Without exactly one value, it is the name in the request.
    pub fn username_attribute(self, name: impl Into<String>) -> Self {
        Self { username_attribute: Some(name.into()), ..self }
    }

    /// Sets the attribute that becomes the [display name](auth_runtime::authenticate::Identity::display_name), such as
    /// `displayName` (default: none). It is left out if it does not have exactly one value.
    pub fn display_name_attribute(self, name: impl Into<String>) -> Self {
        Self { display_name_attribute: Some(name.into()), ..self }
    }

    /// Sets the attribute that becomes the claim `email`, such as `mail` (default: none). It is left out if it does not
    /// have exactly one value. A session of the sign-in page has no claims.
    pub fn email_attribute(self, name: impl Into<String>) -> Self {
        Self { email_attribute: Some(name.into()), ..self }
    }

    /// Sets the attribute of a group that lists the DNs of its members (default: `member`).
    pub fn member_attribute(self, name: impl Into<String>) -> Self {
        Self { member_attribute: name.into(), ..self }
    }

    /// Also counts members of groups within a group (default: only direct members). Only Active Directory supports it:
    /// other directories find no groups then.
    pub fn nested_groups(self) -> Self {
        Self { has_nested_groups: true, ..self }
    }

    /// Sets the issuer of the identities (default: `directory`). No other field of the `Auth` may use the same one.
    pub fn issuer(self, name: impl Into<String>) -> Self {
        Self { issuer: name.into(), ..self }
    }

    /// Sets the certificate authorities of the directory, as PEM (default: those of the system, or of `SSL_CERT_FILE`
    /// and `SSL_CERT_DIR`). No others are trusted then.
    pub fn certificate_authorities(self, pem: impl Into<Vec<u8>>) -> Self {
        Self { certificate_authorities: Some(pem.into()), ..self }
    }

    /// Sets the maximum time of a sign-in (default: 5 s). After that the answer is 503.
    pub fn timeout(self, time: Duration) -> Self {
        Self { timeout: time, ..self }
    }

    /// Sets the maximum number of concurrent sign-ins, each with a connection of its own (default: 16). Others get 503
    /// at once.
    pub fn max_sign_ins(self, count: u16) -> Self {
        Self { max_sign_ins: count, ..self }
    }

    /// Sets the limits of failed attempts (default: [`Throttle::in_memory`]). For a plug-in of a sign-in page, do not
    /// set a clone of the user store's throttle. The user store's attempt is still open while the directory verifies
    /// the password, and would block the directory's attempt.
    pub fn throttle(self, throttle: Throttle) -> Self {
        Self { throttle, ..self }
    }
}

/// Omits the service account.
impl fmt::Debug for DirectoryBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DirectoryBuilder")
            .field("users", &self.users)
            .field("groups", &self.groups)
            .field("roles", &self.roles)
            .finish_non_exhaustive()
    }
}
