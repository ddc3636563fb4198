//! The table of members, as it was before there was an `auth-runtime`.

use auth_runtime::{
    authenticate::Unavailable,
    users::{SignIn, User, UserStore, hash_password},
};
use sqlx::{SqlitePool, sqlite::SqlitePoolOptions};

use super::Role;

/// Members of a library, in a table that other parts of the application use as well. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Members(SqlitePool);

/// Whatever keeps a statement from being done. It holds no password: statements have their values apart.
type DatabaseError = sqlx::Error;

impl Members {
    /// A table in memory, without members.
    ///
    /// # Errors
    /// If it cannot be made.
    pub async fn in_memory() -> Result<Self, DatabaseError> {
        // Each connection would have a table of its own.
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
    /// If the number is taken, or the password not accepted.
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
    /// If the database does not do it.
    pub async fn leave(&self, number: &str) -> Result<(), DatabaseError> {
        let left = sqlx::query("UPDATE member SET left_on = date('now') WHERE number = ?").bind(number);
        left.execute(&self.0).await.map(drop)
    }

    /// Ends the connection, as a database does that goes down.
    pub async fn close(&self) {
        self.0.close().await;
    }
}

/// All that `Basic` needs. What a row means is said here: whoever has left is disabled, and staff are librarians.
impl UserStore for Members {
    // `id` is the subject: it never changes, and `AUTOINCREMENT` never gives it to another member.
    async fn find(&self, number: &str) -> Result<Option<User>, Unavailable> {
        let member = sqlx::query_as(
            "SELECT id, number, full_name, secret, is_staff, left_on IS NOT NULL FROM member WHERE number = ?",
        );
        let member: Option<(i64, String, String, String, bool, bool)> =
            member.bind(number).fetch_optional(&self.0).await.map_err(Unavailable::new)?;
        Ok(member.map(|(id, number, full_name, secret, is_staff, has_left)| {
            let role = if is_staff { Role::Librarian } else { Role::Reader };
            User::new(number, secret)
                .with_subject(id.to_string())
                .display_name(full_name)
                .roles([role.name()])
                .disabled(has_left)
        }))
    }

    /// Optional: passwords that the system before has hashed are kept as it should be today, unless they were changed
    /// meanwhile.
    async fn signed_in(&self, user: &User, sign_in: SignIn) -> Result<(), Unavailable> {
        if let Some(hash) = sign_in.rehashed {
            let member = sqlx::query("UPDATE member SET secret = ? WHERE id = ? AND secret = ?");
            let member = member.bind(hash).bind(user.subject()).bind(sign_in.verified);
            member.execute(&self.0).await.map_err(Unavailable::new)?;
        }
        Ok(())
    }
}
