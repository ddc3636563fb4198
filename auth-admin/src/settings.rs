//! Settings that all commands share, from flags or from the environment.

use std::{
    env::{self, VarError},
    ffi::OsString,
    fmt,
    fs::{self, File, OpenOptions},
    path::{Path, PathBuf},
};

use auth_runtime::users::Passwords;
#[cfg(feature = "redis")]
use auth_store::{RedisOptions, RedisStore};
use auth_store::{SqlUsers, describe_url};
use clap::Args;
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroize};

use crate::{declared::Declared, error::SettingError, state::StateStore};

const HEADING: &str = "Settings";
const SECRET_KEY: &str = "AUTH_SECRET_KEY";
const NO_DATABASE: &str = "no database is set; set AUTH_DB_URI or give --database-url, such as `sqlite:users.db` or \
                           `postgres://user@host/database`";

const EMPTY_REDIS_URL: &str = "the URL of Redis is empty; set AUTH_REDIS_URI or give --redis-url";
const EMPTY_PREFIX: &str = "the prefix of keys in Redis is empty; set AUTH_REDIS_KEY_PREFIX or give --redis-key-prefix";
const PREFIX_WITHOUT_URL: &str = "a prefix of keys in Redis is set, but no URL; set AUTH_REDIS_URI or give --redis-url";
#[cfg(not(feature = "redis"))]
const WITHOUT_REDIS: &str =
    "the URL of Redis is set, but this program was built without the feature `redis` of auth-admin";

/// The database, Redis, the secret key of password hashes, and the log file. Flatten it into your parser.
///
/// | flag | environment | meaning |
/// |---|---|---|
/// | `--database-url` | `AUTH_DB_URI` | URL of the database; prefer the environment for a URL with a password |
/// | `--redis-url` | `AUTH_REDIS_URI` | URL of a Redis server with attempts, sessions, tokens and signing keys; needs the feature `redis` |
/// | `--redis-key-prefix` | `AUTH_REDIS_KEY_PREFIX` | [prefix](auth_store::RedisOptions::key_prefix) of each key there; default `auth:` |
/// | `--secret-key-file` | `AUTH_SECRET_KEY` | [secret key](Passwords::secret_key) of password hashes: the flag names a file, the variable has the key |
/// | `--log-file` | `AUTH_LOG_FILENAME` | file that records each change and its operator |
///
/// A flag takes precedence over its variable.
///
/// ```
/// use auth_admin::Settings;
/// use clap::Parser;
///
/// #[derive(Parser)]
/// struct Options {
///     #[command(flatten)]
///     settings: Settings,
/// }
///
/// let options = Options::parse_from(["notes", "--database-url", "sqlite:notes.db"]);
/// assert_eq!(options.settings.database_url(), Ok(Some("sqlite:notes.db")));
/// ```
#[derive(Clone, Default, Args)]
pub struct Settings {
    /// URL of the database, such as `sqlite:users.db` or `postgres://user@host/database`
    ///
    /// Use the environment for a URL with a password: other users of this machine can read arguments.
    #[arg(long, value_name = "URL", env = "AUTH_DB_URI", hide_env_values = true, global = true, help_heading = HEADING)]
    database_url: Option<String>,
    /// URL of the Redis server with the sessions, tokens and signing keys, such as `redis://user@host/0`
    ///
    /// Use the environment for a URL with a password: other users of this machine can read arguments.
    #[arg(long, value_name = "URL", env = "AUTH_REDIS_URI", hide_env_values = true, global = true, help_heading = HEADING)]
    redis_url: Option<String>,
    /// Prefix of each key in Redis (default: auth:)
    #[arg(long, value_name = "TEXT", env = "AUTH_REDIS_KEY_PREFIX", hide_env_values = true, global = true, help_heading = HEADING)]
    redis_key_prefix: Option<String>,
    /// File with the secret key of password hashes (default: the key in `AUTH_SECRET_KEY`)
    #[arg(long, value_name = "FILE", global = true, help_heading = HEADING)]
    secret_key_file: Option<PathBuf>,
    /// File that records each change and its operator
    #[arg(long, value_name = "FILE", env = "AUTH_LOG_FILENAME", hide_env_values = true, global = true, help_heading = HEADING)]
    log_file: Option<OsString>,
}

impl Settings {
    /// Returns the URL of the database, if it is set.
    ///
    /// # Errors
    /// Returns an error if the URL is empty.
    pub fn database_url(&self) -> Result<Option<&str>, SettingError> {
        match self.database_url.as_deref() {
            Some("") => {
                Err(SettingError("the URL of the database is empty; set AUTH_DB_URI or give --database-url".to_owned()))
            }
            url => Ok(url),
        }
    }

