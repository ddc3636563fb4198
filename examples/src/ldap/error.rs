//! Errors of the directory. They are logged, so they contain no caller input: a name may be a password that was typed
//! into the wrong field.

use std::time::Duration;

use ldap3::LdapError;

/// An error that leaves the password unverified. Each of them gets 503.
#[derive(Debug, thiserror::Error)]
pub(super) enum DirectoryError {
    #[error("the limit on concurrent sign-ins is reached; raise LDAP_SIGN_INS if this happens often")]
    Busy,
    #[error("the directory did not answer within {0:?}")]
    TimedOut(Duration),
    #[error("cannot connect to the directory: {0}")]
    Connect(#[source] LdapError),
    #[error("the connection to the directory failed: {0}")]
    Connection(#[from] LdapError),
    #[error("the directory closed the connection")]
    Closed,
    #[error("the directory sent a response that is not LDAP")]
    NotLdap,
    /// Contains the directory's message, because the request had no caller input.
    #[error("the directory rejected the service account: {0}")]
    Service(#[source] ldap3::LdapResult),
    /// A result code of RFC 4511, appendix A.
    #[error("the directory answered {operation} with result code {code}")]
    Result { operation: &'static str, code: u32 },
}
