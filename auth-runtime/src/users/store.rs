//! The store of users.

use std::{
    fmt,
    future::{Future, ready},
    sync::Arc,
};

use super::{Passwords, user::User};
use crate::{
    authenticate::{Context, Unavailable},
    throttle::Throttle,
};

/// A store of users and their password hashes.
///
/// ```
/// use auth_runtime::{
///     authenticate::Unavailable,
///     client_ip::ClientAddress,
///     credential::BasicCredentials,
///     users::{Basic, User, UserStore, hash_password},
/// };
///
/// /// A table: name and password hash.
/// struct Table(Vec<(String, String)>);
///
/// impl UserStore for Table {
///     // `Err(Unavailable::new(error))` if the database is down: 503.
///     async fn find(&self, username: &str) -> Result<Option<User>, Unavailable> {
///         let row = self.0.iter().find(|(name, _)| name == username);
///         Ok(row.map(|(name, hash)| User::new(name, hash).roles(["Viewer"])))
///     }
///
///     // The subject of these users is their name.
///     async fn find_by_subject(&self, subject: &str) -> Result<Option<User>, Unavailable> {
///         self.find(subject).await
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let table = Table(vec![("alice".to_owned(), hash_password("correct horse battery staple")?)]);
/// let basic = Basic::new(table);
/// let alice = BasicCredentials::new("alice", "correct horse battery staple");
/// assert_eq!(basic.verify(&alice, ClientAddress::UNKNOWN).await.unwrap().name(), "alice");
/// let bob = BasicCredentials::new("bob", "correct horse battery staple");
/// assert!(basic.verify(&bob, ClientAddress::UNKNOWN).await.is_err());
/// # Ok::<(), auth_runtime::users::PasswordError>(())
/// # }).unwrap();
/// ```
///
/// A store that replaces a password reports it to its [throttle](Self::throttle). After a change by the user, call
/// [`Attempt::replaced`](crate::throttle::Attempt::replaced). After one by an administrator, call
/// [`Throttle::forget_addresses`].
pub trait UserStore: Send + Sync + 'static {
    /// Returns the user with this name; `None` if there is none.
    ///
    /// It is called for each request, unless [`find_now`](Self::find_now) returns the user, so a change in the store
    /// counts from the next request on. A store with a cache documents the delay.
    ///
    /// The name of the [`User`] is the stored one, in whatever spelling it was sent. Compare names byte by byte, after
    /// a normalization such as RFC 8265 if users may type them differently. The throttle ignores letter case, accents
    /// and invisible characters. With a collation that treats still more spellings as equal, each of these spellings
    /// has limits of its own.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer: 503.
    fn find(&self, username: &str) -> impl Future<Output = Result<Option<User>, Unavailable>> + Send;

    /// Returns the user with this name, if the store knows the user without waiting (default: `None`, and the store is
    /// asked with [`find`](Self::find)).
    ///
    /// It returns what [`find`](Self::find) would return, or `None`. It must not block.
    fn find_now(&self, username: &str) -> Option<User> {
        let _ = username;
        None
    }

    /// Returns the user with this [subject](User::with_subject); `None` if there is none.
    ///
    /// `UserTokens` calls it for each token. It returns the same users as [`find`](Self::find), by [`User::subject`]. A
    /// store that sets no subjects calls [`find`](Self::find), because the subject is the name then.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer: 503.
    fn find_by_subject(&self, subject: &str) -> impl Future<Output = Result<Option<User>, Unavailable>> + Send;

    /// Returns the user with this subject, if the store knows it without waiting (default: `None`, and the store is
    /// asked with [`find_by_subject`](Self::find_by_subject)).
    ///
    /// It returns what [`find_by_subject`](Self::find_by_subject) would return, or `None`. It must not block.
    fn find_by_subject_now(&self, subject: &str) -> Option<User> {
        let _ = subject;
        None
    }

    /// Returns the user with this name without a cache, before a password is hashed (default: [`find`](Self::find)).
    ///
    /// It does the same work whether or not the user exists.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer: 503.
    fn find_at_sign_in(&self, username: &str) -> impl Future<Output = Result<Option<User>, Unavailable>> + Send {
        self.find(username)
    }

    /// Records a sign-in (default: does nothing). It is not called for a cached password.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer. It is logged, and the user is let in.
    fn signed_in(&self, user: &User, sign_in: SignIn) -> impl Future<Output = Result<(), Unavailable>> + Send {
        let _ = (user, sign_in);
        ready(Ok(()))
    }

    /// Receives the declared names when an `Auth` with this store is mounted (default: does nothing).
    ///
    /// # Panics
    /// If users that were configured at start have a role or permission that is not declared: the application must not
    /// start.
    fn mounted(&self, context: &Context) {
        let _ = context;
    }

    /// Returns how passwords of this store are hashed and verified (default: [`Passwords::default`]).
    fn passwords(&self) -> Passwords {
        Passwords::default()
    }

    /// Returns the throttle for the names of this store (default: in the memory of this process).
    fn throttle(&self) -> Throttle {
        Throttle::default()
    }
}

/// A sign-in, as the store records it.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct SignIn {
    /// The hash that verified the password.
    pub verified: String,
    /// The stronger hash to store in place of [`verified`](Self::verified).
    ///
    /// Replace **only that hash**. If the store has another one, the user has a new password.
    pub rehashed: Option<String>,
}

/// Omits the hashes.
impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn").field("is_rehashed", &self.rehashed.is_some()).finish_non_exhaustive()
    }
}

impl<S: UserStore> UserStore for Arc<S> {
    async fn find(&self, username: &str) -> Result<Option<User>, Unavailable> {
        S::find(self, username).await
    }

    fn find_now(&self, username: &str) -> Option<User> {
        S::find_now(self, username)
    }

    async fn find_by_subject(&self, subject: &str) -> Result<Option<User>, Unavailable> {
        S::find_by_subject(self, subject).await
    }

    fn find_by_subject_now(&self, subject: &str) -> Option<User> {
        S::find_by_subject_now(self, subject)
    }

    async fn find_at_sign_in(&self, username: &str) -> Result<Option<User>, Unavailable> {
        S::find_at_sign_in(self, username).await
    }

    async fn signed_in(&self, user: &User, sign_in: SignIn) -> Result<(), Unavailable> {
        S::signed_in(self, user, sign_in).await
    }

    fn mounted(&self, context: &Context) {
        S::mounted(self, context);
    }

    fn passwords(&self) -> Passwords {
        S::passwords(self)
    }

    fn throttle(&self) -> Throttle {
        S::throttle(self)
    }
}
