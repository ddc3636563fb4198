//! First step: request to credential. The caller is not known yet.
//!
//! A credential is absent, found or malformed. An absent one makes the caller anonymous. A malformed one is rejected, also
//! on optional routes.

mod api_key;
mod authorization;
mod basic;
mod bearer;
mod cross_origin;
mod http;
mod select;
mod text;

use poem::Request;

pub use api_key::ApiKey;
pub use basic::BasicCredentials;
pub use bearer::BearerToken;
pub use http::HttpCredentials;
pub use select::{Selection, select};

use crate::declared::SecurityScheme;

/// Maximum length of a credential in bytes. A longer one is malformed, before any computation on it.
pub const MAX_LEN: usize = 8 * 1024;

/// Result of looking for the credential of one scheme.
#[derive(Debug)]
pub enum Credential<T> {
    /// No credential.
    Absent,
    /// A well-formed credential, not verified yet.
    Found(T),
    /// A malformed credential.
    Malformed(Malformed),
}

/// Why a credential is malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// It is sent more than once.
    #[error("the credential is given more than once")]
    Repeated,
    /// It is empty.
    #[error("the credential is empty")]
    Empty,
    /// It is longer than [`MAX_LEN`].
    #[error("the credential is too long")]
    TooLong,
    /// It has characters that this scheme does not allow.
    #[error("the credential has characters that do not belong there")]
    Characters,
    /// It is not base64 of `name:password` (RFC 7617, section 2).
    #[error("the credential is not a base64-encoded user name and password")]
    NotBasic,
}

/// A credential that schemes of kind `K` carry (see [`kind`](crate::declared::kind)).
#[diagnostic::on_unimplemented(
    message = "a scheme of kind `{K}` does not carry `{Self}`",
    label = "this authenticator takes another kind of credential",
    note = "`BasicCredentials` goes with `basic`; `BearerToken` with `bearer`, `oauth2` and `openid_connect`; `ApiKey` with `api_key` and `cookie`; `HttpCredentials` with `http`"
)]
pub trait CarriedBy<K>: Sized + Send {
    /// Looks for the credential where the scheme says.
    fn find(request: &Request, scheme: &SecurityScheme) -> Credential<Self>;
}

impl<T> Credential<T> {
    /// Returns the same result without the credential.
    pub(crate) fn state(&self) -> Credential<()> {
        match self {
            Self::Absent => Credential::Absent,
            Self::Found(_) => Credential::Found(()),
            Self::Malformed(malformed) => Credential::Malformed(*malformed),
        }
    }

    fn and_then<U>(self, next: impl FnOnce(T) -> Result<U, Malformed>) -> Credential<U> {
        match self {
            Self::Absent => Credential::Absent,
            Self::Malformed(malformed) => Credential::Malformed(malformed),
            Self::Found(found) => match next(found) {
                Ok(found) => Credential::Found(found),
                Err(malformed) => Credential::Malformed(malformed),
            },
        }
    }
}
