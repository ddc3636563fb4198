//! The file of SQLite: how it is created, and why it cannot be opened.

use std::path::{Path, PathBuf};

use crate::{
    StoreError,
    error::FromDriver,
    sql::{dialect::sqlite_code, url::DatabaseUrl},
};

/// The file that a URL of SQLite names.
#[derive(Clone)]
pub(crate) struct SqliteFile {
    path: Option<PathBuf>,
    /// Whether a missing file is created.
    is_created: bool,
    /// Whether the URL has a `mode`.
    has_mode: bool,
}

impl SqliteFile {
    /// Returns the file of a URL, and creates a missing one if the URL allows it.
    pub(crate) fn of(url: &DatabaseUrl) -> Self {
        #[cfg(feature = "sqlite")]
        let path = url.file();
        #[cfg(not(feature = "sqlite"))]
        let path = None;
        let file = Self { path, is_created: url.creates_file(), has_mode: url.has_mode() };
        #[cfg(all(unix, feature = "sqlite"))]
        if let Some(path) = file.path.as_deref().filter(|_| file.is_created) {
            create_private(path);
        }
        file
    }

    fn exists(&self) -> bool {
        self.path.as_deref().is_some_and(Path::exists)
    }

    /// Turns an error of SQLite about this file into advice.
    pub(crate) fn explain(&self, error: sqlx::Error) -> StoreError {
        const CANTOPEN: u32 = 14;
        const READONLY: u32 = 8;
        match (sqlite_code(&error), self.is_created, self.exists()) {
            (Some(CANTOPEN), _, true) => StoreError::Database(
                "its file cannot be opened: is it a file, and may this program read and write it?".into(),
            ),
            (Some(CANTOPEN), true, false) => StoreError::Database(
                "its file can neither be opened nor made: is there such a folder, and may this program write there?"
                    .into(),
            ),
            (Some(CANTOPEN), false, false) => {
                let hint = if self.has_mode { ", with a URL that does not say `mode=`" } else { "" };
                StoreError::Schema(format!("there is no such file, so run `migrate` first{hint}"))
            }
            (Some(READONLY), ..) => StoreError::Database(
                "its file and its folder have to be writable, even to be read: SQLite keeps files beside it".into(),
            ),
            _ => StoreError::from_driver(error),
        }
    }
}

/// Creates a missing file for its owner alone. SQLite would let the umask decide. Errors are reported at opening.
#[cfg(all(unix, feature = "sqlite"))]
fn create_private(path: &Path) {
    use std::{fs::OpenOptions, os::unix::fs::OpenOptionsExt};

    // Never opens an existing file: closing it would release the locks that this process holds on it (POSIX, `close`).
    let _ = OpenOptions::new().write(true).create_new(true).mode(0o600).open(end_of_links(path));
}

/// Returns the target of symbolic links. SQLite follows a link even if its target does not exist.
#[cfg(all(unix, feature = "sqlite"))]
fn end_of_links(path: &Path) -> PathBuf {
    const MOST: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..MOST {
        match path.read_link() {
            Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
            Err(_) => break,
        }
    }
    path
}
