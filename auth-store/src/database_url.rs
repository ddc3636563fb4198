//! The URL of a database: which dialect it means, whether its driver can read it, and how it is shown.

#[cfg(feature = "sqlite")]
use std::path::PathBuf;
use std::str::FromStr;

#[cfg(feature = "sqlite")]
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, any::AnyConnectOptions};
use url::Url;

use crate::{StoreError, dialect::Dialect};

/// The parameters that the drivers read. They ignore all others, so that a connection is not encrypted if it says `sslmod`.
const POSTGRES: &str = "sslmode ssl-mode sslrootcert ssl-root-cert ssl-ca sslcert ssl-cert sslkey ssl-key host hostaddr \
                        port dbname user password application_name options statement-cache-capacity";
const MYSQL: &str = "sslmode ssl-mode sslca ssl-ca sslcert ssl-cert sslkey ssl-key charset collation socket timezone \
                     time-zone statement-cache-capacity";

/// What becomes of a file of SQLite that is not there, unless the URL says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum File {
    Made,
    Missed,
}

/// A URL that its driver can read.
pub(crate) struct DatabaseUrl {
    dialect: Dialect,
    text: String,
    says_mode: bool,
    options: AnyConnectOptions,
}

impl DatabaseUrl {
    pub(crate) fn parse(url: &str, file: File) -> Result<Self, StoreError> {
        let (dialect, text) = dialect(url, file)?;
        let options = AnyConnectOptions::from_str(&text).map_err(|error| unreadable(&text, &in_words(&error)))?;
        check_parts(dialect, &options.database_url).map_err(|reason| unreadable(&text, &reason))?;
        check_by_driver(dialect, &options.database_url).map_err(|error| unreadable(&text, &in_words(&error)))?;
        Ok(Self { dialect, text, says_mode: mode(url).is_some(), options })
    }

    pub(crate) const fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub(crate) fn is_in_memory(&self) -> bool {
        is_in_memory(&self.text)
    }

    /// Whether a file of SQLite is made if it is not there.
    pub(crate) fn makes_file(&self) -> bool {
        self.dialect == Dialect::Sqlite && mode(&self.text) == Some("rwc")
    }

    /// Whether the URL said what becomes of a file.
    pub(crate) const fn says_mode(&self) -> bool {
        self.says_mode
    }

    /// The file of SQLite.
    #[cfg(feature = "sqlite")]
    pub(crate) fn file(&self) -> Option<PathBuf> {
        if self.dialect != Dialect::Sqlite || self.is_in_memory() {
            return None;
        }
        let options = SqliteConnectOptions::from_url(&self.options.database_url).ok()?;
        Some(options.get_filename().to_owned())
    }

    pub(crate) fn into_options(self) -> AnyConnectOptions {
        self.options
    }
}

/// The dialect of a URL, and the URL as the driver reads it.
fn dialect(url: &str, file: File) -> Result<(Dialect, String), StoreError> {
    let (scheme, rest) = url.split_once(':').ok_or_else(|| unreadable(url, "it has no scheme"))?;
    // RFC 3986, section 3.1.
    let scheme = scheme.to_ascii_lowercase();
    let (dialect, is_built_in, feature) = match &*scheme {
        "sqlite" => (Dialect::Sqlite, cfg!(feature = "sqlite"), "sqlite"),
        "postgres" | "postgresql" => (Dialect::Postgres, cfg!(feature = "postgres"), "postgres"),
        "mysql" | "mariadb" => (Dialect::MySql, cfg!(feature = "mysql"), "mysql"),
        _ => return Err(unreadable(url, "its scheme is none of `sqlite`, `postgres`, `mysql`, `mariadb`")),
    };
    if !is_built_in {
        return Err(StoreError::Setting(format!(
            "this program was built without `{feature}`: add that feature of `auth-runtime`"
        )));
    }
    match dialect {
        // SQLite would make a database for each connection, and keep none.
        Dialect::Sqlite if rest.trim_start_matches('/').split('?').next().is_none_or(str::is_empty) => {
            Err(unreadable(url, "it names no file"))
        }
        Dialect::Sqlite => Ok((dialect, with_mode(&format!("sqlite:{rest}"), file))),
        Dialect::Postgres => Ok((dialect, format!("postgres:{rest}"))),
        Dialect::MySql => Ok((dialect, format!("mysql:{rest}"))),
    }
}

/// What becomes of a file that is not there, unless the URL says it.
fn with_mode(url: &str, file: File) -> String {
    if is_in_memory(url) || mode(url).is_some() {
        return url.to_owned();
    }
    let mode = match file {
        File::Made => "rwc",
        File::Missed => "rw",
    };
    format!("{url}{}mode={mode}", if url.contains('?') { '&' } else { '?' })
}

