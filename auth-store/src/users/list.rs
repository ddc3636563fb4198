//! Look-up of users for administrators: one by name, or a page.

use std::collections::HashMap;

use sqlx::{AnyConnection, Row, any::AnyRow, query::Query};

use crate::{
    Account, Page, SqlUsers, StoreError,
    error::DriverResult,
    normalize_name,
    sql::{
        database::Database,
        dialect::{placeholders, until_nul},
    },
    time::time,
    users::{declared_names::Kind, sign_in::HAS_SECOND_FACTOR},
};

const COLUMNS: &str = "id, subject, name, display_name, email, password_expires_at, disabled, created_at, last_sign_in_at, \
                       CASE WHEN password_hash IS NULL THEN 0 ELSE 1 END AS has_password, \
                       CASE WHEN verified_email IS NULL THEN 0 ELSE 1 END AS is_email_verified";
/// Up to this number of users, a role is rare: a page selects its users by their primary keys.
const FEW: usize = 1000;

/// Look-up of users.
impl SqlUsers {
    /// Returns the user of this name.
    ///
    /// # Errors
    /// [`StoreError::NoUser`]; [`StoreError::Database`].
    pub async fn get(&self, name: &str) -> Result<Account, StoreError> {
        let not_found = || StoreError::NoUser(name.to_owned());
        let normalized = normalize_name(name).map_err(|_| not_found())?;
        let database = &self.0.database;
        let get = async {
            let mut connection = database.pool().acquire().await.store_error()?;
            find_account(database, &mut connection, &normalized).await
        };
        database.within(get).await?.ok_or_else(not_found)
    }

    /// Returns a page of users.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn list(&self, page: Page) -> Result<Vec<Account>, StoreError> {
        let database = &self.0.database;
        let list = async {
            let mut connection = database.pool().acquire().await?;
            let rows = page_of(database, &mut connection, page).await?;
            accounts(database, &mut connection, rows).await
        };
        database.within(list).await.store_error()
    }

    /// Returns how many users cannot sign in here, because their password hashes are bound to a
    /// [secret key](auth_runtime::users::Passwords::secret_key) that is not configured. It scans all users.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn count_with_unknown_key(&self) -> Result<u64, StoreError> {
        let database = &self.0.database;
        let known = self.0.passwords.key_parameters();
        let others = "AND password_hash NOT LIKE ? ".repeat(known.len());
        let sql = format!("SELECT COUNT(*) FROM auth_user WHERE password_hash LIKE '%,keyid=%' {others}");
        let query = known.into_iter().fold(database.query(&sql), |query, known| query.bind(format!("%,{known}%")));
        let row = database.within(query.fetch_one(database.pool())).await.store_error()?;
        Ok(u64::try_from(row.try_get::<i64, _>(0).store_error()?).unwrap_or_default())
    }

    /// Returns the number of users.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn count(&self) -> Result<u64, StoreError> {
        let database = &self.0.database;
        let row = database
            .within(database.query("SELECT COUNT(*) FROM auth_user").fetch_one(database.pool()))
            .await
            .store_error()?;
        Ok(u64::try_from(row.try_get::<i64, _>(0).store_error()?).unwrap_or_default())
    }
}

/// Reads the user of a normalized name.
pub(super) async fn find_account(
    database: &Database,
    connection: &mut AnyConnection,
    name: &str,
) -> Result<Option<Account>, StoreError> {
    let query = database.query(&format!("SELECT {COLUMNS}, {HAS_SECOND_FACTOR} FROM auth_user WHERE name = ?"));
    let row = query.bind(name.to_owned()).fetch_optional(&mut *connection).await.store_error()?;
    Ok(accounts(database, connection, row.into_iter().collect()).await.store_error()?.pop())
}

