//! What administrators see and write: plain data, without hashes.

use std::{fmt, time::SystemTime};

use secrecy::SecretString;

/// A user as an administrator sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Account {
    /// The identifier of the user, which is random, never changes, and is never given to another user.
    pub subject: String,
    /// By which they sign in; as [`normalize_name`](crate::normalize_name) writes it.
    pub name: String,
    /// The name for people to read.
    pub display_name: Option<String>,
    /// The e-mail address, which is neither verified nor unique.
    pub email: Option<String>,
    /// The roles, in the order of their names, declared or not.
    pub roles: Vec<String>,
    /// The permissions besides those of the roles.
    pub permissions: Vec<String>,
    /// Whether they are kept out.
    pub disabled: bool,
    /// Whether there is a password; without one they come by their keys only.
    pub has_password: bool,
    /// From when on the password is no longer good: of one that was made for them.
    pub password_expires_at: Option<SystemTime>,
    /// When they were added.
    pub created_at: SystemTime,
    /// When they last proved who they are by their password.
    pub last_sign_in_at: Option<SystemTime>,
}

/// Who a user is to people. What is not given stays as it is, and an empty text takes it away.
///
/// ```
/// use auth_store::Profile;
///
/// let married = Profile::new().display_name("Alice B.").email("");
/// assert_eq!(married, Profile::new().email("").display_name("Alice B."));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "give it to `SqlUsers::set_profile`"]
pub struct Profile {
    pub(crate) display_name: Option<String>,
    pub(crate) email: Option<String>,
}

impl Profile {
    /// Nothing of it.
    pub fn new() -> Self {
        Self::default()
    }

    /// The name for people to read.
    pub fn display_name(self, name: impl Into<String>) -> Self {
        Self { display_name: Some(name.into()), ..self }
    }

    /// The e-mail address, to which nothing is sent.
    pub fn email(self, email: impl Into<String>) -> Self {
        Self { email: Some(email.into()), ..self }
    }
}

/// A user to be added.
///
/// ```
/// use auth_store::NewUser;
///
/// let password = "correct horse battery staple"; // from the person, and not in the source
/// let user = NewUser::new("alice").password(password).display_name("Alice A.").roles(["Viewer"]);
/// assert!(!format!("{user:?}").contains("horse"));
/// ```
#[derive(Clone)]
#[must_use = "give it to `SqlUsers::add`"]
pub struct NewUser {
    pub(crate) name: String,
    pub(crate) password: Option<NewPassword>,
    pub(crate) password_expires_at: Option<SystemTime>,
    pub(crate) display_name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) permissions: Vec<String>,
    pub(crate) disabled: bool,
}

#[derive(Clone)]
pub(crate) enum NewPassword {
    Text(SecretString),
    Hash(String),
}

impl NewUser {
    /// A user of this name, who has no password and no role unless given.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            password: None,
            password_expires_at: None,
            display_name: None,
            email: None,
            roles: Vec::new(),
            permissions: Vec::new(),
            disabled: false,
        }
    }

    /// The name that was given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Gives a password; only its hash is kept.
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(NewPassword::Text(password.into().into()));
        self
    }

    /// Gives the hash of a password, as another system has kept it: one that
    /// [`Passwords::check_hash`](auth_runtime::users::Passwords::check_hash) accepts.
    pub fn password_hash(mut self, hash: impl Into<String>) -> Self {
        self.password = Some(NewPassword::Hash(hash.into()));
        self
    }

    /// Until when the password is good: for one that somebody else has chosen (ASVS 6.4.1). For ever unless set.
    pub fn password_expires_at(mut self, time: SystemTime) -> Self {
        self.password_expires_at = Some(time);
        self
    }

    /// Gives a name for people to read.
    pub fn display_name(mut self, name: impl Into<String>) -> Self {
        self.display_name = Some(name.into());
        self
    }

    /// Gives an e-mail address.
    pub fn email(mut self, email: impl Into<String>) -> Self {
        self.email = Some(email.into());
        self
    }

    /// Gives roles, besides those given before.
    pub fn roles<T: Into<String>>(mut self, roles: impl IntoIterator<Item = T>) -> Self {
        self.roles.extend(roles.into_iter().map(Into::into));
        self
    }

    /// Gives permissions, besides those given before and those of the roles.
    pub fn permissions<T: Into<String>>(mut self, permissions: impl IntoIterator<Item = T>) -> Self {
        self.permissions.extend(permissions.into_iter().map(Into::into));
        self
    }

    /// Whether they are kept out from the beginning.
    pub fn disabled(mut self, disabled: bool) -> Self {
        self.disabled = disabled;
        self
    }
}

