//! A database in a temporary folder, and the binary that runs on it.

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
/// The hash of `PASSWORD`, from another system.
pub(crate) const HASH: &str = "$2b$10$tdJIM3z6wxRR7Vg3e1bfiO5IzE4rT0pE9kC6Vn6PD6Sn1D1N8kYuW";

/// A database of one test.
pub(crate) struct Admin {
    pub(crate) folder: TempDir,
    url: String,
}

/// The result of a command.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) output: String,
    pub(crate) errors: String,
}

impl Admin {
    /// Returns a database with tables.
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

    /// Returns a database on a server.
    pub(crate) fn at(url: String) -> Self {
        Self { folder: TempDir::new().unwrap(), url }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, and returns its path.
    pub(crate) fn file(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Returns the binary with its settings in the environment, and no other variables.
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

    /// Changes the database as no command does.
    pub(crate) fn sql(&self, sql: &str) {
        execute(&self.url, sql);
    }

    /// Returns the first column of all rows.
    pub(crate) fn texts(&self, sql: &str) -> Vec<String> {
        sqlx::any::install_default_drivers();
        Runtime::new().unwrap().block_on(async {
            let mut connection = AnyConnection::connect(&self.url).await.unwrap();
            let rows = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(&mut connection).await.unwrap();
            connection.close().await.unwrap();
            rows.iter().map(|row| row.try_get(0).unwrap()).collect()
        })
    }

    /// Makes all other writers wait, until the result is dropped.
    pub(crate) fn lock(&self) -> (AnyConnection, Runtime) {
        sqlx::any::install_default_drivers();
        let runtime = Runtime::new().unwrap();
        let connection = runtime.block_on(async {
            let mut connection = AnyConnection::connect(&self.url).await.unwrap();
            sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut connection).await.unwrap();
            connection
        });
        (connection, runtime)
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

/// Returns the binary without settings.
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
    // A process that has read enough closes its end.
    let _ = child.stdin.take().unwrap().write_all(input.as_ref());
    end(child)
}

pub(crate) fn piped(command: &mut Command) -> Child {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

pub(crate) fn end(child: Child) -> Ran {
    let ended = child.wait_with_output().unwrap();
    Ran {
        code: ended.status.code().expect("an exit code"),
        output: String::from_utf8(ended.stdout).unwrap(),
        errors: String::from_utf8(ended.stderr).unwrap(),
    }
}

impl Ran {
    /// Checks that the command succeeded without a note.
    #[track_caller]
    pub(crate) fn done(self) -> String {
        assert_eq!((self.code, self.errors.as_str()), (0, ""), "{}", self.output);
        self.output
    }

    /// Checks that the command succeeded, with no line on stderr but warnings about new names.
    #[track_caller]
    pub(crate) fn done_with_new_names(self) -> String {
        let mut lines = self.errors.lines();
        assert!(self.code == 0 && lines.all(|line| line.starts_with("auth-admin: warning: ")), "{}", self.errors);
        self.output
    }

    /// Checks that the command succeeded with one line on stderr.
    #[track_caller]
    pub(crate) fn noted(self, note: &str) -> String {
        assert_eq!(self.code, 0, "{}", self.errors);
        assert_one_line(&self.errors);
        assert!(self.errors.starts_with(&format!("auth-admin: {note}")), "{}", self.errors);
        self.output
    }

    /// Checks that the command failed with this line on stderr.
    #[track_caller]
    pub(crate) fn refused(self, code: i32, reason: &str) {
        let mut message = self.errors.strip_prefix("auth-admin: ").expect("the program's name");
        if code == 3 {
            // The name of the database comes first.
            let (database, rest) = message.split_once(": ").expect("the database");
            assert!(["sqlite:", "postgres:", "mysql:"].iter().any(|scheme| database.starts_with(scheme)), "{message}");
            message = rest;
        }
        assert_eq!(message, format!("{reason}\n"));
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

/// Returns lines of a file by their numbers.
pub(crate) fn lines(numbers: Range<usize>, line: impl Fn(usize) -> String) -> String {
    numbers.map(line).collect::<Vec<_>>().concat()
}

/// Returns the text of a file with any content.
pub(crate) fn text_of(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()
}
