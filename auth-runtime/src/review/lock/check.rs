//! The reviewed policy: the file `access.lock` next to the `Cargo.toml` of an application.

use std::{env, fs, io, path::Path};

use super::super::{AccessPolicy, Difference, ParsePolicyError};

/// The variable that accepts a change.
const VARIABLE: &str = "ACCESS_LOCK";

/// Error of [`check_access_lock`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccessLockError {
    /// There is no file.
    #[error("{path} is missing; run this test with ACCESS_LOCK=accept to write it, and commit it")]
    Missing {
        /// The name of the file, without its folder.
        path: String,
    },
    /// The file cannot be read or written.
    #[error("cannot access {path}: {source}")]
    Io {
        /// The name of the file, without its folder.
        path: String,
        /// The error of the file system.
        source: io::Error,
    },
    /// The file is not a valid policy.
    #[error("{path}: {source}")]
    Malformed {
        /// The name of the file, without its folder.
        path: String,
        /// The mistake.
        source: ParsePolicyError,
    },
    /// The policy of the code differs from the file.
    #[error(
        "the code and {path} differ: {difference}\nIf this is meant, run this test with ACCESS_LOCK=accept, and commit {path}"
    )]
    Differs {
        /// The name of the file, without its folder.
        path: String,
        /// The difference from the file to the code.
        difference: Box<Difference>,
    },
}

/// Compares the policy of the code with a file. With `ACCESS_LOCK=accept` in the environment, it writes the file.
///
/// [`assert_access_lock!`](crate::assert_access_lock) calls it with the file next to the application's `Cargo.toml`.
///
/// # Errors
/// [`AccessLockError`] if the file is missing, differs, is no policy, or cannot be read or written.
pub fn check_access_lock(policy: &AccessPolicy, path: impl AsRef<Path>) -> Result<(), AccessLockError> {
    let is_accepted = env::var_os(VARIABLE).is_some_and(|value| value == "accept");
    let path = path.as_ref();
    if is_accepted { write(policy, path) } else { compare(policy, path) }
}

fn write(policy: &AccessPolicy, path: &Path) -> Result<(), AccessLockError> {
    fs::write(path, policy.to_string()).map_err(|source| AccessLockError::Io { path: shown(path), source })
}

fn compare(policy: &AccessPolicy, path: &Path) -> Result<(), AccessLockError> {
    let text = fs::read_to_string(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => AccessLockError::Missing { path: shown(path) },
        _ => AccessLockError::Io { path: shown(path), source },
    })?;
    let locked: AccessPolicy =
        text.parse().map_err(|source| AccessLockError::Malformed { path: shown(path), source })?;
    if locked == *policy {
        return Ok(());
    }
    let difference = Box::new(Difference::between(&locked, policy));
    Err(AccessLockError::Differs { path: shown(path), difference })
}

fn shown(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// Asserts that the policy of the code equals the file `access.lock` next to the `Cargo.toml` of the calling crate.
///
/// It panics with the difference: the routes, and the callers that are newly admitted or no longer admitted. To accept
/// a change, run the test with `ACCESS_LOCK=accept`, and commit the file.
///
/// A second argument names another file, for an application with two `Auth` types.
///
/// ```no_run
/// # use auth_runtime::{prelude::*, review::AccessPolicy};
/// # #[derive(Auth, Clone)] struct Auth { #[scheme(api_key(header = "X-API-Key"))] key: ApiKeys }
/// # fn policy() -> AccessPolicy { AccessPolicy::of::<Auth>().build() }
/// #[test]
/// fn access_is_as_reviewed() {
///     auth_runtime::assert_access_lock!(policy());
/// }
/// ```
///
/// # Panics
/// If the file is missing, differs, is no policy, or cannot be read or written.
#[macro_export]
macro_rules! assert_access_lock {
    ($policy:expr $(,)?) => {
        $crate::assert_access_lock!($policy, "access.lock")
    };
    ($policy:expr, $file:literal $(,)?) => {
        if let ::core::result::Result::Err(error) =
            $crate::review::check_access_lock(&$policy, ::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/", $file))
        {
            ::core::panic!("{error}");
        }
    };
}
