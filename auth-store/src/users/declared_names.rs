//! Names of roles and permissions: in the database, and declared by the application.

use std::collections::BTreeSet;

use sqlx::Row;

use crate::{NewUser, SqlUsers, StoreError, error::DriverResult};
use auth_runtime::{
    declared::{DeclaredNames, unknown_name},
    users::quote_name,
};

/// The length of the columns.
const MAX_LEN: usize = 255;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Role,
    Permission,
}

impl Kind {
    pub(crate) const ALL: [Self; 2] = [Self::Role, Self::Permission];

    pub(crate) const fn table(self) -> &'static str {
        match self {
            Self::Role => "auth_user_role",
            Self::Permission => "auth_user_permission",
        }
    }

    pub(crate) const fn column(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Permission => "permission",
        }
    }

    pub(crate) fn of(self, user: &NewUser) -> &[String] {
        match self {
            Self::Role => &user.roles,
            Self::Permission => &user.permissions,
        }
    }

    const fn declared(self, tables: &DeclaredNames) -> &'static [&'static str] {
        match self {
            Self::Role => tables.roles,
            Self::Permission => tables.permissions,
        }
    }
}

/// Names of roles and permissions in the database, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NamesInUse {
    /// Roles of users.
    pub roles: Vec<String>,
    /// Permissions of users and keys.
    pub permissions: Vec<String>,
    /// Undeclared roles, which grant nothing.
    pub unknown_roles: Vec<String>,
    /// Undeclared permissions, which grant nothing.
    pub unknown_permissions: Vec<String>,
}

/// Names.
impl SqlUsers {
    /// Returns the roles and permissions of users and keys in the database. Without
    /// [`SqlOptions::declared_by`](crate::SqlOptions::declared_by) all names count as declared.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn names_in_use(&self) -> Result<NamesInUse, StoreError> {
        let roles = self.distinct("auth_user_role", "role").await?;
        let mut permissions = self.distinct("auth_user_permission", "permission").await?;
        permissions.extend(self.distinct("auth_api_key_permission", "permission").await?);
        Ok(NamesInUse {
            unknown_roles: self.unknown(Kind::Role, &roles),
            unknown_permissions: self.unknown(Kind::Permission, &permissions),
            roles: roles.into_iter().collect(),
            permissions: permissions.into_iter().collect(),
        })
    }

    /// Returns the distinct values of a column, by one index look-up for each value.
    async fn distinct(&self, table: &str, column: &str) -> Result<BTreeSet<String>, StoreError> {
        let database = &self.0.database;
        let sql = format!("SELECT {column} FROM {table} WHERE {column} > ? ORDER BY {column} LIMIT 1");
        let mut values = BTreeSet::new();
        let mut last = String::new();
        loop {
            let query = database.query(&sql).bind(last);
            let Some(row) = database.within(query.fetch_optional(database.pool())).await.store_error()? else {
                return Ok(values);
            };
            last = row.try_get(0).store_error()?;
            values.insert(last.clone());
        }
    }

    fn unknown(&self, kind: Kind, names: &BTreeSet<String>) -> Vec<String> {
        let Some(tables) = self.0.tables else { return Vec::new() };
        let declared = kind.declared(tables);
        names.iter().filter(|name| !declared.contains(&name.as_str())).cloned().collect()
    }

    /// Checks names, and removes duplicates.
    pub(crate) fn check_names(&self, kind: Kind, names: Vec<String>) -> Result<Vec<String>, StoreError> {
        let mut checked: Vec<String> = Vec::with_capacity(names.len());
        for name in names {
            self.check_name(kind, &name)?;
            if !checked.contains(&name) {
                checked.push(name);
            }
        }
        Ok(checked)
    }

    fn check_name(&self, kind: Kind, name: &str) -> Result<(), StoreError> {
        let is_text = !name.trim().is_empty() && name.trim() == name && !name.contains(char::is_control);
        if !is_text || name.chars().count() > MAX_LEN {
            let (name, kind) = (quote_name(name), kind.column());
            return Err(StoreError::Unknown(format!(
                "{name} cannot be the name of a {kind}: it has 1 to {MAX_LEN} characters, no space at an end, and no control characters"
            )));
        }
        match self.0.tables.map(|tables| kind.declared(tables)) {
            Some(declared) if !declared.contains(&name) => {
                Err(StoreError::Unknown(unknown_name(kind.column(), declared, name)))
            }
            _ => Ok(()),
        }
    }
}

/// Logs the undeclared names in the database.
pub(crate) async fn warn_of_unknown(store: &SqlUsers) -> Result<(), StoreError> {
    let NamesInUse { unknown_roles, unknown_permissions, .. } = store.names_in_use().await?;
    if !unknown_roles.is_empty() {
        tracing::warn!(roles = ?unknown_roles, "undeclared roles in the database grant nothing");
    }
    if !unknown_permissions.is_empty() {
        tracing::warn!(
            permissions = ?unknown_permissions,
            "undeclared permissions in the database grant nothing"
        );
    }
    Ok(())
}
