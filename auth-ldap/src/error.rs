//! The errors of a directory: wrong settings, and sign-ins that could not be verified.

use ldap3::LdapError;

/// A setting that [`DirectoryBuilder::build`](crate::DirectoryBuilder::build) rejects. No message has a password or the
/// URL.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// The URL has another scheme than `ldaps`.
    #[error("the URL of the directory must start with ldaps://, so that no password is sent in plain text")]
    NotSecure,
    /// The URL is malformed, or has more than a host and a port.
    #[error("the URL of the directory must consist of ldaps://, a host, and a port if it is not 636")]
    Url,
    /// A required setting is missing or empty.
    #[error("`{setting}` of the directory is not set")]
    Missing {
        /// The method of the builder.
        setting: &'static str,
    },
    /// The name of an attribute or object class has other characters than letters, digits and hyphens.
    #[error("`{setting}` of the directory cannot be {name:?}: it is a name such as `uid` (RFC 4512, section 1.4)")]
    Name {
        /// The method of the builder.
        setting: &'static str,
        /// The rejected name.
        name: String,
    },
    /// The first argument of [`role`](crate::DirectoryBuilder::role) does not name a group below the base of all
    /// groups.
    #[error(
        "`role` of the directory cannot be {group:?}: name a group as `cn=readers`, without the base of all groups"
    )]
    Group {
        /// The rejected name.
        group: String,
    },
    /// The value of a limit is zero.
    #[error("`{setting}` of the directory must be greater than zero")]
    Zero {
        /// The method of the builder.
        setting: &'static str,
    },
    /// No certificate authority can be read from the PEM text or from the system.
    #[error("no certificate authority was found in {place}: the directory could not prove its identity")]
    CertificateAuthorities {
        /// The place that was searched.
        place: &'static str,
    },
    /// TLS cannot be set up.
    #[error("TLS cannot be set up for the directory: {0}")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The reason why a password could not be verified: 503. It has no text of the directory, which may repeat the caller's
/// input.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignInError {
    #[error("too many concurrent sign-ins")]
    TooManySignIns,
    #[error("the directory did not respond in time")]
    TimedOut,
    #[error("the directory sent a response that is not LDAP")]
    NotLdap,
    #[error("the connection to the directory failed: {0}")]
    Connection(#[from] LdapError),
    #[error("the directory rejected the service account with result code {0}")]
    ServiceAccount(u32),
    #[error("the directory answered a search with result code {0}")]
    Search(u32),
    #[error("the directory answered a bind with result code {0}")]
    Bind(u32),
    #[error("the entry of the user has not exactly one valid identifier")]
    Identifier,
}
