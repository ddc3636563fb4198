//! The URL of a database, checked before its driver reads it.

#[cfg(feature = "sqlite")]
use std::path::PathBuf;
use std::str::FromStr;

#[cfg(feature = "sqlite")]
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, any::AnyConnectOptions};
use url::Url;

use crate::{StoreError, sql::dialect::Dialect};

/// The parameters that the drivers know. They ignore all others: `sslmod=require` would leave a connection unencrypted.
const POSTGRES: &str = "sslmode ssl-mode sslrootcert ssl-root-cert ssl-ca sslcert ssl-cert sslkey ssl-key host hostaddr \
                        port dbname user password application_name options statement-cache-capacity";
const MYSQL: &str = "sslmode ssl-mode sslca ssl-ca sslcert ssl-cert sslkey ssl-key charset collation socket timezone \
                     time-zone statement-cache-capacity";

/// The treatment of a missing SQLite file, unless the URL has a `mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MissingFile {
    Create,
    Refuse,
}

/// A URL that its driver accepts.
pub(crate) struct DatabaseUrl {
    dialect: Dialect,
    text: String,
    has_mode: bool,
    options: AnyConnectOptions,
}

impl DatabaseUrl {
    pub(crate) fn parse(url: &str, file: MissingFile) -> Result<Self, StoreError> {
        let (dialect, text) = dialect(url, file)?;
        let options = AnyConnectOptions::from_str(&text).map_err(|error| unreadable(&text, &reason(&error)))?;
        check_parts(dialect, &options.database_url).map_err(|reason| unreadable(&text, &reason))?;
        check_by_driver(dialect, &options.database_url).map_err(|error| unreadable(&text, &reason(&error)))?;
        Ok(Self { dialect, text, has_mode: mode(url).is_some(), options })
    }

    pub(crate) const fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub(crate) fn is_in_memory(&self) -> bool {
        is_in_memory(&self.text)
    }

    /// Returns whether a missing SQLite file is created.
    pub(crate) fn creates_file(&self) -> bool {
        self.dialect == Dialect::Sqlite && mode(&self.text) == Some("rwc")
    }

    /// Returns whether the URL has a `mode`.
    pub(crate) const fn has_mode(&self) -> bool {
        self.has_mode
    }

