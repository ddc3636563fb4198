//! Accounts in memory.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{AccountStore, EmailAddress, OneTimeTokenHash, OneTimeTokenRecord, OneTimeTokenStore, Purpose};
use crate::{
    authenticate::Unavailable,
    throttle::Throttle,
    users::{MemoryUsers, User, UserError, UserStore},
};

/// The greatest number of users with one address that get a mail.
const MAX_USERS: usize = 10;

/// Users in memory who manage their own account. Clones share the users. A restart undoes all changes.
///
/// ```
/// use auth_runtime::{account::MemoryAccounts, users::{User, UserStore}};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let password = "correct horse battery staple"; // from the environment, and not in the source
/// let alice = User::with_password("alice", password)?.with_verified_email("alice@example.com");
/// let accounts = MemoryAccounts::new([alice])?;
/// assert!(accounts.find("alice").await.unwrap().is_some());
/// # Ok::<(), auth_runtime::users::UserError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryAccounts {
    state: Arc<Mutex<State>>,
    throttle: Throttle,
}

#[derive(Debug, Default)]
struct State {
    users: MemoryUsers,
    tokens: HashMap<(Purpose, String), OneTimeTokenRecord>,
}

impl State {
    /// Returns the current user, if the version of the credentials still is that of `user`.
    fn unchanged(&self, user: &User) -> Option<User> {
        self.users.get(user.subject()).filter(|now| now.current_epoch() == user.current_epoch()).cloned()
    }
}

impl MemoryAccounts {
    /// Returns a store with these users.
    ///
    /// # Errors
    /// As [`MemoryUsers::add_user`].
    pub fn new(users: impl IntoIterator<Item = User>) -> Result<Self, UserError> {
        let users = users.into_iter().try_fold(MemoryUsers::new(), MemoryUsers::add_user)?;
        let state = State { users, tokens: HashMap::new() };
        Ok(Self { state: Arc::new(Mutex::new(state)), throttle: Throttle::in_memory() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UserStore for MemoryAccounts {
    async fn find(&self, username: &str) -> Result<Option<User>, Unavailable> {
        let users = self.state().users.clone();
        users.find(username).await
    }

    async fn find_by_subject(&self, subject: &str) -> Result<Option<User>, Unavailable> {
        Ok(self.state().users.get(subject).cloned())
    }

    fn throttle(&self) -> Throttle {
        self.throttle.clone()
    }
}

impl AccountStore for MemoryAccounts {
    async fn current_user(&self, subject: &str) -> Result<Option<User>, Unavailable> {
        self.find_by_subject(subject).await
    }

    async fn users_with_email(&self, address: &EmailAddress) -> Result<Vec<User>, Unavailable> {
        let wanted = address.folded();
        let has_it = |user: &&User| user.verified_email().is_some_and(|email| email.to_ascii_lowercase() == wanted);
        Ok(self.state().users.iter().filter(has_it).take(MAX_USERS).cloned().collect())
    }

    async fn replace_password(&self, user: &User, hash: &str) -> Result<bool, Unavailable> {
        {
            let mut state = self.state();
            let Some(user) = state.unchanged(user) else { return Ok(false) };
            state.users.replace(&user.with_new_password(hash));
        }
        self.throttle.forget_addresses(user.name()).await?;
        Ok(true)
    }

    async fn verify_email(&self, user: &User, address: &EmailAddress) -> Result<bool, Unavailable> {
        let mut state = self.state();
        let Some(user) = state.unchanged(user) else { return Ok(false) };
        state.users.replace(&user.with_verified_email(address.as_str()));
        Ok(true)
    }
}

impl OneTimeTokenStore for MemoryAccounts {
    async fn put_token(&self, record: OneTimeTokenRecord) -> Result<(), Unavailable> {
        self.state().tokens.insert((record.purpose, record.subject.clone()), record);
        Ok(())
    }

    async fn find_token(&self, hash: &OneTimeTokenHash) -> Result<Option<OneTimeTokenRecord>, Unavailable> {
        Ok(self.state().tokens.values().find(|record| record.hash == *hash).cloned())
    }

    async fn consume_token(&self, hash: &OneTimeTokenHash) -> Result<bool, Unavailable> {
        let mut state = self.state();
        let before = state.tokens.len();
        state.tokens.retain(|_, record| record.hash != *hash);
        Ok(state.tokens.len() < before)
    }
}
