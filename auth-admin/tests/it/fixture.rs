//! A database in a folder of its own, and the binary that is run on it.

use std::{
    fs,
    io::Write,
    ops::Range,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::Value;
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Row};
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub(crate) const PASSWORD: &str = "correct horse battery staple";
/// Of `PASSWORD`, as another system has made it.
pub(crate) const HASH: &str = "$2b$10$tdJIM3z6wxRR7Vg3e1bfiO5IzE4rT0pE9kC6Vn6PD6Sn1D1N8kYuW";

/// A new database.
pub(crate) struct Admin {
    pub(crate) folder: TempDir,
    url: String,
}

/// How a command has ended.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) output: String,
    pub(crate) errors: String,
}

impl Admin {
    /// With the tables in it.
    pub(crate) fn new() -> Self {
        let admin = Self::without_tables();
        admin.run(&["migrate"]).done();
        admin
    }

    pub(crate) fn without_tables() -> Self {
        let folder = TempDir::new().unwrap();
        let url = format!("sqlite:{}", folder.path().join("users.db").display());
        Self { folder, url }
    }

    /// On a server.
    pub(crate) fn at(url: String) -> Self {
        Self { folder: TempDir::new().unwrap(), url }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file; gives its path.
    pub(crate) fn file(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The binary, with nothing of the environment of the tests, and its settings in the environment.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = bare(words);
        command.env("AUTH_DB_URI", &self.url).current_dir(self.folder.path());
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        ran(self.command(words).stdin(Stdio::null()))
    }

    pub(crate) fn run_with(&self, words: &[&str], input: impl AsRef<[u8]>) -> Ran {
        ran_with(&mut self.command(words), input)
    }

    pub(crate) fn json(&self, words: &[&str]) -> Value {
        self.run(&[words, &["--output", "json"]].concat()).json()
    }

    /// Adds users without a password.
    pub(crate) fn add(&self, names: &[&str]) {
        for name in names {
            self.run(&["user", "add", name, "--no-password"]).done();
        }
    }

    /// Adds a user with `PASSWORD`.
    pub(crate) fn add_with_password(&self, name: &str) {
        self.run_with(&["user", "add", name, "--password-stdin"], format!("{PASSWORD}\n")).done();
    }

    pub(crate) fn verifies(&self, name: &str, password: &str) -> Ran {
        self.run_with(&["user", "verify-password", name, "--password-stdin"], format!("{password}\r\n"))
    }

    /// Does what no command would do.
    pub(crate) fn sql(&self, sql: &str) {
        execute(&self.url, sql);
    }

    /// The first column of all rows.
    pub(crate) fn texts(&self, sql: &str) -> Vec<String> {
        sqlx::any::install_default_drivers();
        Runtime::new().unwrap().block_on(async {
            let mut connection = AnyConnection::connect(&self.url).await.unwrap();
            let rows = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(&mut connection).await.unwrap();
            connection.close().await.unwrap();
            rows.iter().map(|row| row.try_get(0).unwrap()).collect()
        })
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let users = self.json(&["user", "list"]);
        users.as_array().unwrap().iter().map(|user| user["name"].as_str().unwrap().to_owned()).collect()
    }
}

pub(crate) fn execute(url: &str, sql: &str) {
    sqlx::any::install_default_drivers();
    Runtime::new().unwrap().block_on(async {
        let mut connection = AnyConnection::connect(url).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
}

/// The binary without settings.
pub(crate) fn bare(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_auth-admin"));
    command.args(words).env_clear();
    command
}

pub(crate) fn ran(command: &mut Command) -> Ran {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    end(command.spawn().unwrap())
}

pub(crate) fn ran_with(command: &mut Command, input: impl AsRef<[u8]>) -> Ran {
    let mut child = piped(command);
    // Whoever has read enough closes its end.
    let _ = child.stdin.take().unwrap().write_all(input.as_ref());
    end(child)
}

pub(crate) fn piped(command: &mut Command) -> Child {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

pub(crate) fn end(child: Child) -> Ran {
    let ended = child.wait_with_output().unwrap();
    Ran {
        code: ended.status.code().expect("it was not killed"),
        output: String::from_utf8(ended.stdout).unwrap(),
        errors: String::from_utf8(ended.stderr).unwrap(),
    }
}

impl Ran {
    /// It was done, and there was nothing else to say.
    #[track_caller]
    pub(crate) fn done(self) -> String {
        assert_eq!((self.code, self.errors.as_str()), (0, ""), "{}", self.output);
        self.output
    }

    /// It was done, and this was said of it in one line.
    #[track_caller]
    pub(crate) fn noted(self, note: &str) -> String {
        assert_eq!(self.code, 0, "{}", self.errors);
        assert_one_line(&self.errors);
        assert!(self.errors.starts_with(&format!("auth-admin: {note}")), "{}", self.errors);
        self.output
    }

    /// It was not done, for a reason in one line.
    #[track_caller]
    pub(crate) fn refused(self, code: i32, reason: &str) {
        let mut said = self.errors.strip_prefix("auth-admin: ").expect("the program's name");
        if code == 3 {
            // Which database that is comes first.
            let (database, rest) = said.split_once(": ").expect("the database");
            assert!(["sqlite:", "postgres:", "mysql:"].iter().any(|scheme| database.starts_with(scheme)), "{said}");
            said = rest;
        }
        assert_eq!(said, format!("{reason}\n"));
        assert_eq!((self.code, self.output.as_str()), (code, ""));
    }

    #[track_caller]
    pub(crate) fn json(self) -> Value {
        assert_eq!(self.code, 0, "{}", self.errors);
        serde_json::from_str(&self.output).unwrap()
    }
}

#[track_caller]
pub(crate) fn assert_one_line(text: &str) {
    assert!(text.ends_with('\n') && text.matches('\n').count() == 1, "{text:?}");
}

/// The lines of a file, by their number.
pub(crate) fn lines(numbers: Range<usize>, line: impl Fn(usize) -> String) -> String {
    numbers.map(line).collect::<Vec<_>>().concat()
}

/// As the log and a database file are read: whatever is in it.
pub(crate) fn text_of(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()
}
