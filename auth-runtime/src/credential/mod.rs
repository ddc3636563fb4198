//! First step: request to credential. The caller is not known yet.
//!
//! A credential is absent, found or malformed. An absent one makes the caller anonymous. A malformed one is rejected,
//! also on optional routes.
//!
//! Two choices are made apart. The scheme says where the credential stands: in the `Authorization` header, in a named
//! header, in the query or in a cookie. The authenticator of the field says which credential it verifies, and that type
//! says which characters it may have:
//!
//! | scheme | [`BearerToken`] | [`ApiKey`] | [`HttpCredentials`] | [`BasicCredentials`] | [`RequestHead`] |
//! |---|---|---|---|---|---|
//! | `basic` | | | | yes | |
//! | `bearer`, `oauth2`, `openid_connect` | yes | yes | | | yes |
//! | `http = ".."` | yes | yes | yes | | yes |
//! | `header = ".."` | yes | yes | | | yes |
//! | `api_key(query = "..")` | | yes | | | yes |
//! | `cookie = ".."` | yes | yes | | | yes |
//!
//! `Sessions` verifies a `SessionToken`, which only `cookie = ".."` carries.
//!
//! Cookies have the cross-origin check, whatever verifies them. So have the headers of well-known proxies that read a
//! cookie. For another header that a proxy or a browser adds, write `ambient`. A browser adds a remembered Basic
//! password.

mod api_key;
mod authorization;
mod basic;
mod bearer;
mod cached;
mod cookie;
mod cross_origin;
#[cfg(any(feature = "session", feature = "token-service"))]
mod form;
mod http;
mod location;
mod request_head;
mod script_request;
mod select;
#[cfg(feature = "session")]
mod session_token;
mod text;

use poem::Request;

pub use api_key::ApiKey;
pub use basic::BasicCredentials;
pub use bearer::BearerToken;
#[doc(hidden)]
pub use cached::OnlyCredential;
pub(crate) use cached::OnlyCredentialFinder;
pub use cross_origin::is_cross_origin;
#[cfg(any(feature = "session", feature = "token-service"))]
pub(crate) use form::is_utf8_form;
pub use http::HttpCredentials;
pub use request_head::RequestHead;
pub(crate) use script_request::is_from_script;
pub use select::{Selection, select};
#[cfg(feature = "session")]
pub use session_token::SessionToken;

use crate::declared::SecurityScheme;

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
    /// It is longer than the scheme allows (see [`SecurityScheme::max_len`]).
    #[error("the credential is too large; `#[scheme(.., max_len = ..)]` sets the bound")]
    TooLong,
    /// It has characters that this scheme does not allow.
    #[error("the credential has characters that do not belong there")]
    Characters,
    /// It is not base64 of `name:password` (RFC 7617, section 2).
    #[error("the credential is not a base64-encoded user name and password")]
    NotBasic,
}

/// A credential that schemes of the location `K` can carry (see [`kind`](crate::declared::kind)).
#[diagnostic::on_unimplemented(
    message = "a scheme of kind `{K}` cannot carry `{Self}`",
    label = "this authenticator takes another kind of credential",
    note = "use another scheme, or an authenticator whose `Credential` the scheme can carry",
    note = "schemes of each credential: `BasicCredentials`: `basic`; `HttpCredentials`: `http`; `SessionToken`: `cookie`; `BearerToken`: all but `basic` and `api_key(query = ..)`; `ApiKey` and `RequestHead`: all but `basic`"
)]
pub trait CarriedBy<K>: Sized + Send {
    /// Looks for the credential where the scheme says.
    fn find(request: &Request, scheme: &SecurityScheme) -> Credential<Self>;
}

/// Says which locations carry a credential, and how its text is parsed there.
macro_rules! carried_by {
    ($($credential:ty: $($kind:ident),+ => $parse:expr;)+) => {$($(
        #[diagnostic::do_not_recommend]
        impl crate::credential::CarriedBy<crate::declared::kind::$kind> for $credential {
            fn find(
                request: &poem::Request,
                scheme: &crate::declared::SecurityScheme,
            ) -> crate::credential::Credential<Self> {
                crate::credential::location::text(request, scheme).and_then($parse)
            }
        }
    )+)+};
}
use carried_by;

impl<T> Credential<T> {
    /// Returns the same result without the credential.
    pub(crate) fn state(&self) -> Credential<()> {
        match self {
            Self::Absent => Credential::Absent,
            Self::Found(_) => Credential::Found(()),
            Self::Malformed(malformed) => Credential::Malformed(*malformed),
        }
    }

    #[inline]
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
