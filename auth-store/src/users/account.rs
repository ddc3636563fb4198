//! The values of user administration, without hashes.

use std::{fmt, time::SystemTime};

use secrecy::SecretString;

/// A user, without the password hash.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Account {
    /// The identifier of the user. It is random, never changes, and is never reused.
    pub subject: String,
    /// The name for signing in, in the form of [`normalize_name`](crate::normalize_name).
    pub name: String,
    /// The name to show to people.
    pub display_name: Option<String>,
    /// The e-mail address. It is not unique.
    pub email: Option<String>,
    /// The e-mail address, if it is verified. Only then do links for a new password go there.
    pub verified_email: Option<String>,
    /// Whether sign-ins need a second factor.
    pub has_second_factor: bool,
    /// The names of the roles in order, including undeclared ones.
    pub roles: Vec<String>,
    /// The permissions besides those of the roles.
    pub permissions: Vec<String>,
    /// Whether the user is disabled.
    pub disabled: bool,
    /// Whether the user has a password. Without one, the user has keys only.
    pub has_password: bool,
    /// The expiry of a password that another person has set.
    pub password_expires_at: Option<SystemTime>,
    /// The time of the addition.
    pub created_at: SystemTime,
    /// The last sign-in by password.
    pub last_sign_in_at: Option<SystemTime>,
}

/// A change of display name and e-mail address. A value that is not set stays; an empty text removes it.
///
/// ```
/// use auth_store::Profile;
///
/// let married = Profile::new().display_name("Alice B.").email("");
/// assert_eq!(married, Profile::new().email("").display_name("Alice B."));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "pass it to `SqlUsers::set_profile`"]
pub struct Profile {
    pub(crate) display_name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) is_email_verified: bool,
}

impl Profile {
    /// Creates a profile that changes nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the name to show to people.
    pub fn display_name(self, name: impl Into<String>) -> Self {
        Self { display_name: Some(name.into()), ..self }
    }

    /// Sets the e-mail address, which is not verified then. The store sends no mail. Links that were sent to the user
    /// end.
    pub fn email(self, email: impl Into<String>) -> Self {
        Self { email: Some(email.into()), is_email_verified: false, ..self }
    }

    /// Sets an e-mail address that is known to be the user's. Any reader of its mail can set a new password.
    pub fn verified_email(self, email: impl Into<String>) -> Self {
        Self { email: Some(email.into()), is_email_verified: true, ..self }
    }
}

/// A user to add.
///
/// ```
/// use auth_store::NewUser;
///
/// let password = "correct horse battery staple"; // typed by the user, never in the source
/// let user = NewUser::new("alice").password(password).display_name("Alice A.").roles(["Viewer"]);
/// assert!(!format!("{user:?}").contains("horse"));
/// ```
#[derive(Clone)]
#[must_use = "pass it to `SqlUsers::add`"]
pub struct NewUser {
    pub(crate) name: String,
    pub(crate) password: Option<NewPassword>,
    pub(crate) password_expires_at: Option<SystemTime>,
    pub(crate) display_name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) is_email_verified: bool,
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
    /// Creates a user without password, roles and permissions.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            password: None,
            password_expires_at: None,
            display_name: None,
            email: None,
            is_email_verified: false,
            roles: Vec::new(),
            permissions: Vec::new(),
            disabled: false,
        }
    }

    /// Returns the name, as given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Sets the password. Only its hash is stored.
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(NewPassword::Text(password.into().into()));
        self
    }

    /// Sets the password hash of another system, if
    /// [`Passwords::check_hash`](auth_runtime::users::Passwords::check_hash) accepts it.
    pub fn password_hash(mut self, hash: impl Into<String>) -> Self {
        self.password = Some(NewPassword::Hash(hash.into()));
        self
    }

    /// Sets the expiry of a password that another person has chosen (ASVS 6.4.1); default none.
    pub fn password_expires_at(mut self, time: SystemTime) -> Self {
        self.password_expires_at = Some(time);
        self
    }

    /// Sets the name to show to people.
    pub fn display_name(mut self, name: impl Into<String>) -> Self {
        self.display_name = Some(name.into());
        self
    }

    /// Sets the e-mail address, which is not verified.
    pub fn email(mut self, email: impl Into<String>) -> Self {
        (self.email, self.is_email_verified) = (Some(email.into()), false);
        self
    }

    /// Sets an e-mail address that is known to be the user's. Any reader of its mail can set a new password.
    pub fn verified_email(mut self, email: impl Into<String>) -> Self {
        (self.email, self.is_email_verified) = (Some(email.into()), true);
        self
    }

    /// Adds roles.
    pub fn roles<T: Into<String>>(mut self, roles: impl IntoIterator<Item = T>) -> Self {
        self.roles.extend(roles.into_iter().map(Into::into));
        self
    }

    /// Adds permissions besides those of the roles.
    pub fn permissions<T: Into<String>>(mut self, permissions: impl IntoIterator<Item = T>) -> Self {
        self.permissions.extend(permissions.into_iter().map(Into::into));
        self
    }

    /// Sets whether the user is disabled; default false.
    pub fn disabled(mut self, disabled: bool) -> Self {
        self.disabled = disabled;
        self
    }
}

/// Omits the password.
impl fmt::Debug for NewUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewUser").field("name", &self.name).field("roles", &self.roles).finish_non_exhaustive()
    }
}

/// A page of users, in the order of their names.
///
/// ```
/// use auth_store::Page;
///
/// let first = Page::of(50).role("Viewer");
/// let next = first.clone().after("alice");
/// ```
#[derive(Clone, Debug)]
#[must_use = "pass it to `SqlUsers::list`"]
pub struct Page {
    pub(crate) limit: u32,
    pub(crate) after: String,
    pub(crate) role: Option<String>,
}

impl Page {
    /// Creates the first page of this size, from 1 to 1000.
    pub fn of(limit: u32) -> Self {
        Self { limit: limit.clamp(1, 1000), after: String::new(), role: None }
    }

    /// Sets the name after which the page starts: the last name of the previous page.
    pub fn after(mut self, name: impl Into<String>) -> Self {
        self.after = name.into();
        self
    }

    /// Limits the page to users of a role.
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.role = Some(role.into());
        self
    }
}
