//! The settings that all commands have in common: flags, or the environment.

use std::{
    env::{self, VarError},
    ffi::OsString,
    fmt,
    fs::{self, File, OpenOptions},
    path::{Path, PathBuf},
};

use auth_runtime::users::Passwords;
use auth_store::{SqlUsers, describe_url};
use clap::Args;
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroize};

use crate::access::Declared;

const HEADING: &str = "Settings";
const SECRET_KEY: &str = "AUTH_SECRET_KEY";
const WHICH_DATABASE: &str = "which database? Set AUTH_DB_URI or give --database-url, such as `sqlite:users.db` or \
                              `postgres://user@host/database`";

/// A setting that is wrong or missing; in one line, and without what may be secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SettingError(String);

/// Where users are kept, and what binds their password hashes: flags that are also read from the environment. Flatten it
/// into your parser. There is no default secret.
///
/// | flag | environment | |
/// |---|---|---|
/// | `--database-url` | `AUTH_DB_URI` | the database; it may hold a password, so prefer the environment |
/// | `--secret-key-file` | `AUTH_SECRET_KEY` | the [secret key](Passwords::secret_key) of password hashes: the path of a file as a flag, itself in the environment |
/// | `--log-file` | `AUTH_LOG_FILENAME` | where it is written down what commands change |
#[derive(Clone, Default, Args)]
pub struct Settings {
    /// The database, such as `sqlite:users.db` or `postgres://user@host/database`
    ///
    /// With a password in it, leave it to the environment: other users of this machine can read arguments.
    #[arg(long, value_name = "URL", env = "AUTH_DB_URI", hide_env_values = true, global = true, help_heading = HEADING)]
    database_url: Option<String>,
    /// A file with the key that password hashes are bound to, if `AUTH_SECRET_KEY` does not have the key itself
    #[arg(long, value_name = "FILE", global = true, help_heading = HEADING)]
    secret_key_file: Option<PathBuf>,
    /// A file in which to write down what is changed, and by whom
    #[arg(long, value_name = "FILE", env = "AUTH_LOG_FILENAME", hide_env_values = true, global = true, help_heading = HEADING)]
    log_file: Option<OsString>,
}

impl Settings {
    /// The URL of the database, if there is one.
    ///
    /// # Errors
    /// If it is empty.
    pub fn database_url(&self) -> Result<Option<&str>, SettingError> {
        match self.database_url.as_deref() {
            Some("") => Err(SettingError(format!("the URL of the database is empty: {WHICH_DATABASE}"))),
            url => Ok(url),
        }
    }

    /// These, bound to the secret key, if there is one.
    ///
    /// # Errors
    /// If the key cannot be read, or is not accepted.
    pub fn passwords(&self, passwords: Passwords) -> Result<Passwords, SettingError> {
        let Some((key, origin)) = self.secret_key()? else { return Ok(passwords) };
        let wrong = |error| SettingError(format!("{origin}: {error}"));
        passwords.secret_key(key.expose_secret()).map_err(wrong)
    }

    /// The key, and where it is from. A file that is named comes before the environment.
    fn secret_key(&self) -> Result<Option<(SecretString, String)>, SettingError> {
        let (key, origin) = match &self.secret_key_file {
            Some(path) => (key_of_file(path)?, format!("the secret key in `{}`", path.display())),
            None => match env::var(SECRET_KEY) {
                Ok(key) => (key.into(), SECRET_KEY.to_owned()),
                Err(VarError::NotPresent) => return Ok(None),
                Err(VarError::NotUnicode(_)) => return Err(SettingError(format!("{SECRET_KEY} is not UTF-8"))),
            },
        };
        match key.expose_secret() {
            "" => Err(SettingError(format!("{origin} is empty"))),
            _ => Ok(Some((key, origin))),
        }
    }

    /// Opens the log file, if there is one, to write after what is there, and for its owner alone if it is made.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn open_log_file(&self) -> Result<Option<File>, SettingError> {
        let Some(path) = self.log_file.as_deref().map(Path::new) else { return Ok(None) };
        if path.as_os_str().is_empty() {
            return Err(SettingError(
                "the name of the log file is empty: set AUTH_LOG_FILENAME or give --log-file".to_owned(),
            ));
        }
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let in_words = |error| SettingError(format!("the log file `{}` cannot be opened: {error}", path.display()));
        options.open(path).map(Some).map_err(in_words)
    }

    /// The store, not asked anything yet; its tables are neither made nor changed.
    pub(crate) fn store(
        &self,
        default_url: Option<&str>,
        passwords: Passwords,
        declared: Option<&Declared>,
        make_file: bool,
    ) -> Result<Store, SettingError> {
        let url = self.database_url()?.or(default_url).ok_or_else(|| SettingError(WHICH_DATABASE.to_owned()))?;
        let mut options = SqlUsers::options().passwords(self.passwords(passwords)?).make_file(make_file);
        if let Some(declared) = declared {
            options = options.tables(declared.tables);
        }
        let users = options.connect_lazily(url).map_err(|error| SettingError(error.to_string()))?;
        Ok(Store { users, described: describe_url(url) })
    }
}

/// A store, and which database that is, for people to read.
pub(crate) struct Store {
    pub(crate) users: SqlUsers,
    pub(crate) described: String,
}

/// One line break at the end is of the editor, and not of the key.
fn key_of_file(path: &Path) -> Result<SecretString, SettingError> {
    let unreadable = |error| SettingError(format!("the secret key in `{}` cannot be read: {error}", path.display()));
    let mut key = fs::read_to_string(path).map_err(unreadable)?;
    let text = key.strip_suffix('\n').unwrap_or(&key);
    let secret = SecretString::from(text.strip_suffix('\r').unwrap_or(text));
    key.zeroize();
    Ok(secret)
}

/// Without what may be secret.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("database", &self.database_url.as_deref().map(describe_url))
            .field("secret_key_file", &self.secret_key_file)
            .field("log_file", &self.log_file)
            .finish()
    }
}
