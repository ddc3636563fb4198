//! Whether a password is known from a breach, for those who have a service to ask.

use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use super::UserError;
use crate::authenticate::Unavailable;

/// For how long an answer is waited for.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Tells whether a password is known from a breach (ASVS 6.2.12), such as the range search of Have I Been Pwned, a file,
/// or the words of an organisation.
///
/// It is asked when a password is set, and never at sign-in. If it cannot tell, or takes longer than ten seconds, the
/// password is not accepted: [`UserError::Unavailable`].
///
/// ```
/// use auth_runtime::{authenticate::Unavailable, users::{BreachCheck, Passwords, UserError}};
///
/// /// The name of the product, and what is like it.
/// struct OurWords;
///
/// impl BreachCheck for OurWords {
///     async fn is_breached(&self, password: &str) -> Result<bool, Unavailable> {
///         Ok(password.to_lowercase().contains("entrybook"))
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let passwords = Passwords::new().breach_check(OurWords);
/// assert_eq!(passwords.hash("EntryBook 2024", "alice").await, Err(UserError::BreachedPassword));
/// # });
/// ```
///
/// # What an implementation owes
///
/// The password is a secret: it goes into no log and no error, and to no service. Of its SHA-1, the five digits that
/// Have I Been Pwned asks for are shared with hundreds of other passwords; ask over HTTPS.
pub trait BreachCheck: Send + Sync + 'static {
    /// Whether the password is known to others.
    ///
    /// # Errors
    /// [`Unavailable`] if that cannot be told now.
    fn is_breached(&self, password: &str) -> impl Future<Output = Result<bool, Unavailable>> + Send;
}

type Asking<'a> = Pin<Box<dyn Future<Output = Result<bool, Unavailable>> + Send + 'a>>;

/// [`BreachCheck`] behind a pointer.
trait AnyCheck: Send + Sync {
    fn ask_boxed<'a>(&'a self, password: &'a str) -> Asking<'a>;
}

impl<C: BreachCheck> AnyCheck for C {
    fn ask_boxed<'a>(&'a self, password: &'a str) -> Asking<'a> {
        Box::pin(self.is_breached(password))
    }
}

/// Whichever check is used.
#[derive(Clone)]
pub(super) struct Breaches(Arc<dyn AnyCheck>);

impl Breaches {
    pub(super) fn new(check: impl BreachCheck) -> Self {
        Self(Arc::new(check))
    }

    /// Lets a password through that is known not to be breached.
    pub(super) async fn check(&self, password: &str) -> Result<(), UserError> {
        let asking = self.0.ask_boxed(password);
        let answer = tokio::time::timeout(TIMEOUT, asking).await.map_err(Unavailable::new)?;
        if answer? { Err(UserError::BreachedPassword) } else { Ok(()) }
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

    use super::{BreachCheck, Breaches, Unavailable, UserError};

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
    async fn r71_a_breached_password_is_refused() {
        let breaches = Breaches::new(Check::Knows("correct horse"));
        assert_eq!(breaches.check("correct horse").await, Err(UserError::BreachedPassword));
        assert_eq!(breaches.check("another horse").await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn r71_a_check_that_cannot_tell_lets_no_password_through() {
        for check in [Check::Down, Check::Hangs] {
            let error = Breaches::new(check).check("correct horse").await.unwrap_err();
            assert!(matches!(error, UserError::Unavailable(_)), "{error}");
            assert!(!error.to_string().contains("horse"), "{error}");
        }
    }
}
