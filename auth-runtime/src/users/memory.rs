//! Users in memory, added at start.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use foldhash::quality::RandomState;

use super::{User, UserError, UserStore, user::check_name};
use crate::{
    authenticate::{Context, Unavailable},
    declared::lookup::assert_names,
};

/// Users in memory (default: none). Cheap to clone.
///
/// The subject of a user is the name, unless [`User::with_subject`] sets another. Set one if a name may later be given
/// to another person.
///
/// The application does not start if a user has a role or permission that it does not declare.
///
/// ```
/// use auth_runtime::users::{MemoryUsers, User};
///
/// let password = "correct horse battery staple"; // from the environment, and not in the source
/// let users = MemoryUsers::new()
///     .add("alice", password)?
///     .add_user(User::with_password("root", password)?.roles(["Administrator"]))?;
/// assert!(users.clone().add("alice", password).is_err());
///
/// # use auth_runtime::users::UserStore;
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let root = users.find("root").await.unwrap().unwrap();
/// assert_eq!(root.subject(), "root");
/// assert!(users.find("bob").await.unwrap().is_none());
/// # });
/// # Ok::<(), auth_runtime::users::UserError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryUsers {
    /// Only the application adds users, so the hash need not withstand chosen names.
    by_name: Arc<HashMap<String, User, RandomState>>,
    by_subject: Arc<HashMap<String, User, RandomState>>,
}

impl MemoryUsers {
    /// Returns a store without users.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a user with this password and no roles. It hashes the password: see [`hash_password`](super::hash_password)
    /// for the cost.
    ///
    /// # Errors
    /// [`UserError`] if the name is taken, or the name or the password is not accepted.
    pub fn add(self, name: impl Into<String>, password: &str) -> Result<Self, UserError> {
        self.add_user(User::with_password(name, password)?)
    }

    /// Adds a user.
    ///
    /// # Errors
    /// [`UserError`] if the name or the subject is taken, or the name is not accepted.
    pub fn add_user(mut self, user: User) -> Result<Self, UserError> {
        check_name(user.name())?;
        if self.by_subject.contains_key(user.subject()) && !self.by_name.contains_key(user.name()) {
            return Err(UserError::SubjectTaken(user.subject().to_owned()));
        }
        match Arc::make_mut(&mut self.by_name).entry(user.name().to_owned()) {
            Entry::Occupied(_) => return Err(UserError::Taken(user.name().to_owned())),
            Entry::Vacant(entry) => entry.insert(user.clone()),
        };
        Arc::make_mut(&mut self.by_subject).insert(user.subject().to_owned(), user);
        Ok(self)
    }

    /// Replaces a user of the same name and subject.
    #[cfg(feature = "account")]
    pub(crate) fn replace(&mut self, user: &User) {
        Arc::make_mut(&mut self.by_name).insert(user.name().to_owned(), user.clone());
        Arc::make_mut(&mut self.by_subject).insert(user.subject().to_owned(), user.clone());
    }

    /// Returns the user with this subject.
    #[cfg(feature = "account")]
    pub(crate) fn get(&self, subject: &str) -> Option<&User> {
        self.by_subject.get(subject)
    }

    /// Returns all users, in no order.
    #[cfg(feature = "account")]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &User> {
        self.by_subject.values()
    }
}

impl UserStore for MemoryUsers {
    async fn find(&self, username: &str) -> Result<Option<User>, Unavailable> {
        Ok(self.find_now(username))
    }

    fn find_now(&self, username: &str) -> Option<User> {
        self.by_name.get(username).cloned()
    }

    async fn find_by_subject(&self, subject: &str) -> Result<Option<User>, Unavailable> {
        Ok(self.find_by_subject_now(subject))
    }

    fn find_by_subject_now(&self, subject: &str) -> Option<User> {
        self.by_subject.get(subject).cloned()
    }

    /// # Panics
    /// If a user has a role or permission that the application does not declare.
    fn mounted(&self, context: &Context) {
        let declared = context.declared_names();
        for user in self.by_name.values() {
            let owner = format!("the user {:?}", user.name());
            assert_names(&owner, "role", declared.roles, user.role_names());
            assert_names(&owner, "permission", declared.permissions, user.permission_names());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MemoryUsers, User, UserError, UserStore};

    #[tokio::test]
    async fn r72_there_are_no_users_unless_added() {
        for name in ["", "admin", "root"] {
            assert!(MemoryUsers::new().find(name).await.unwrap().is_none(), "{name}");
        }
    }

    #[test]
    fn user_names_are_unique() {
        let users = MemoryUsers::new().add_user(User::new("alice", "")).unwrap();
        assert_eq!(users.add_user(User::new("alice", "")).unwrap_err(), UserError::Taken("alice".to_owned()));
    }

    #[tokio::test]
    async fn a_subject_belongs_to_one_user() {
        let alice = || User::new("alice", "").with_subject("1");
        let users = MemoryUsers::new().add_user(alice()).unwrap();
        assert_eq!(users.find_by_subject("1").await.unwrap().unwrap().name(), "alice");
        assert!(users.find_by_subject("alice").await.unwrap().is_none());
        let taken = |user| users.clone().add_user(user).unwrap_err();
        assert_eq!(taken(User::new("bob", "").with_subject("1")), UserError::SubjectTaken("1".to_owned()));
        assert_eq!(taken(User::new("1", "")), UserError::SubjectTaken("1".to_owned()));
        assert_eq!(taken(alice()), UserError::Taken("alice".to_owned()));
    }

    #[test]
    fn r50_user_names_that_cannot_be_sent_are_refused() {
        for bad in ["", "a:b", "a\nb", "a\0", "\u{7f}", "\u{85}"] {
            assert_eq!(MemoryUsers::new().add_user(User::new(bad, "")).unwrap_err(), UserError::Name(bad.to_owned()));
            assert!(MemoryUsers::new().add(bad, "correct horse").is_err());
        }
        assert!(MemoryUsers::new().add_user(User::new("Jörg Müller", "")).is_ok());
    }

    #[test]
    fn debug_shows_no_hash() {
        let users = MemoryUsers::new().add("alice", "correct horse").unwrap();
        let shown = format!("{users:?}");
        assert!(shown.contains("alice") && !shown.contains("argon2"), "{shown}");
    }
}
