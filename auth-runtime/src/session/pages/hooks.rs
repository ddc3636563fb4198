//! Traits that an application implements for the pages: a second factor, and the change of a password.

use std::{future::Future, pin::Pin, time::Duration};

use crate::{
    authenticate::Unavailable,
    client_ip::ClientAddress,
    users::{MIN_PASSWORD_LEN, User},
};

/// A future that a method of these traits returns.
pub type HookFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A second factor that some users have. After their password is verified, the session is
/// [pending](crate::session::NewSession::pending), and the browser is redirected to the page of the second factor.
pub trait SecondFactor: Send + Sync + 'static {
    /// Returns whether this user needs the second factor.
    ///
    /// # Errors
    /// [`Unavailable`] if a store does not answer: the user is not signed in.
    fn is_needed<'a>(&'a self, user: &'a User) -> HookFuture<'a, Result<bool, Unavailable>>;

    /// Returns the address of the page, relative to that of the sign-in page, such as `code`.
    fn page(&self) -> &str;
}

/// A store whose users replace their own passwords.
pub trait ChangePassword: Send + Sync + 'static {
    /// Replaces the password of a user if the current password is right (ASVS 6.2.3). It changes the [version of the
    /// credentials](User::credential_epoch), so that all sessions and tokens of the user end.
    ///
    /// # Errors
    /// [`ChangePasswordError`].
    fn change_password<'a>(
        &'a self,
        user: &'a User,
        client: ClientAddress,
        current: &'a str,
        new: &'a str,
    ) -> HookFuture<'a, Result<(), ChangePasswordError>>;

    /// Returns the least number of characters of a new password, which the form names (default: [`MIN_PASSWORD_LEN`]).
    fn min_password_len(&self) -> usize {
        MIN_PASSWORD_LEN
    }
}

/// The reason why a password was not replaced.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChangePasswordError {
    /// The current password is wrong.
    #[error("the current password is wrong")]
    WrongPassword,
    /// The new password is not accepted. The text is for the user.
    #[error("{0}")]
    NotAccepted(String),
    /// The limit of attempts is reached.
    #[error("too many attempts")]
    TooManyAttempts {
        /// The time to wait.
        retry_after: Duration,
    },
    /// The store does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}
