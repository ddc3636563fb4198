//! Why something cannot be read or changed.

use std::{error::Error, fmt, time::Duration};

use auth_runtime::{
    api_key::ApiKeyError,
    authenticate::Unavailable,
    password::PasswordError,
    users::{UserError, quote_name},
};

/// Why users or keys cannot be read or changed. No message holds a password, a hash, a key or the URL of the database.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Nobody has this name.
    #[error("there is no user {}", quote_name(.0))]
    NoUser(String),
    /// There is no API key of this id.
    #[error("there is no API key of id {}", quote_name(.0))]
    NoKey(String),
    /// Name or password are not accepted, or the name is taken.
    #[error(transparent)]
    User(#[from] UserError),
    /// The key cannot be made.
    #[error(transparent)]
    Key(#[from] ApiKeyError),
    /// A role or a permission that the application does not declare; the text names those that are like it.
    #[error("{0}")]
    Unknown(String),
    /// A key was to have a permission that its owner lacks.
    #[error("the key cannot have the permission {permission:?}, as its owner {owner:?} does not have it")]
    BeyondOwner {
        /// Whose key it was to be.
        owner: String,
        /// What they lack.
        permission: String,
    },
    /// The password is not the one that the user has.
    #[error("the password is not that of {}", quote_name(.0))]
    WrongPassword(String),
    /// Too many passwords were tried.
    #[error("too many passwords were tried: wait {} s", .retry_after.as_secs() + 1)]
    TooManyAttempts {
        /// For how long.
        retry_after: Duration,
    },
    /// The system has no randomness for a subject.
    #[error("no subject can be made for the user: {0}")]
    Randomness(String),
    /// A text is longer than its column.
    #[error("{what} has more than {max} characters")]
    TooLong {
        /// Of what.
        what: &'static str,
        /// How many it may have.
        max: usize,
    },
    /// A text that is to be read on a line holds a control character, such as a line break.
    #[error("{what} holds a control character")]
    ControlCharacter {
        /// What it is.
        what: &'static str,
    },
    /// The URL or a setting of the connection is wrong.
    #[error("{0}")]
    Setting(String),
    /// The tables of the database are not those of this version.
    #[error("the tables of the database do not fit this program: {0}")]
    Schema(String),
    /// The database cannot be reached, or does not do what it was asked. A change was not made, unless the connection broke
    /// or the time was over while it was committed: then nobody can tell, and asking again does.
    #[error("the database does not answer as it should: {0}")]
    Database(#[source] Box<dyn Error + Send + Sync>),
}

impl StoreError {
    /// Whether the database is the reason, and not what was asked of it: the same may go through later.
    #[must_use]
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::Database(_) | Self::User(UserError::Password(PasswordError::Unavailable(_))))
    }
}

impl From<PasswordError> for StoreError {
    fn from(error: PasswordError) -> Self {
        Self::User(error.into())
    }
}

/// An error that a driver reports. A private trait in place of `From`, which would be part of the public API.
pub(crate) trait FromDriver {
    fn from_driver(error: sqlx::Error) -> Self;
}

impl FromDriver for sqlx::Error {
    fn from_driver(error: sqlx::Error) -> Self {
        error
    }
}

impl FromDriver for StoreError {
    fn from_driver(error: sqlx::Error) -> Self {
        Self::Database(Box::new(DriverError(error)))
    }
}

/// Turns the error of a driver into a [`StoreError`].
pub(crate) trait DriverResult<T> {
    fn store_error(self) -> Result<T, StoreError>;
}

impl<T> DriverResult<T> for Result<T, sqlx::Error> {
    fn store_error(self) -> Result<T, StoreError> {
        self.map_err(StoreError::from_driver)
    }
}

/// What the driver says, without the lines of source text that it adds.
#[derive(Debug)]
struct DriverError(sqlx::Error);

impl fmt::Display for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            sqlx::Error::Database(error) => f.write_str(error.message()),
            sqlx::Error::PoolTimedOut => f.write_str("no connection can be had in time"),
            sqlx::Error::Protocol(text) => f.write_str(text.split(" (sqlx").next().unwrap_or_default()),
            error => error.fmt(f),
        }
    }
}

impl Error for DriverError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

/// A 503: never a denial, and never a pass.
impl From<StoreError> for Unavailable {
    fn from(error: StoreError) -> Self {
        Self::new(error)
    }
}
