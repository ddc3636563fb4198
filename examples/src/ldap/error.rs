//! Why the directory cannot tell. It goes to the log, so it holds nothing of what the caller sent: names may be
//! passwords that were typed into the wrong field.

use std::time::Duration;

use ldap3::LdapError;

/// None of these says anything of a password: each of them is a 503.
#[derive(Debug, thiserror::Error)]
pub(super) enum DirectoryError {
    #[error("as many sign-ins as are allowed are under way")]
    Busy,
    #[error("the directory has not answered within {0:?}")]
    TimedOut(Duration),
    #[error("cannot connect to the directory: {0}")]
    Connect(#[source] LdapError),
    #[error("the connection to the directory failed: {0}")]
    Connection(#[from] LdapError),
    #[error("the directory has closed the connection")]
    Closed,
    #[error("the directory answers what is not LDAP")]
    Nonsense,
    /// With what the directory says, as it was asked nothing that is of the caller.
    #[error("the directory refuses who searches: {0}")]
    Service(#[source] ldap3::LdapResult),
    /// A result code of RFC 4511, appendix A.
    #[error("the directory answers {operation} by result code {code}")]
    Result { operation: &'static str, code: u32 },
}
