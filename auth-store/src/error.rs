//! The errors of the store, and the conversion of driver errors into them.

use std::{error::Error, fmt, time::Duration};

use auth_runtime::{
    api_key::ApiKeyError,
    authenticate::{Unavailable, retry_after_seconds},
    password::PasswordError,
    users::{UserError, quote_name},
};

use crate::sql::pooler;

/// An error of the store. No message has a password, a hash, a key or the URL of the database.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// No user has this name.
    #[error("there is no user {}", quote_name(.0))]
    NoUser(String),
    /// No API key has this id.
    #[error("there is no API key of id {}", quote_name(.0))]
    NoKey(String),
    /// The name or the password is not accepted, or the name is taken.
    #[error(transparent)]
    User(#[from] UserError),
    /// The key cannot be created.
    #[error(transparent)]
    Key(#[from] ApiKeyError),
    /// The application does not declare a role or permission. The text suggests similar names.
    #[error("{0}")]
    Unknown(String),
    /// The owner of a new key lacks one of its permissions.
    #[error("the key cannot have the permission {permission:?}, as its owner {owner:?} does not have it")]
    BeyondOwner {
        /// The name of the owner.
        owner: String,
        /// The permission that the owner lacks.
        permission: String,
    },
    /// The password is wrong for this user.
    #[error("the password is not that of {}", quote_name(.0))]
    WrongPassword(String),
    /// The throttle refuses more attempts for now.
    #[error("too many passwords were tried: wait {} s", retry_after_seconds(*.retry_after))]
    TooManyAttempts {
        /// The time to wait.
        retry_after: Duration,
    },
    /// The system has no randomness for the subject of a user.
    #[error("no subject can be made for the user: {0}")]
    Randomness(String),
    /// A text is longer than its column.
    #[error("{what} has more than {max} characters")]
    TooLong {
        /// The name of the text.
        what: &'static str,
        /// The limit, in characters.
        max: usize,
    },
    /// A text of one line has a control character, such as a line break.
    #[error("{what} holds a control character")]
    ControlCharacter {
        /// The name of the text.
        what: &'static str,
    },
    /// The URL or a setting of the connection is wrong.
    #[error("{0}")]
    Setting(String),
    /// The tables belong to another version, or are incomplete.
    #[error("the tables of the database do not fit this program: {0}")]
    Schema(String),
    /// The database is unreachable, or refuses a statement. If the connection breaks or the answer timeout expires,
    /// the change may have been made: the commit, or a read after it, was not answered. A method that changes much,
    /// such as [`end_sessions_of`](crate::SqlUsers::end_sessions_of), may have done a part. Read again to find out.
    #[error("the database does not answer as it should: {0}")]
    Database(#[source] Box<dyn Error + Send + Sync>),
}

impl StoreError {
    /// Returns whether a backend is the cause, such as the database or a breach check, so that a later try may succeed.
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

/// A type that can hold the error of a driver. `From` would make the driver part of the public API.
pub(crate) trait FromDriver {
    fn from_driver(error: sqlx::Error) -> Self;

    /// Returns the error of the driver again.
    fn driver_error(&self) -> Option<&sqlx::Error>;
}

impl FromDriver for sqlx::Error {
    fn from_driver(error: sqlx::Error) -> Self {
        error
    }

    fn driver_error(&self) -> Option<&sqlx::Error> {
        Some(self)
    }
}

impl FromDriver for StoreError {
    fn from_driver(error: sqlx::Error) -> Self {
        Self::Database(Box::new(DriverError(error)))
    }

    fn driver_error(&self) -> Option<&sqlx::Error> {
        match self {
            Self::Database(error) => error.downcast_ref().map(|DriverError(error)| error),
            _ => None,
        }
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

/// The error of a driver, without the source text that the driver adds.
#[derive(Debug)]
struct DriverError(sqlx::Error);

impl fmt::Display for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            sqlx::Error::Database(error) => {
                f.write_str(error.message())?;
                pooler::advice(&self.0).map_or(Ok(()), |advice| write!(f, " ({advice})"))
            }
            sqlx::Error::PoolTimedOut => f.write_str("no connection was free in time"),
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

/// Becomes a 503: never a denial, and never a pass.
impl From<StoreError> for Unavailable {
    fn from(error: StoreError) -> Self {
        Self::new(error)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::StoreError;

    #[test]
    fn r77_wait_is_rounded_up_to_whole_seconds() {
        for (millis, seconds) in [(0, 1), (999, 1), (1000, 1), (1001, 2), (60_000, 60)] {
            let error = StoreError::TooManyAttempts { retry_after: Duration::from_millis(millis) };
            assert_eq!(error.to_string(), format!("too many passwords were tried: wait {seconds} s"), "{millis}");
        }
    }
}
