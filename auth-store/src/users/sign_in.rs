//! The SQL of a sign-in: the user of a name or subject, and the note that the user signed in.

use sqlx::{AnyConnection, Row, any::AnyRow};

use crate::{
    SqlUsers, StoreError,
    error::DriverResult,
    normalize_name,
    sql::database::Database,
    time::{now, time},
};
use auth_runtime::{
    authenticate::Unavailable,
    throttle::Throttle,
    users::{Passwords, SignIn, User, UserStore},
};

/// The primary key of no user. An unknown name costs the same statements as a known one.
const NO_ID: i64 = -1;
/// Whether sign-ins of a user need a second factor, as 1 or 0.
pub(crate) const HAS_SECOND_FACTOR: &str = "CASE WHEN EXISTS (SELECT 1 FROM auth_second_factor f \
     WHERE f.user_id = auth_user.id AND f.secret IS NOT NULL) THEN 1 ELSE 0 END AS has_second_factor";
/// Reads roles and permissions in one round trip.
const NAMES: &str = "SELECT 'r' AS kind, role AS name FROM auth_user_role WHERE user_id = ? \
                     UNION ALL SELECT 'p', permission FROM auth_user_permission WHERE user_id = ?";

impl UserStore for SqlUsers {
    async fn find(&self, username: &str) -> Result<Option<User>, Unavailable> {
        let Ok(name) = normalize_name(username) else { return Ok(None) };
        let generation = self.generation().await?;
        if let Some(user) = self.0.cache.users.get(&name, generation) {
            return Ok(Some(user));
        }
        let user = self.read_user(&name).await?;
        if let Some(user) = &user {
            self.0.cache.insert_user(generation, user);
        }
        Ok(user)
    }

    fn find_now(&self, username: &str) -> Option<User> {
        self.0.cache.users.get(&normalize_name(username).ok()?, self.0.cache.recent_generation()?)
    }

    async fn find_by_subject(&self, subject: &str) -> Result<Option<User>, Unavailable> {
        if subject.contains('\0') {
            return Ok(None);
        }
        let generation = self.generation().await?;
        if let Some(user) = self.0.cache.users_by_subject.get(subject, generation) {
            return Ok(Some(user));
        }
        let user = self.read_user_by("subject", subject).await?;
        if let Some(user) = &user {
            self.0.cache.insert_user(generation, user);
        }
        Ok(user)
    }

    fn find_by_subject_now(&self, subject: &str) -> Option<User> {
        self.0.cache.users_by_subject.get(subject, self.0.cache.recent_generation()?)
    }

    async fn find_at_sign_in(&self, username: &str) -> Result<Option<User>, Unavailable> {
        Ok(self.read_user(username).await?)
    }

    async fn signed_in(&self, user: &User, sign_in: SignIn) -> Result<(), Unavailable> {
        let database = &self.0.database;
        let seen = || {
            let sql = "UPDATE auth_user SET last_sign_in_at = ? WHERE subject = ?";
            database.query(sql).bind(now()).bind(user.subject().to_owned()).execute(database.pool())
        };
        database.retry(seen).await.store_error()?;
        if let Some(hash) = sign_in.rehashed {
            // The password is the same, so tokens stay valid.
            let rehash = || {
                let sql = "UPDATE auth_user SET password_hash = ? WHERE subject = ? AND password_hash = ?";
                let query = database.query(sql).bind(hash.clone()).bind(user.subject().to_owned());
                query.bind(sign_in.verified.clone()).execute(database.pool())
            };
            database.retry(rehash).await.store_error()?;
        }
        // This or another process may have replaced the hash: the cached user is outdated.
        self.0.cache.remove_user(user);
        Ok(())
    }

    fn passwords(&self) -> Passwords {
        self.0.passwords.clone()
    }

    fn throttle(&self) -> Throttle {
        self.0.throttle.clone()
    }
}

impl SqlUsers {
    /// Reads a user from the database.
    pub(crate) async fn read_user(&self, name: &str) -> Result<Option<User>, StoreError> {
        // An invalid name costs the same statements as a valid one.
        self.read_user_by("name", &normalize_name(name).unwrap_or_default()).await
    }

    /// Reads the user whose column has this value. The value has no NUL, which PostgreSQL would refuse.
    pub(crate) async fn read_user_by(&self, column: &str, value: &str) -> Result<Option<User>, StoreError> {
        let database = &self.0.database;
        let read = async {
            let mut connection = database.pool().acquire().await?;
            let row = database
                .query(&format!(
                    "SELECT id, subject, name, display_name, email, verified_email, password_hash, \
                     password_expires_at, disabled, credential_epoch, {HAS_SECOND_FACTOR} FROM auth_user \
                     WHERE {column} = ?"
                ))
                .bind(value.to_owned())
                .fetch_optional(&mut *connection)
                .await?;
            let id = row.as_ref().map_or(Ok(NO_ID), |row| row.try_get("id"))?;
            let (roles, permissions) = names(database, &mut connection, id).await?;
            let user = row.map(|row| user(&row)).transpose()?;
            Ok::<_, sqlx::Error>(user.map(|user| user.roles(roles).permissions(permissions)))
        };
        database.within(read).await.store_error()
    }
}

/// Reads the roles and permissions of a user.
pub(crate) async fn names(
    database: &Database,
    connection: &mut AnyConnection,
    id: i64,
) -> Result<(Vec<String>, Vec<String>), sqlx::Error> {
    let (mut roles, mut permissions) = (Vec::new(), Vec::new());
    for row in database.query(NAMES).bind(id).bind(id).fetch_all(connection).await? {
        let of_kind = if row.try_get::<String, _>(0)? == "r" { &mut roles } else { &mut permissions };
        of_kind.push(row.try_get(1)?);
    }
    Ok((roles, permissions))
}

/// Returns the user of a row, without roles and permissions.
fn user(row: &AnyRow) -> Result<User, sqlx::Error> {
    let hash = row.try_get::<Option<String>, _>("password_hash")?.unwrap_or_default();
    let epoch = u64::try_from(row.try_get::<i64, _>("credential_epoch")?).unwrap_or_default();
    let mut user = User::new(row.try_get::<String, _>("name")?, hash)
        .with_subject(row.try_get::<String, _>("subject")?)
        .disabled(row.try_get::<i64, _>("disabled")? != 0)
        .with_second_factor(row.try_get::<i64, _>("has_second_factor")? != 0)
        .credential_epoch(epoch);
    if let Some(name) = row.try_get::<Option<String>, _>("display_name")? {
        user = user.display_name(name);
    }
    if let Some(email) = row.try_get::<Option<String>, _>("email")? {
        let is_verified = row.try_get::<Option<String>, _>("verified_email")?.is_some();
        user = if is_verified { user.with_verified_email(email) } else { user.with_email(email) };
    }
    if let Some(end) = row.try_get::<Option<i64>, _>("password_expires_at")? {
        user = user.password_expires_at(time(end));
    }
    Ok(user)
}
