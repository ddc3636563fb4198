//! The store: its connections, and what all its clones share.

use std::{fmt, sync::Arc};

use auth_runtime::{declared::DeclaredNames, throttle::Throttle, users::Passwords};

use crate::{cache::StoreCache, database::Database, last_used::LastUsed};

/// Users and API keys in a database. Cheap to clone: all clones share connections and what is remembered.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use auth_runtime::prelude::*;
/// use auth_store::{NewUser, SqlUsers};
///
/// let users = SqlUsers::connect("sqlite::memory:").await?;
/// let password = "correct horse battery staple"; // from the person, and not in the source
/// users.add(NewUser::new("alice").password(password).roles(["Viewer"])).await?;
///
/// let basic = Basic::new(users.clone());
/// let keys = ApiKeys::new(users);
/// # Ok::<(), auth_store::StoreError>(()) }).unwrap();
/// ```
///
/// Names are compared as [`normalize_name`](crate::normalize_name) writes them. There is no user and no key
/// unless you add them.
///
/// # Freshness
///
/// A user or key that was read is remembered, and a request that comes with it asks the database nothing. What is
/// changed through a clone of the same store counts from the next request on. What another process changes counts after
/// 5 s at most ([`crate::SqlOptions::freshness`]): a number that goes up with each change is read so often. If it cannot be
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
pub struct SqlUsers(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) database: Database,
    pub(crate) cache: StoreCache,
    pub(crate) passwords: Passwords,
    pub(crate) throttle: Throttle,
    pub(crate) tables: Option<&'static DeclaredNames>,
    pub(crate) last_used: LastUsed,
}

impl SqlUsers {
    /// Returns the rules for passwords and hashes of this store.
    #[must_use]
    pub fn passwords(&self) -> &Passwords {
        &self.0.passwords
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
            .field("cache", &self.0.cache)
            .finish_non_exhaustive()
    }
}
