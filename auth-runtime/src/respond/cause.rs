//! Why a request is denied, and the code that the caller gets.

use std::{
    error::Error,
    io::{self, ErrorKind},
};

use super::RejectionCode;
use crate::{
    authenticate::{Principal, Refusal, RefusalCause, RefusalKind, Unavailable},
    credential::Malformed,
    declared::AuthSchema,
    policy::{Denial, EnforcementPoint, Reason},
};

/// Why a request is denied: the decision, before it is logged or answered.
#[derive(Debug)]
pub(crate) enum DenialCause<'a, A: AuthSchema> {
    /// The request has no credential.
    NoCredential,
    /// The credential was rejected.
    Refused(&'a Refusal),
    /// The caller does not meet the requirement.
    NotMet { caller: &'a Principal<A>, denial: &'a Denial<A> },
    /// A check returned an error.
    CheckFailed { caller: Option<&'a Principal<A>>, error: &'a (dyn Error + Send + Sync + 'static) },
    /// Whether the clause of a check is met is unknown.
    CheckUnknown { caller: Option<&'a Principal<A>>, error: &'a (dyn Error + Send + Sync + 'static) },
    /// The application has no user for this caller.
    NoUser { caller: &'a Principal<A> },
    /// The application could not load the user.
    UserUnavailable { caller: &'a Principal<A>, error: &'a Unavailable },
    /// None of the accepted schemes is configured.
    NoScheme,
}

impl<'a, A: AuthSchema> DenialCause<'a, A> {
    /// Returns the cause of a denial. An anonymous caller may be let in after signing in.
    pub(crate) fn of_denial(caller: Option<&'a Principal<A>>, denial: &'a Denial<A>) -> Self {
        caller.map_or(Self::NoCredential, |caller| Self::NotMet { caller, denial })
    }

    /// Returns the code of the response.
    pub(crate) fn code(&self, point: EnforcementPoint<A>) -> RejectionCode {
        let denied = if point.operation.hides() { RejectionCode::NotFound } else { RejectionCode::NotAllowed };
        match self {
            Self::CheckFailed { error, .. } if is_unavailable(*error) => RejectionCode::Unavailable,
            // An anonymous caller may be let in after signing in.
            Self::NoCredential | Self::CheckFailed { caller: None, .. } => RejectionCode::AuthenticationRequired,
            Self::Refused(refusal) => code_of(refusal),
            Self::NotMet {
                denial: Denial { reason: Reason::NotFresh { .. } | Reason::InsufficientAcr { .. }, .. },
                ..
            } => RejectionCode::ReauthenticationRequired,
            Self::NotMet { .. } | Self::CheckFailed { .. } => denied,
            Self::NoUser { .. } => RejectionCode::InvalidCredentials,
            Self::UserUnavailable { .. } | Self::CheckUnknown { .. } => RejectionCode::Unavailable,
            Self::NoScheme => RejectionCode::Misconfigured,
        }
    }

    /// Returns the caller, if the credential was good.
    pub(crate) fn caller(&self) -> Option<&'a Principal<A>> {
        match self {
            Self::NotMet { caller, .. } | Self::NoUser { caller } | Self::UserUnavailable { caller, .. } => {
                Some(caller)
            }
            Self::CheckFailed { caller, .. } | Self::CheckUnknown { caller, .. } => *caller,
            Self::NoCredential | Self::Refused(_) | Self::NoScheme => None,
        }
    }

    /// Returns the position of the scheme that the caller used.
    pub(crate) fn scheme(&self) -> Option<usize> {
        match self {
            Self::Refused(refusal) => refusal.scheme,
            _ => self.caller().map(Principal::scheme_index),
        }
    }
}

fn code_of(refusal: &Refusal) -> RejectionCode {
    match &refusal.cause {
        RefusalCause::Authentication(_) => match refusal.kind() {
            RefusalKind::Unavailable => RejectionCode::Unavailable,
            RefusalKind::Throttled(_) => RejectionCode::TooManyAttempts,
            RefusalKind::Invalid | RefusalKind::SignedOut => RejectionCode::InvalidCredentials,
        },
        RefusalCause::Malformed(Malformed::NotBasic) | RefusalCause::Unsupported => RejectionCode::InvalidCredentials,
        RefusalCause::Malformed(Malformed::TooLong) => RejectionCode::CredentialTooLarge,
        RefusalCause::Malformed(_) => RejectionCode::MalformedCredentials,
        RefusalCause::CrossOrigin => RejectionCode::CrossOrigin,
        RefusalCause::Several => RejectionCode::SeveralCredentials,
    }
}

/// Whether the error of a check, or one of its sources, says that a backend was unavailable.
fn is_unavailable(error: &(dyn Error + 'static)) -> bool {
    // The `source` of an I/O error skips the error that it wraps.
    let io = error.downcast_ref::<io::Error>();
    error.is::<Unavailable>()
        || error.downcast_ref::<poem::Error>().is_some_and(|error| error.status().is_server_error())
        || io.is_some_and(|error| is_connection_error(error.kind()))
        || is_timeout(&error.to_string())
        || io.and_then(io::Error::get_ref).is_some_and(|wrapped| is_unavailable(wrapped))
        || error.source().is_some_and(is_unavailable)
}

/// Whether the text of an error says that time ran out, or that a pool of connections has ended.
///
/// A driver's error type is unknown here. The text decides between 503 and 403, and neither lets the caller in.
fn is_timeout(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["timed out", "closed pool"].iter().any(|words| text.contains(words))
}

/// The kinds of error that drivers report if a server was not reached, or did not answer.
const fn is_connection_error(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::NotConnected
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown
            | ErrorKind::AddrNotAvailable
            | ErrorKind::BrokenPipe
            | ErrorKind::TimedOut
            | ErrorKind::UnexpectedEof
    )
}

#[cfg(test)]
mod tests {
    use std::io;

    use poem::http::StatusCode;

    use super::is_unavailable;
    use crate::authenticate::{Unavailable, UserInfoError};

    #[test]
    fn a_check_that_did_not_reach_its_backend_is_unavailable() {
        assert!(is_unavailable(&Unavailable::new("connection refused")));
        assert!(is_unavailable(&UserInfoError::unavailable("connection refused")));
        assert!(is_unavailable(&io::Error::from(io::ErrorKind::ConnectionRefused)));
        assert!(is_unavailable(&io::Error::other(io::Error::from(io::ErrorKind::TimedOut))));
        assert!(is_unavailable(&poem::Error::from_status(StatusCode::SERVICE_UNAVAILABLE)));
        // The pool of sqlx reports this while its server is down, without a source.
        assert!(is_unavailable(&io::Error::other("pool timed out while waiting for an open connection")));
        assert!(is_unavailable(&io::Error::other("attempted to acquire a connection on a closed pool")));
    }

    #[test]
    fn another_error_of_a_check_is_a_denial() {
        assert!(!is_unavailable(&UserInfoError::Refused));
        assert!(!is_unavailable(&io::Error::from(io::ErrorKind::PermissionDenied)));
        assert!(!is_unavailable(&io::Error::other("not the owner")));
        assert!(!is_unavailable(&poem::Error::from_status(StatusCode::FORBIDDEN)));
    }
}