    /// Returns the URL of the Redis server, if it is set.
    ///
    /// # Errors
    /// Returns an error if the URL is empty, or a key prefix is set without a URL.
    pub fn redis_url(&self) -> Result<Option<&str>, SettingError> {
        match (self.redis_url.as_deref(), &self.redis_key_prefix) {
            (Some(""), _) => Err(SettingError(EMPTY_REDIS_URL.to_owned())),
            (None, Some(_)) => Err(SettingError(PREFIX_WITHOUT_URL.to_owned())),
            (url, _) => Ok(url),
        }
    }

    /// Returns the prefix of each key in Redis, if it is set.
    ///
    /// # Errors
    /// Returns an error if the prefix is empty.
    pub fn redis_key_prefix(&self) -> Result<Option<&str>, SettingError> {
        match self.redis_key_prefix.as_deref() {
            Some("") => Err(SettingError(EMPTY_PREFIX.to_owned())),
            prefix => Ok(prefix),
        }
    }

    /// Returns the Redis server, if it is set. The store connects later.
    #[cfg(feature = "redis")]
    pub(crate) fn redis(&self) -> Result<Option<StateStore>, SettingError> {
        let (Some(url), prefix) = (self.redis_url()?, self.redis_key_prefix()?) else { return Ok(None) };
        let options = prefix.into_iter().fold(RedisStore::options(), RedisOptions::key_prefix);
        let store = options.connect_lazily(url).map_err(|error| SettingError(error.to_string()))?;
        Ok(Some(StateStore::Redis { store, described: describe_url(url) }))
    }

    /// Rejects a URL of Redis. Without this, a command would look for sessions in the database only.
    #[cfg(not(feature = "redis"))]
    pub(crate) fn redis(&self) -> Result<Option<StateStore>, SettingError> {
        match self.redis_url()? {
            Some(_) => Err(SettingError(WITHOUT_REDIS.to_owned())),
            None => Ok(None),
        }
    }

    /// Returns these rules with the secret key, if it is set.
    ///
    /// # Errors
    /// Returns an error if the key cannot be read or is not accepted.
    pub fn passwords(&self, passwords: Passwords) -> Result<Passwords, SettingError> {
        let Some((key, origin)) = self.secret_key()? else { return Ok(passwords) };
        let rejected = |error| SettingError(format!("{origin}: {error}"));
        passwords.secret_key(key.expose_secret()).map_err(rejected)
    }

    /// Returns the key, and its origin for an error. A file takes precedence over the environment.
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

    /// Opens the log file for appending, if it is set. Only its owner can read a new file.
    ///
    /// # Errors
    /// Returns an error if the file cannot be opened.
    pub fn open_log_file(&self) -> Result<Option<File>, SettingError> {
        let Some(path) = self.log_file.as_deref().map(Path::new) else { return Ok(None) };
        if path.as_os_str().is_empty() {
            return Err(SettingError(
                "the name of the log file is empty; set AUTH_LOG_FILENAME or give --log-file".to_owned(),
            ));
        }
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let unopened = |error| SettingError(format!("cannot open the log file `{}`: {error}", path.display()));
        options.open(path).map(Some).map_err(unopened)
    }

    /// Returns the store. It connects later, and changes no table.
    pub(crate) fn store(
        &self,
        default_url: Option<&str>,
        passwords: Passwords,
        declared: Option<&Declared>,
        redis: Option<&StateStore>,
        creates_file: bool,
    ) -> Result<Store, SettingError> {
        let url = self.database_url()?.or(default_url).ok_or_else(|| SettingError(NO_DATABASE.to_owned()))?;
        let mut options = SqlUsers::options().passwords(self.passwords(passwords)?).make_file(creates_file);
        if let Some(declared) = declared {
            options = options.tables(declared.names);
        }
        if let Some(redis) = redis {
            options = redis.count_attempts(options);
        }
        let users = options.connect_lazily(url).map_err(|error| SettingError(error.to_string()))?;
        Ok(Store { users, described: describe_url(url) })
    }
}

/// A store, and its database without the password.
pub(crate) struct Store {
    pub(crate) users: SqlUsers,
    pub(crate) described: String,
}

/// Reads a key without the line break at its end, which an editor adds.
fn key_of_file(path: &Path) -> Result<SecretString, SettingError> {
    let unreadable = |error| SettingError(format!("cannot read the secret key in `{}`: {error}", path.display()));
    let mut key = fs::read_to_string(path).map_err(unreadable)?;
    let text = key.strip_suffix('\n').unwrap_or(&key);
    let secret = SecretString::from(text.strip_suffix('\r').unwrap_or(text));
    key.zeroize();
    Ok(secret)
}

/// Shows no secret.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("database", &self.database_url.as_deref().map(describe_url))
            .field("redis", &self.redis_url.as_deref().map(describe_url))
            .field("redis_key_prefix", &self.redis_key_prefix)
            .field("secret_key_file", &self.secret_key_file)
            .field("log_file", &self.log_file)
            .finish()
    }
}