/// What the URL says becomes of a file.
fn mode(url: &str) -> Option<&str> {
    let (_, query) = url.split_once('?')?;
    query.split('&').filter_map(|parameter| parameter.strip_prefix("mode=")).next_back()
}

fn is_in_memory(url: &str) -> bool {
    let path = url.split('?').next().unwrap_or_default();
    path.trim_start_matches("sqlite:").trim_start_matches('/') == ":memory:" || mode(url) == Some("memory")
}

/// What is not known is not repeated: it may be the rest of a password.
fn check_parts(dialect: Dialect, url: &Url) -> Result<(), String> {
    let known = match dialect {
        // Its driver refuses them.
        Dialect::Sqlite => return Ok(()),
        // PostgreSQL has one of the user's name.
        Dialect::MySql if url.path().trim_start_matches('/').is_empty() => {
            return Err("it names no database".to_owned());
        }
        Dialect::Postgres => POSTGRES,
        Dialect::MySql => MYSQL,
    };
    if url.path().contains('@') || url.fragment().is_some() {
        return Err("it has a `@` after the host, or a `#`".to_owned());
    }
    let is_known = |name: &str| {
        let is_option = dialect == Dialect::Postgres && name.starts_with("options[") && name.ends_with(']');
        is_option || known.split(' ').any(|known| known == name)
    };
    if url.query_pairs().all(|(name, _)| is_known(&name)) {
        return Ok(());
    }
    Err(format!("it has a parameter that is none of `{}`", known.replace(' ', "`, `")))
}

/// What else the driver would say when it connects.
fn check_by_driver(dialect: Dialect, url: &Url) -> Result<(), sqlx::Error> {
    match dialect {
        #[cfg(feature = "sqlite")]
        Dialect::Sqlite => SqliteConnectOptions::from_url(url).map(drop),
        #[cfg(feature = "postgres")]
        Dialect::Postgres => sqlx::postgres::PgConnectOptions::from_url(url).map(drop),
        #[cfg(feature = "mysql")]
        Dialect::MySql => sqlx::mysql::MySqlConnectOptions::from_url(url).map(drop),
        // A database without its feature has no driver, which the connection reports.
        #[cfg(not(all(feature = "sqlite", feature = "postgres", feature = "mysql")))]
        _ => AnyConnectOptions::from_url(url).map(drop),
    }
}

fn in_words(error: &sqlx::Error) -> String {
    match error {
        // The driver of MySQL says it within another one.
        sqlx::Error::Configuration(reason) => reason.downcast_ref().map_or_else(|| reason.to_string(), in_words),
        error => error.to_string(),
    }
}

/// The URL itself may hold a password.
fn unreadable(url: &str, reason: &str) -> StoreError {
    let has_password = url.split_once("://").is_some_and(|(_, rest)| rest.contains('@'));
    let hint = if has_password {
        "; in a password, write `%` as `%25`, `/` as `%2F`, `?` as `%3F` and `#` as `%23`"
    } else {
        ""
    };
    StoreError::Setting(format!(
        "the URL of the database cannot be read: {reason}{hint}; it is like `sqlite:users.db` or \
         `postgres://user@host/database`"
    ))
}

/// What a URL has after its host, if it has a host.
fn after_host(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    rest.find(['/', '?', '#']).map(|end| &rest[end..])
}

/// Which database a URL means, without user, password and parameters: for messages.
///
/// ```
/// use auth_store::describe_url;
///
/// assert_eq!(describe_url("postgres://app:secret@db.example:5433/users?sslmode=require"), "postgres://db.example:5433/users");
/// assert_eq!(describe_url("sqlite:users.db?mode=rwc"), "sqlite:users.db");
/// ```
#[must_use]
pub fn describe_url(url: &str) -> String {
    if url.starts_with("sqlite:") && !url.contains('@') {
        return url.split('?').next().unwrap_or_default().to_owned();
    }
    let Ok(mut parsed) = Url::parse(url) else { return "a URL that cannot be read".to_owned() };
    // The `@` may be the one that ends a password, which is then taken for host, port and path.
    let is_clear = parsed.has_host() && !after_host(url).is_some_and(|rest| rest.contains('@'));
    if !is_clear || parsed.set_username("").is_err() || parsed.set_password(None).is_err() {
        return parsed.scheme().to_owned();
    }
    parsed.set_query(None);
    parsed.set_fragment(None);
    parsed.to_string()
}

#[cfg(test)]
mod tests {
    use super::{DatabaseUrl, File, describe_url, with_mode};