    /// Returns the path of the SQLite file.
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

/// Returns the dialect of a URL, and the URL for the driver.
fn dialect(url: &str, file: MissingFile) -> Result<(Dialect, String), StoreError> {
    let (scheme, rest) = url.split_once(':').ok_or_else(|| unreadable(url, "it has no scheme"))?;
    // A scheme has no case (RFC 3986, section 3.1).
    let scheme = scheme.to_ascii_lowercase();
    check_sqlalchemy(url, &scheme, rest)?;
    let (dialect, is_built_in, feature) = match &*scheme {
        "sqlite" => (Dialect::Sqlite, cfg!(feature = "sqlite"), "sqlite"),
        "postgres" | "postgresql" => (Dialect::Postgres, cfg!(feature = "postgres"), "postgres"),
        "mysql" | "mariadb" => (Dialect::MySql, cfg!(feature = "mysql"), "mysql"),
        _ => return Err(unreadable(url, "its scheme is none of `sqlite`, `postgres`, `mysql`, `mariadb`")),
    };
    if !is_built_in {
        return Err(StoreError::Setting(format!(
            "this program was built without `{feature}`: add that feature of `auth-store`"
        )));
    }
    match dialect {
        // SQLite would create a temporary database for each connection.
        Dialect::Sqlite if rest.trim_start_matches('/').split('?').next().is_none_or(str::is_empty) => {
            Err(unreadable(url, "it names no file"))
        }
        Dialect::Sqlite => Ok((dialect, with_mode(&format!("sqlite:{rest}"), file))),
        Dialect::Postgres => Ok((dialect, format!("postgres:{rest}"))),
        Dialect::MySql => Ok((dialect, format!("mysql:{rest}"))),
    }
}

/// Refuses URLs that SQLAlchemy reads in another way.
fn check_sqlalchemy(url: &str, scheme: &str, rest: &str) -> Result<(), StoreError> {
    if let Some((dialect @ ("sqlite" | "postgres" | "postgresql" | "mysql" | "mariadb"), driver)) =
        scheme.split_once('+')
    {
        return Err(unreadable(url, &format!("drop `+{driver}`, a driver of SQLAlchemy, and write `{dialect}:`")));
    }
    // Relative in SQLAlchemy, absolute here: the file would be created in another folder. Four slashes are absolute in
    // both.
    match rest.strip_prefix("///").and_then(|rest| rest.split('?').next()) {
        Some(path) if scheme == "sqlite" && !path.is_empty() && !path.starts_with(['/', ':']) => Err(unreadable(
            url,
            &format!(
                "`sqlite:///` is a relative path in SQLAlchemy: write `sqlite:{path}`, or `sqlite:/{path}` for an \
                      absolute path"
            ),
        )),
        _ => Ok(()),
    }
}

/// Adds the `mode` that a URL lacks.
fn with_mode(url: &str, file: MissingFile) -> String {
    if is_in_memory(url) || mode(url).is_some() {
        return url.to_owned();
    }
    let mode = match file {
        MissingFile::Create => "rwc",
        MissingFile::Refuse => "rw",
    };
    format!("{url}{}mode={mode}", if url.contains('?') { '&' } else { '?' })
}

/// Returns the `mode` of a URL.
fn mode(url: &str) -> Option<&str> {
    let (_, query) = url.split_once('?')?;
    query.split('&').filter_map(|parameter| parameter.strip_prefix("mode=")).next_back()
}

fn is_in_memory(url: &str) -> bool {
    let path = url.split('?').next().unwrap_or_default();
    path.trim_start_matches("sqlite:").trim_start_matches('/') == ":memory:" || mode(url) == Some("memory")
}

/// Checks path and parameters. An unknown parameter is not repeated: it may be the rest of a password.
fn check_parts(dialect: Dialect, url: &Url) -> Result<(), String> {
    let known = match dialect {
        // Its driver refuses unknown parameters.
        Dialect::Sqlite => return Ok(()),
        // PostgreSQL would use a database with the name of the user.
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

/// Runs the driver's own checks, which it would otherwise run at the first connection.
fn check_by_driver(dialect: Dialect, url: &Url) -> Result<(), sqlx::Error> {
    match dialect {
        #[cfg(feature = "sqlite")]
        Dialect::Sqlite => SqliteConnectOptions::from_url(url).map(drop),
        #[cfg(feature = "postgres")]
        Dialect::Postgres => sqlx::postgres::PgConnectOptions::from_url(url).map(drop),
        #[cfg(feature = "mysql")]
        Dialect::MySql => sqlx::mysql::MySqlConnectOptions::from_url(url).map(drop),
        // Without its feature, a database has no driver. The connection reports it.
        #[cfg(not(all(feature = "sqlite", feature = "postgres", feature = "mysql")))]
        _ => AnyConnectOptions::from_url(url).map(drop),
    }
}

fn reason(error: &sqlx::Error) -> String {
    match error {
        // The driver of MySQL wraps the reason in another error.
        sqlx::Error::Configuration(inner) => inner.downcast_ref().map_or_else(|| inner.to_string(), reason),
        error => error.to_string(),
    }
}

/// Returns the error of a URL. It does not repeat the URL, which may have a password.
fn unreadable(url: &str, reason: &str) -> StoreError {
    let has_password = url.split_once("://").is_some_and(|(_, rest)| rest.contains('@'));
    let hint = if has_password {
        "; in a password, write `%` as `%25`, `/` as `%2F`, `?` as `%3F` and `#` as `%23`"
    } else {
        ""
    };
    StoreError::Setting(format!(
        "the URL of the database cannot be read: {reason}{hint}; write it like `sqlite:users.db` or \
         `postgres://user@host/database`"
    ))
}

#[cfg(test)]
mod tests {
    use super::{DatabaseUrl, MissingFile, with_mode};

    #[test]
    fn missing_file_is_created_unless_the_url_says_otherwise() {
        assert_eq!(with_mode("sqlite:users.db", MissingFile::Create), "sqlite:users.db?mode=rwc");
        assert_eq!(
            with_mode("sqlite://a/b.db?cache=shared", MissingFile::Create),
            "sqlite://a/b.db?cache=shared&mode=rwc"
        );
        assert_eq!(with_mode("sqlite:users.db?mode=ro", MissingFile::Create), "sqlite:users.db?mode=ro");
        assert_eq!(with_mode("sqlite::memory:", MissingFile::Create), "sqlite::memory:");
        assert_eq!(with_mode("sqlite:users.db?mode=memory", MissingFile::Create), "sqlite:users.db?mode=memory");
        assert_eq!(with_mode("sqlite:mode=ro/users.db", MissingFile::Create), "sqlite:mode=ro/users.db?mode=rwc");
        assert_eq!(with_mode("sqlite:users.db", MissingFile::Refuse), "sqlite:users.db?mode=rw");
    }

    fn refused(url: &str) -> String {
        DatabaseUrl::parse(url, MissingFile::Create).err().unwrap_or_else(|| panic!("{url} is accepted")).to_string()
    }

    #[test]
    fn r91_refused_url_is_not_repeated() {
        for bad in ["", "users.db", "oracle://app:secret@host/db", "://secret", "secret:secret@host"] {
            let said = refused(bad);
            assert!(said.contains("sqlite:users.db") && !said.contains("secret"), "{said}");
        }
    }

    #[test]
    #[cfg(feature = "postgres")]
    fn r91_password_that_ends_the_host_is_not_repeated() {
        for end in ["/", "?", "#"] {
            // `12` looks like a port.
            for start in ["sec", "12"] {
                let said = refused(&format!("postgres://app:{start}{end}secret@host/db"));
                assert!(said.contains("%3F") && !said.contains("sec") && !said.contains("12"), "{said}");
            }
        }
    }

    #[test]
    #[cfg(all(feature = "sqlite", feature = "postgres", feature = "mysql"))]
    fn unknown_and_invalid_parameters_are_refused() {
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
            assert!(DatabaseUrl::parse(url, MissingFile::Create).is_ok(), "{url}");
        }
    }

    #[test]
    #[cfg(all(feature = "sqlite", feature = "postgres", feature = "mysql"))]
    fn urls_of_sqlalchemy_are_refused_with_the_right_spelling() {
        for (url, advice) in [
            ("sqlite:///users.db", "write `sqlite:users.db`, or `sqlite:/users.db` for an absolute path"),
            ("sqlite:///data/users.db?mode=rwc", "write `sqlite:data/users.db`, or `sqlite:/data/users.db`"),
            ("sqlite+aiosqlite:///users.db", "drop `+aiosqlite`, a driver of SQLAlchemy, and write `sqlite:`"),
            (
                "postgresql+psycopg2://app:secret@host/db",
                "drop `+psycopg2`, a driver of SQLAlchemy, and write `postgresql:`",
            ),
            ("mysql+pymysql://app:secret@host/db", "drop `+pymysql`, a driver of SQLAlchemy, and write `mysql:`"),
        ] {
            let error = refused(url);
            assert!(error.contains(advice) && !error.contains("secret"), "{url}: {error}");
        }
        for url in ["sqlite:////data/users.db", "sqlite:/data/users.db", "sqlite:///:memory:", "sqlite://users.db"] {
            assert!(DatabaseUrl::parse(url, MissingFile::Create).is_ok(), "{url}");
        }
    }
}
