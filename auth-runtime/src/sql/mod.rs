//! Users and API keys in a database: SQLite, PostgreSQL, MariaDB or MySQL. One store behind both
//! [`Basic`](crate::users::Basic) and [`ApiKeys`](crate::api_key::ApiKeys).
//!
//! Below are the connections (`database`, `dialect`, `migrate`), what is remembered (`freshness`), what authenticators read
//! (`read`), and what administrators do (`users`, `former`, `lookup`, `keys`, `names`, `import`).

mod account;
mod attempts;
mod change;
mod database;
mod database_url;
mod dialect;
mod error;
mod former;
mod freshness;
mod import;
mod keys;
mod lookup;
mod migrate;
mod names;
mod options;
mod read;
mod time;
mod used;
mod users;

use std::{fmt, sync::Arc};

pub use self::{
    account::{Account, KeyInfo, NewKey, NewUser, Page, Profile},
    database_url::describe_url,
    error::StoreError,
    import::ImportOutcome,
    names::NamesInUse,
    options::SqlOptions,
};
use self::{attempts::SqlAttempts, database::Database, freshness::Memory, used::LastUsed};
use crate::{declared::DeclaredNames, throttle::Throttle, users::Passwords};

/// Users and API keys in a database. Cheap to clone: all clones share connections and what is remembered.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use auth_runtime::{prelude::*, sql::{NewUser, SqlUsers}};
///
/// let users = SqlUsers::connect("sqlite::memory:").await?;
/// let password = "correct horse battery staple"; // from the person, and not in the source
/// users.add(NewUser::new("alice").password(password).roles(["Viewer"])).await?;
///
/// let basic = Basic::new(users.clone());
/// let keys = ApiKeys::new(users);
/// # Ok::<(), auth_runtime::sql::StoreError>(()) }).unwrap();
/// ```
///
/// Names are compared as [`normalize_name`](crate::users::normalize_name) writes them. There is no user and no key
/// unless you add them.
///
/// # Freshness
///
/// A user or key that was read is remembered, and a request that comes with it asks the database nothing. What is
/// changed through a clone of the same store counts from the next request on. What another process changes counts after
/// 5 s at most ([`SqlOptions::freshness`]): a number that goes up with each change is read so often. If it cannot be
/// read, nothing that is remembered counts, and the answer is 503. Whoever changes the tables by hand has to raise that
/// number as well (`UPDATE auth_epoch SET epoch = epoch + 1`); what is forgotten here counts after ten minutes.
///
/// # Guessing
///
/// What is tried is counted in the database ([`Throttle`]), for all processes together. Names and addresses stand there as
/// hashes, which tell nothing if passwords have a [secret key](Passwords::secret_key), and can be guessed if they have none.
/// So all processes need the same one, and with another one it is counted anew.
///
/// # What it does not protect against
///
/// Whoever can write to the database can become anybody. Whoever can read it has the hashes of the passwords:
/// [`Passwords::secret_key`] binds them to a key that is not in it. A SQLite file is made for its owner alone, but one that
/// is there stays as it is.
#[derive(Clone)]
pub struct SqlUsers(Arc<Inner>);

struct Inner {
    database: Database,
    memory: Memory,
    passwords: Passwords,
    throttle: Throttle,
    tables: Option<&'static DeclaredNames>,
    used: LastUsed,
}

impl SqlUsers {
    /// Settings, if others than the defaults are needed.
    pub fn options() -> SqlOptions {
        SqlOptions::default()
    }

    /// Connects with the defaults: [`SqlOptions::connect`].
    ///
    /// # Errors
    /// [`StoreError`] if the URL cannot be read, the database does not answer, or its tables are of another version.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::options().connect(url).await
    }

    fn new(database: Database, options: SqlOptions) -> Self {
        let throttle = Throttle::shared(SqlAttempts::new(database.clone()));
        let throttle = match options.passwords.derived_key(b"auth-runtime: names that were tried") {
            Some(key) => throttle.keyed(&key),
            None => throttle,
        };
        Self(Arc::new(Inner {
            throttle,
            database,
            memory: Memory::new(options.freshness, options.remember_at_most),
            passwords: options.passwords,
            tables: options.tables,
            used: LastUsed::new(options.remember_at_most),
        }))
    }

    /// Makes the tables, or brings them up to date; gives how many steps were missing. Safe if several processes do it at
    /// once: each gives those that it has found missing, whoever makes them.
    ///
    /// # Errors
    /// [`StoreError`] if the database does not answer, or its tables are of a later version.
    pub async fn migrate(&self) -> Result<usize, StoreError> {
        migrate::run(&self.0.database).await
    }

    /// Checks that the tables are those of this version.
    ///
    /// # Errors
    /// [`StoreError::Schema`] if they are not; [`StoreError::Database`] if the database does not answer.
    pub async fn check_schema(&self) -> Result<(), StoreError> {
        migrate::check(&self.0.database).await
    }

    /// Closes the connections, when what is being asked is answered. Nothing can be asked after that.
    pub async fn close(&self) {
        self.0.database.pool().close().await;
    }
}

impl fmt::Debug for SqlUsers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlUsers")
            .field("database", &self.0.database)
            .field("memory", &self.0.memory)
            .finish_non_exhaustive()
    }
}
