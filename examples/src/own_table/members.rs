//! The table of members, which existed before the application used `auth-runtime`.

use auth_runtime::{
    authenticate::Unavailable,
    users::{SignIn, User, UserStore, hash_password},
};
use sqlx::{AssertSqlSafe, SqlitePool, sqlite::SqlitePoolOptions};

use super::Role;

/// Members of a library, in a table that other parts of the application use too. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Members(SqlitePool);

/// An error of the database. It contains no password, because statements bind their values.
type DatabaseError = sqlx::Error;

impl Members {
    /// Creates an empty table in memory.
    ///
    /// # Errors
    /// Returns an error if the database cannot create it.
    pub async fn in_memory() -> Result<Self, DatabaseError> {
        // One connection only: each would have its own database in memory.
        let one = SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
        let pool = one.connect("sqlite::memory:").await?;
        sqlx::query(
            "CREATE TABLE member (id INTEGER PRIMARY KEY AUTOINCREMENT, number TEXT NOT NULL UNIQUE, \
             full_name TEXT NOT NULL, secret TEXT NOT NULL, is_staff BOOLEAN NOT NULL, left_on TEXT)",
        )
        .execute(&pool)
        .await?;
        Ok(Self(pool))
    }

    /// Adds a member.
    ///
    /// # Errors
    /// Returns an error if the number is taken, or the password is rejected.
    pub async fn join(
        &self,
        number: &str,
        full_name: &str,
        password: &str,
        is_staff: bool,
    ) -> Result<(), Box<dyn std::error::Error>> {
        let member = sqlx::query("INSERT INTO member (number, full_name, secret, is_staff) VALUES (?, ?, ?, ?)");
        member.bind(number).bind(full_name).bind(hash_password(password)?).bind(is_staff).execute(&self.0).await?;
        Ok(())
    }

    /// Ends a membership.
    ///
    /// # Errors
    /// Returns an error if the database is unavailable.
    pub async fn leave(&self, number: &str) -> Result<(), DatabaseError> {
        let left = sqlx::query("UPDATE member SET left_on = date('now') WHERE number = ?").bind(number);
        left.execute(&self.0).await.map(drop)
    }

    async fn find_by(&self, column: &str, value: &str) -> Result<Option<User>, Unavailable> {
        let member = sqlx::query_as(AssertSqlSafe(format!("{SELECT} WHERE {column} = ?"))).bind(value);
        let member: Option<Row> = member.fetch_optional(&self.0).await.map_err(Unavailable::new)?;
        Ok(member.map(user))
    }

    /// Closes the connection, like a database that goes down.
    pub async fn close(&self) {
        self.0.close().await;
    }
}

const SELECT: &str = "SELECT id, number, full_name, secret, is_staff, left_on IS NOT NULL FROM member";

type Row = (i64, String, String, String, bool, bool);

/// Converts a row. Its `id` is the subject: it never changes, and `AUTOINCREMENT` never reuses it.
fn user((id, number, full_name, secret, is_staff, has_left): Row) -> User {
    let role = if is_staff { Role::Librarian } else { Role::Reader };
    User::new(number, secret).with_subject(id.to_string()).display_name(full_name).roles([role]).disabled(has_left)
}

/// Implements the store for `Basic`. Former members are disabled, and staff are librarians.
impl UserStore for Members {
    async fn find(&self, number: &str) -> Result<Option<User>, Unavailable> {
        self.find_by("number", number).await
    }

    async fn find_by_subject(&self, id: &str) -> Result<Option<User>, Unavailable> {
        // Compared as text: SQLite would read `01` and ` 1` as the number 1.
        self.find_by("CAST(id AS TEXT)", id).await
    }

    /// Optional: replaces hashes of an older kind at sign-in, unless the password has changed since.
    async fn signed_in(&self, user: &User, sign_in: SignIn) -> Result<(), Unavailable> {
        if let Some(hash) = sign_in.rehashed {
            let member = sqlx::query("UPDATE member SET secret = ? WHERE id = ? AND secret = ?");
            let member = member.bind(hash).bind(user.subject()).bind(sign_in.verified);
            member.execute(&self.0).await.map_err(Unavailable::new)?;
        }
        Ok(())
    }
}