/// Returns the rows of a page. For a role with few users, only those are searched. Otherwise all users are scanned in
/// the order of their names until the page is full.
async fn page_of(
    database: &Database,
    connection: &mut AnyConnection,
    Page { limit, after, role }: Page,
) -> Result<Vec<AnyRow>, sqlx::Error> {
    let few = match &role {
        Some(role) => few_of_role(database, connection, role).await?,
        None => None,
    };
    let of_role = match (&role, &few) {
        (None, _) => String::new(),
        (Some(_), None) => {
            "AND EXISTS (SELECT 1 FROM auth_user_role r WHERE r.user_id = auth_user.id AND r.role = ?)".to_owned()
        }
        (Some(_), Some(ids)) if ids.is_empty() => return Ok(Vec::new()),
        (Some(_), Some(ids)) => format!("AND id IN ({})", placeholders(ids.len())),
    };
    let sql =
        format!("SELECT {COLUMNS}, {HAS_SECOND_FACTOR} FROM auth_user WHERE name > ? {of_role} ORDER BY name LIMIT ?");
    let query = database.query(&sql).bind(until_nul(after));
    let query = match few {
        Some(ids) => ids.into_iter().fold(query, Query::bind),
        None => role.into_iter().fold(query, Query::bind),
    };
    query.bind(i64::from(limit)).fetch_all(connection).await
}

/// Returns the primary keys of the users of a role; none if there are many.
async fn few_of_role(
    database: &Database,
    connection: &mut AnyConnection,
    role: &str,
) -> Result<Option<Vec<i64>>, sqlx::Error> {
    if role.contains('\0') {
        return Ok(Some(Vec::new()));
    }
    let sql = format!("SELECT user_id FROM auth_user_role WHERE role = ? LIMIT {}", FEW + 1);
    let rows = database.query(&sql).bind(role.to_owned()).fetch_all(connection).await?;
    if rows.len() > FEW {
        return Ok(None);
    }
    rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>().map(Some)
}

/// Turns rows into accounts, with roles and permissions.
async fn accounts(
    database: &Database,
    connection: &mut AnyConnection,
    rows: Vec<AnyRow>,
) -> Result<Vec<Account>, sqlx::Error> {
    let ids = rows.iter().map(|row| row.try_get("id")).collect::<Result<Vec<i64>, _>>()?;
    let mut roles = names_of(database, connection, Kind::Role, &ids).await?;
    let mut permissions = names_of(database, connection, Kind::Permission, &ids).await?;
    let account = |(row, id): (&AnyRow, &i64)| account(row, roles.remove(id), permissions.remove(id));
    rows.iter().zip(&ids).map(account).collect()
}

async fn names_of(
    database: &Database,
    connection: &mut AnyConnection,
    kind: Kind,
    ids: &[i64],
) -> Result<HashMap<i64, Vec<String>>, sqlx::Error> {
    let mut names: HashMap<i64, Vec<String>> = HashMap::new();
    if ids.is_empty() {
        return Ok(names);
    }
    let (table, column, marks) = (kind.table(), kind.column(), placeholders(ids.len()));
    let sql = format!("SELECT user_id, {column} FROM {table} WHERE user_id IN ({marks}) ORDER BY {column}");
    let query = ids.iter().fold(database.query(&sql), |query, id| query.bind(*id));
    for row in query.fetch_all(connection).await? {
        names.entry(row.try_get(0)?).or_default().push(row.try_get(1)?);
    }
    Ok(names)
}

fn account(row: &AnyRow, roles: Option<Vec<String>>, permissions: Option<Vec<String>>) -> Result<Account, sqlx::Error> {
    let when = |column| row.try_get::<Option<i64>, _>(column).map(|seconds| seconds.map(time));
    let email: Option<String> = row.try_get("email")?;
    let is_verified = row.try_get::<i64, _>("is_email_verified")? != 0;
    Ok(Account {
        subject: row.try_get("subject")?,
        name: row.try_get("name")?,
        display_name: row.try_get("display_name")?,
        verified_email: email.clone().filter(|_| is_verified),
        email,
        has_second_factor: row.try_get::<i64, _>("has_second_factor")? != 0,
        roles: roles.unwrap_or_default(),
        permissions: permissions.unwrap_or_default(),
        disabled: row.try_get::<i64, _>("disabled")? != 0,
        has_password: row.try_get::<i64, _>("has_password")? != 0,
        password_expires_at: when("password_expires_at")?,
        created_at: time(row.try_get("created_at")?),
        last_sign_in_at: when("last_sign_in_at")?,
    })
}