/// Without the password.
impl fmt::Debug for NewUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewUser").field("name", &self.name).field("roles", &self.roles).finish_non_exhaustive()
    }
}

/// Which users to list: in the order of their names, a page at a time.
///
/// ```
/// use auth_store::Page;
///
/// let first = Page::of(50).role("Viewer");
/// let next = first.clone().after("alice");
/// ```
#[derive(Clone, Debug)]
#[must_use = "give it to `SqlUsers::list`"]
pub struct Page {
    pub(crate) limit: u32,
    pub(crate) after: String,
    pub(crate) role: Option<String>,
}

impl Page {
    /// The first so many users, at least one and at most 1000.
    pub fn of(limit: u32) -> Self {
        Self { limit: limit.clamp(1, 1000), after: String::new(), role: None }
    }

    /// Those after this name: the last one of the page before.
    pub fn after(mut self, name: impl Into<String>) -> Self {
        self.after = name.into();
        self
    }

    /// Only those who have this role.
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.role = Some(role.into());
        self
    }
}

/// A key to be made for a user, its owner. It acts as its owner, and may do no more.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use auth_store::NewKey;
///
/// let expiry = SystemTime::now() + Duration::from_secs(90 * 24 * 3600);
/// let key = NewKey::limited_to(["view"]).label("nightly build").expires_at(expiry);
/// ```
#[derive(Clone, Debug)]
#[must_use = "give it to `SqlUsers::create_key`"]
pub struct NewKey {
    pub(crate) permissions: Option<Vec<String>>,
    pub(crate) prefix: String,
    pub(crate) label: String,
    pub(crate) expires_at: Option<SystemTime>,
}

impl NewKey {
    /// A key that has those of these permissions that its owner has, and no roles.
    pub fn limited_to<T: Into<String>>(permissions: impl IntoIterator<Item = T>) -> Self {
        Self { permissions: Some(permissions.into_iter().map(Into::into).collect()), ..Self::unlimited() }
    }

    /// A key that may do whatever its owner may, now and later.
    pub fn unlimited() -> Self {
        Self { permissions: None, prefix: "key".to_owned(), label: String::new(), expires_at: None }
    }

    /// What the key begins with, so that people and scanners know whose system it belongs to: 1 to 16 letters and
    /// digits; `key` unless set.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// What the key is for, for people to read.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// From when on the key is no longer good; never unless set.
    pub fn expires_at(mut self, time: SystemTime) -> Self {
        self.expires_at = Some(time);
        self
    }
}

/// A key as an administrator sees it: not the key, and not its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyInfo {
    /// The second part of the key, by which it is found; no secret.
    pub id: String,
    /// The first part of the key.
    pub prefix: String,
    /// What it is for.
    pub label: String,
    /// Whose it is.
    pub owner: String,
    /// What it is limited to; `None` if it may do whatever its owner may.
    pub permissions: Option<Vec<String>>,
    /// When it was made.
    pub created_at: SystemTime,
    /// From when on it is no longer good.
    pub expires_at: Option<SystemTime>,
    /// When it was used last, to the minute.
    pub last_used_at: Option<SystemTime>,
    /// When it was taken back.
    pub revoked_at: Option<SystemTime>,
}
