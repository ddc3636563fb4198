//! Administration of the roles and permissions of a user.

use crate::{
    SqlUsers, StoreError,
    error::DriverResult,
    users::{declared_names::Kind, insert::insert_names},
};

/// Roles and permissions of users.
impl SqlUsers {
    /// Replaces all roles of a user.
    ///
    /// # Errors
    /// [`StoreError::NoUser`]; [`StoreError::Unknown`] if a role is not declared; [`StoreError::Database`].
    pub async fn set_roles<T: Into<String>>(
        &self,
        name: &str,
        roles: impl IntoIterator<Item = T>,
    ) -> Result<(), StoreError> {
        self.set_names(Kind::Role, name, roles.into_iter().map(Into::into).collect()).await
    }

    /// Replaces all permissions that a user has besides those of the roles.
    ///
    /// # Errors
    /// [`StoreError::NoUser`]; [`StoreError::Unknown`] if a permission is not declared; [`StoreError::Database`].
    pub async fn set_permissions<T: Into<String>>(
        &self,
        name: &str,
        permissions: impl IntoIterator<Item = T>,
    ) -> Result<(), StoreError> {
        self.set_names(Kind::Permission, name, permissions.into_iter().map(Into::into).collect()).await
    }

    async fn set_names(&self, kind: Kind, name: &str, names: Vec<String>) -> Result<(), StoreError> {
        let names = self.check_names(kind, names)?;
        let set = || async {
            let (mut change, id) = self.begin_change_of(name).await?;
            let old = change.query(&format!("DELETE FROM {} WHERE user_id = ?", kind.table())).bind(id);
            change.execute(old).await.store_error()?;
            let rows: Vec<_> = names.iter().map(|name| (id, name.clone())).collect();
            insert_names(&self.0.database, change.connection(), kind, &rows).await.store_error()?;
            change.commit().await
        };
        self.0.database.retry(set).await
    }
}
