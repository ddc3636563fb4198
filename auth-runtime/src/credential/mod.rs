//! First step: request to credential. Decides nothing about who the caller is.
//!
//! A credential is absent, found or malformed, and the three are never mixed up: what is absent may be somebody
//! without an account, what is malformed is somebody who tried.

mod api_key;
mod authorization;
mod basic;
mod bearer;
mod choose;
mod cross_origin;
mod http;
mod text;

use poem::Request;

pub use api_key::ApiKey;
pub use basic::BasicCredentials;
pub use bearer::BearerToken;
pub use choose::{Selection, choose};
pub use http::HttpCredentials;

use crate::declared::SecurityScheme;

/// The longest credential that is looked at, in bytes; a longer one is malformed before any computation on it.
pub const MAX_LEN: usize = 8 * 1024;

/// What a request holds for one scheme.
#[derive(Debug)]
pub enum Credential<T> {
    /// Nothing.
    Absent,
    /// A well-formed credential, not verified yet.
    Found(T),
    /// Something that is not a credential of this scheme.
    Malformed(Malformed),
}

/// What is wrong with the form of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// It stands there more than once.
    #[error("the credential is given more than once")]
    Repeated,
    /// Nothing follows the scheme or the name.
    #[error("the credential is empty")]
    Empty,
    /// Over [`MAX_LEN`].
    #[error("the credential is too long")]
    TooLong,
    /// Characters that do not belong into a credential of this scheme.
    #[error("the credential has characters that do not belong there")]
    Characters,
    /// Basic credentials that are not base64 of `name:password` (RFC 7617, section 2).
    #[error("the credential is not a base64-encoded user name and password")]
    NotBasic,
}

/// A credential that schemes of kind `K` (see [`kind`](crate::declared::kind)) carry.
#[diagnostic::on_unimplemented(
    message = "a scheme of kind `{K}` does not carry `{Self}`",
    label = "this authenticator takes another kind of credential",
    note = "`BasicCredentials` goes with `basic`; `BearerToken` with `bearer`, `oauth2` and `openid_connect`; `ApiKey` with `api_key` and `cookie`; `HttpCredentials` with `http`"
)]
pub trait CarriedBy<K>: Sized + Send {
    /// Looks for it in the request, where the scheme says.
    fn find(request: &Request, scheme: &SecurityScheme) -> Credential<Self>;
}

impl<T> Credential<T> {
    /// What was found, without what it holds.
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
