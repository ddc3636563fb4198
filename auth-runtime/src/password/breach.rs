//! The check of new passwords against known breaches.

use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use super::PasswordError;
use crate::authenticate::Unavailable;

/// The longest wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A check whether a password is known from a breach (ASVS 6.2.12). It may ask the range search of Have I Been Pwned,
/// or look into a file or a list of the words of an organization.
///
/// [`Passwords::hash`](super::Passwords::hash) runs it for a new password. A sign-in and
/// [`hash_now`](super::Passwords::hash_now) do not. If it fails or takes longer than ten seconds, the password is not
/// accepted: [`PasswordError::Unavailable`].
///
/// ```
/// use auth_runtime::{authenticate::Unavailable, password::{BreachCheck, Passwords, PasswordError}};
///
/// /// Passwords with the name of the product.
/// struct ProductName;
///
/// impl BreachCheck for ProductName {
///     async fn is_breached(&self, password: &str) -> Result<bool, Unavailable> {
///         Ok(password.to_lowercase().contains("entrybook"))
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let passwords = Passwords::new().breach_check(ProductName);
/// assert_eq!(passwords.hash("EntryBook 2024", "alice").await, Err(PasswordError::Breached));
/// # });
/// ```
///
/// # Duties of an implementation
///
/// The password is a secret. Never write it to a log or an error, and never send it to a service. Have I Been Pwned
/// needs only the first five digits of its SHA-1, which hundreds of passwords share; ask over HTTPS.
pub trait BreachCheck: Send + Sync + 'static {
    /// Returns whether the password is known from a breach.
    ///
    /// # Errors
    /// [`Unavailable`] if the check fails.
    fn is_breached(&self, password: &str) -> impl Future<Output = Result<bool, Unavailable>> + Send;
}

type CheckFuture<'a> = Pin<Box<dyn Future<Output = Result<bool, Unavailable>> + Send + 'a>>;

/// An object-safe [`BreachCheck`].
trait AnyCheck: Send + Sync {
    fn check_boxed<'a>(&'a self, password: &'a str) -> CheckFuture<'a>;
}

impl<C: BreachCheck> AnyCheck for C {
    fn check_boxed<'a>(&'a self, password: &'a str) -> CheckFuture<'a> {
        Box::pin(self.is_breached(password))
    }
}

/// The configured check.
#[derive(Clone)]
pub(super) struct Breaches(Arc<dyn AnyCheck>);

impl Breaches {
    pub(super) fn new(check: impl BreachCheck) -> Self {
        Self(Arc::new(check))
    }

    /// Accepts a password that is in no known breach.
    pub(super) async fn check(&self, password: &str) -> Result<(), PasswordError> {
        let checking = self.0.check_boxed(password);
        let answer = tokio::time::timeout(TIMEOUT, checking).await.map_err(Unavailable::new)?;
        if answer? { Err(PasswordError::Breached) } else { Ok(()) }
    }
}

impl fmt::Debug for Breaches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Breaches")
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::{BreachCheck, Breaches, PasswordError, Unavailable};

    #[derive(Clone, Copy)]
    enum Check {
        Knows(&'static str),
        Down,
        Hangs,
    }

    impl BreachCheck for Check {
        async fn is_breached(&self, password: &str) -> Result<bool, Unavailable> {
            match self {
                Self::Knows(known) => Ok(password == *known),
                Self::Down => Err(Unavailable::new("connection refused")),
                Self::Hangs => pending().await,
            }
        }
    }

    #[tokio::test]
    async fn r71_a_breached_password_is_rejected() {
        let breaches = Breaches::new(Check::Knows("correct horse"));
        assert_eq!(breaches.check("correct horse").await, Err(PasswordError::Breached));
        assert_eq!(breaches.check("another horse").await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn r71_a_failed_check_accepts_no_password() {
        for check in [Check::Down, Check::Hangs] {
            let error = Breaches::new(check).check("correct horse").await.unwrap_err();
            assert!(matches!(error, PasswordError::Unavailable(_)), "{error}");
            assert!(!error.to_string().contains("horse"), "{error}");
        }
    }
}
