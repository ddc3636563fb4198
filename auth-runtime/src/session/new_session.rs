//! A session to start.

use super::record::{CapturedUser, SessionUser};
use crate::{
    authenticate::{Context, Identity},
    users::User,
};

/// The user and the sign-in methods of a session that [`Sessions::start`](super::Sessions::start) starts.
///
/// ```
/// use auth_runtime::{session::NewSession, users::User};
///
/// let alice = User::new("alice", "");
/// let first_factor = NewSession::of_user(&alice).methods(["pwd"]).pending();
/// let both = NewSession::of_user(&alice).methods(["pwd", "otp"]).acr("two-factors");
/// ```
#[derive(Clone, Debug)]
#[must_use = "pass it to `Sessions::start`"]
pub struct NewSession {
    /// `None` is the issuer of the user store.
    pub(super) issuer: Option<String>,
    pub(super) subject: String,
    pub(super) user: SessionUser,
    pub(super) methods: Vec<String>,
    pub(super) acr: Option<String>,
    pub(super) is_pending: bool,
}

impl NewSession {
    /// Returns a session of a user of the store. It is [pending](Self::pending) if the user has a
    /// [second factor](User::has_second_factor), until [`second_factor_verified`](Self::second_factor_verified).
    pub fn of_user(user: &User) -> Self {
        let kind = SessionUser::Stored { credential_epoch: user.current_epoch() };
        Self { is_pending: user.has_second_factor(), ..Self::new(None, user.subject(), kind) }
    }

    /// Returns a session of the user of a plug-in. The user keeps the roles and permissions of this identity until the
    /// session ends.
    pub fn of_identity(identity: &Identity, context: &Context) -> Self {
        let user = SessionUser::Captured(CapturedUser::of(identity, *context));
        Self::new(Some(identity.issuer().to_owned()), identity.subject(), user)
    }

    fn new(issuer: Option<String>, subject: &str, user: SessionUser) -> Self {
        Self { issuer, subject: subject.to_owned(), user, methods: Vec::new(), acr: None, is_pending: false }
    }

    /// Sets the methods of the sign-in: `amr` (RFC 8176).
    pub fn methods<T: Into<String>>(self, methods: impl IntoIterator<Item = T>) -> Self {
        Self { methods: methods.into_iter().map(Into::into).collect(), ..self }
    }

    /// Sets the authentication context class: `acr` of OpenID Connect.
    pub fn acr(self, acr: impl Into<String>) -> Self {
        Self { acr: Some(acr.into()), ..self }
    }

    /// Records that the user has proven the second factor with this request. Call it only after a code was verified.
    pub fn second_factor_verified(self) -> Self {
        Self { is_pending: false, ..self }
    }

    /// Marks the session as pending: the second factor is missing. A pending session lasts ten minutes, and gives no
    /// access to operations. The session that starts after the second factor replaces it.
    pub fn pending(self) -> Self {
        Self { is_pending: true, ..self }
    }
}