    #[test]
    fn a_file_is_made_if_it_is_not_there() {
        assert_eq!(with_mode("sqlite:users.db", File::Made), "sqlite:users.db?mode=rwc");
        assert_eq!(with_mode("sqlite://a/b.db?cache=shared", File::Made), "sqlite://a/b.db?cache=shared&mode=rwc");
        assert_eq!(with_mode("sqlite:users.db?mode=ro", File::Made), "sqlite:users.db?mode=ro");
        assert_eq!(with_mode("sqlite::memory:", File::Made), "sqlite::memory:");
        assert_eq!(with_mode("sqlite:users.db?mode=memory", File::Made), "sqlite:users.db?mode=memory");
        assert_eq!(with_mode("sqlite:mode=ro/users.db", File::Made), "sqlite:mode=ro/users.db?mode=rwc");
        assert_eq!(with_mode("sqlite:users.db", File::Missed), "sqlite:users.db?mode=rw");
    }

    fn refused(url: &str) -> String {
        DatabaseUrl::parse(url, File::Made).err().unwrap_or_else(|| panic!("{url} is accepted")).to_string()
    }

    #[test]
    fn r91_a_url_that_cannot_be_read_is_not_repeated() {
        for bad in ["", "users.db", "oracle://app:secret@host/db", "://secret", "secret:secret@host"] {
            let said = refused(bad);
            assert!(said.contains("sqlite:users.db") && !said.contains("secret"), "{said}");
        }
    }

    #[test]
    #[cfg(feature = "postgres")]
    fn r91_a_password_that_ends_the_host_is_not_repeated() {
        for end in ["/", "?", "#"] {
            // The second looks like a port.
            for start in ["sec", "12"] {
                let said = refused(&format!("postgres://app:{start}{end}secret@host/db"));
                assert!(said.contains("%3F") && !said.contains("sec") && !said.contains("12"), "{said}");
            }
        }
    }

    #[test]
    #[cfg(all(feature = "sqlite", feature = "postgres", feature = "mysql"))]
    fn parameters_that_a_driver_would_ignore_or_trip_over_are_refused_at_start() {
        for (url, word) in [
            ("postgres://host/db?sslmod=require", "`sslmode`"),
            ("postgres://host/db?sslmode=yes", "ssl_mode"),
            ("postgres://host/db?port=x", "digit"),
            ("postgres://host/db?options[search_path=auth", "`options`"),
            ("mysql://host/db?options[search_path]=auth", "`ssl-mode`"),
            ("mysql://host/db?sslmod=REQUIRED", "`ssl-mode`"),
            ("mysql://host/db?ssl-mode=yes", "ssl_mode"),
            ("mysql://host/db?password=secret", "`ssl-mode`"),
            ("mysql://host/db?ssl-mode=yes", "read: unknown value"),
            ("mysql://app:100%ff@host/db", "%25"),
            ("mysql://app:secret@host", "names no database"),
            ("mysql://host/?ssl-mode=REQUIRED", "names no database"),
            ("sqlite:", "names no file"),
            ("sqlite://", "names no file"),
            ("sqlite:?mode=rwc", "names no file"),
            ("sqlite:users.db?mod=rwc", "mod"),
            ("sqlite:users.db?mode=write", "mode"),
        ] {
            let said = refused(url);
            assert!(said.contains(word) && !said.contains("secret"), "{url}: {said}");
        }
        for url in [
            "postgres://app:sec%2Fret@host:5433/db?sslmode=verify-full&options[search_path]=auth",
            "POSTGRES://host/db",
            "postgres:///db?host=/run/postgresql&user=app@example",
            "mysql://host/db?ssl-mode=VERIFY_IDENTITY&ssl-ca=ca.pem",
            "mariadb://host/db?socket=/run/mysqld.sock",
            "sqlite://users.db?mode=ro",
            "sqlite::memory:",
        ] {
            assert!(DatabaseUrl::parse(url, File::Made).is_ok(), "{url}");
        }
    }

    #[test]
    fn r91_a_described_url_has_no_secret() {
        for url in [
            "postgres://app:secret@h/db",
            "mysql://app:secret@h:1/db?password=secret",
            "postgres://secret@/db?host=/run&password=secret",
            "postgres:///db?password=secret",
            "postgres://app:sec#secret@h/db",
            "postgres://app:12/secret@h/db",
            "postgres://app:12?secret@h/db",
            "mysql:secret",
            "sqlite://app:secret@h/db",
        ] {
            let shown = describe_url(url);
            assert!(!shown.contains("secret") && !shown.contains("12"), "{shown}");
        }
    }
}
