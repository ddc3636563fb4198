//! Accounts in memory.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    AccountStore, EmailAddress, OneTimeTokenHash, OneTimeTokenRecord, OneTimeTokenStore, Purpose, RecoveryCodeHash,
    SecondFactor, SecondFactorStore,
};
use crate::{
    authenticate::{Context, Unavailable},
    password::Passwords,
    throttle::Throttle,
    users::{MemoryUsers, User, UserError, UserStore},
};

/// The greatest number of users with one address that get a mail.
const MAX_USERS: usize = 10;

/// An [`AccountStore`] in memory. Clones share the users. A restart loses all changes.
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
    passwords: Passwords,
    throttle: Throttle,
}

#[derive(Debug, Default)]
struct State {
    users: MemoryUsers,
    tokens: HashMap<(Purpose, String), OneTimeTokenRecord>,
    factors: HashMap<String, Factor>,
}

/// The second factor of one user.
#[derive(Debug, Default)]
struct Factor {
    secrets: SecondFactor,
    last_step: u64,
    codes: HashSet<RecoveryCodeHash>,
}

impl State {
    /// Makes a change and consumes the link with this hash. Returns whether both were done.
    fn by_link(&mut self, link: &OneTimeTokenHash, change: impl FnOnce(&mut Self) -> bool) -> bool {
        let found = self.tokens.iter().find(|(_, record)| record.hash == *link).map(|(key, _)| key.clone());
        let Some(key) = found else { return false };
        change(self) && self.tokens.remove(&key).is_some()
    }

    fn replace_password(&mut self, user: &User, hash: &str) -> bool {
        let Some(user) = self.unchanged(user) else { return false };
        self.users.replace(&user.with_new_password(hash));
        true
    }

    fn verify_email(&mut self, user: &User, address: &EmailAddress) -> bool {
        let Some(user) = self.unchanged(user) else { return false };
        self.users.replace(&user.with_verified_email(address.as_str()));
        true
    }

    /// Returns the current user, if the version of the credentials still is that of `user`.
    fn unchanged(&self, user: &User) -> Option<User> {
        self.users.get(user.subject()).filter(|now| now.current_epoch() == user.current_epoch()).cloned()
    }
}

impl State {
    /// Returns the second factor of a user, if it is active.
    fn active(&mut self, subject: &str) -> Option<&mut Factor> {
        self.factors.get_mut(subject).filter(|factor| factor.secrets.secret.is_some())
    }

    fn change_factor(&mut self, subject: &str, has_second_factor: bool) {
        if let Some(user) = self.users.get(subject).cloned() {
            self.users.replace(&user.with_changed_factor(has_second_factor));
        }
    }
}

impl MemoryAccounts {
    /// Returns a store with these users.
    ///
    /// # Errors
    /// The errors of [`MemoryUsers::add_user`].
    pub fn new(users: impl IntoIterator<Item = User>) -> Result<Self, UserError> {
        let users = users.into_iter().try_fold(MemoryUsers::new(), MemoryUsers::add_user)?;
        let state = State { users, ..State::default() };
        Ok(Self { state: Arc::new(Mutex::new(state)), ..Self::default() })
    }

    /// Sets how passwords are hashed and verified (default: [`Passwords::default`]).
    #[must_use]
    pub fn with_passwords(self, passwords: Passwords) -> Self {
        Self { passwords, ..self }
    }

    async fn forget_addresses(&self, is_replaced: bool, user: &User) -> Result<bool, Unavailable> {
        if is_replaced {
            self.throttle.forget_addresses(user.name()).await?;
        }
        Ok(is_replaced)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UserStore for MemoryAccounts {
    async fn find(&self, username: &str) -> Result<Option<User>, Unavailable> {
        Ok(self.find_now(username))
    }

    fn find_now(&self, username: &str) -> Option<User> {
        self.state().users.find_now(username)
    }

    async fn find_by_subject(&self, subject: &str) -> Result<Option<User>, Unavailable> {
        Ok(self.find_by_subject_now(subject))
    }

    fn find_by_subject_now(&self, subject: &str) -> Option<User> {
        self.state().users.get(subject).cloned()
    }

    fn mounted(&self, context: &Context) {
        self.state().users.mounted(context);
    }

    fn passwords(&self) -> Passwords {
        self.passwords.clone()
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
        let is_replaced = self.state().replace_password(user, hash);
        self.forget_addresses(is_replaced, user).await
    }

    async fn verify_email(&self, user: &User, address: &EmailAddress) -> Result<bool, Unavailable> {
        Ok(self.state().verify_email(user, address))
    }

    async fn replace_password_by_link(
        &self,
        link: &OneTimeTokenHash,
        user: &User,
        hash: &str,
    ) -> Result<bool, Unavailable> {
        let is_replaced = self.state().by_link(link, |state| state.replace_password(user, hash));
        self.forget_addresses(is_replaced, user).await
    }

    async fn verify_email_by_link(
        &self,
        link: &OneTimeTokenHash,
        user: &User,
        address: &EmailAddress,
    ) -> Result<bool, Unavailable> {
        Ok(self.state().by_link(link, |state| state.verify_email(user, address)))
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
        Ok(self.state().by_link(hash, |_| true))
    }
}

impl SecondFactorStore for MemoryAccounts {
    async fn second_factor(&self, subject: &str) -> Result<Option<SecondFactor>, Unavailable> {
        let state = self.state();
        let with_count =
            |factor: &Factor| SecondFactor { recovery_codes: factor.codes.len(), ..factor.secrets.clone() };
        Ok(state.factors.get(subject).map(with_count))
    }

    async fn put_new_secret(&self, subject: &str, secret: &[u8]) -> Result<(), Unavailable> {
        let mut state = self.state();
        state.factors.entry(subject.to_owned()).or_default().secrets.new_secret = Some(secret.to_vec());
        Ok(())
    }

    async fn activate_secret(
        &self,
        subject: &str,
        secret: &[u8],
        step: u64,
        codes: &[RecoveryCodeHash],
    ) -> Result<bool, Unavailable> {
        let mut state = self.state();
        let Some(factor) = state.factors.get_mut(subject) else { return Ok(false) };
        if factor.secrets.new_secret.as_deref() != Some(secret) || factor.secrets.secret.is_some() {
            return Ok(false);
        }
        factor.secrets.secret = factor.secrets.new_secret.take();
        factor.last_step = step;
        factor.codes = codes.iter().copied().collect();
        state.change_factor(subject, true);
        Ok(true)
    }

    async fn use_step(&self, subject: &str, step: u64) -> Result<bool, Unavailable> {
        let mut state = self.state();
        let Some(factor) = state.active(subject).filter(|factor| factor.last_step < step) else { return Ok(false) };
        factor.last_step = step;
        Ok(true)
    }

    async fn use_recovery_code(&self, subject: &str, code: &RecoveryCodeHash) -> Result<bool, Unavailable> {
        Ok(self.state().active(subject).is_some_and(|factor| factor.codes.remove(code)))
    }

    async fn put_recovery_codes(&self, subject: &str, codes: &[RecoveryCodeHash]) -> Result<bool, Unavailable> {
        let mut state = self.state();
        let Some(factor) = state.active(subject) else { return Ok(false) };
        factor.codes = codes.iter().copied().collect();
        Ok(true)
    }

    async fn remove_second_factor(&self, subject: &str) -> Result<bool, Unavailable> {
        let mut state = self.state();
        let had_one = state.factors.remove(subject).is_some_and(|factor| factor.secrets.secret.is_some());
        if had_one {
            state.change_factor(subject, false);
        }
        Ok(had_one)
    }
}
