//! Administration of API keys.

use std::collections::{HashMap, HashSet};

use sqlx::{
    Any, AnyConnection, Row,
    any::{AnyArguments, AnyRow},
    query::Query,
};

use crate::{
    Account, KeyInfo, NewKey, SqlUsers, StoreError,
    error::DriverResult,
    sql::{
        database::Database,
        dialect::{placeholders, until_nul},
    },
    text::check_text,
    time::{now, seconds, time},
    users::declared_names::Kind,
};
use auth_runtime::{api_key, credential::ApiKey, declared::DeclaredNames};

const MAX_LABEL: usize = 255;
const SELECT: &str = "SELECT k.id AS id, k.prefix AS prefix, k.label AS label, u.name AS owner, \
                      k.unlimited AS unlimited, k.created_at AS created_at, k.expires_at AS expires_at, \
                      k.last_used_at AS last_used_at, k.revoked_at AS revoked_at \
                      FROM auth_api_key k JOIN auth_user u ON u.id = k.owner_id";

/// API keys.
impl SqlUsers {
    /// Creates a key for a user. The key is returned once: only its hash is stored. See
    /// [`generate`](api_key::generate) for its form.
    ///
    /// # Errors
    /// [`StoreError::NoUser`]; [`StoreError::Key`] if the prefix is not accepted; [`StoreError::Unknown`] if a
    /// permission is not declared; [`StoreError::BeyondOwner`] if the owner lacks a permission, by the declared roles;
    /// [`StoreError::TooLong`] and [`StoreError::ControlCharacter`] of the label; [`StoreError::Database`].
    pub async fn create_key(&self, owner: &str, key: NewKey) -> Result<(ApiKey, KeyInfo), StoreError> {
        check_text("the label", Some(&key.label), MAX_LABEL)?;
        let permissions = key.permissions.map(|names| self.check_names(Kind::Permission, names)).transpose()?;
        let owner = self.get(owner).await?;
        if let (Some(permissions), Some(tables)) = (&permissions, self.0.tables) {
            within_owner(&owner, permissions, tables)?;
        }
        let (secret, record) = api_key::generate(&key.prefix, owner.subject.as_str())?;
        let info = KeyInfo {
            id: record.id().to_owned(),
            prefix: key.prefix,
            label: key.label,
            owner: owner.name,
            permissions,
            created_at: time(now()),
            expires_at: key.expires_at.map(|end| time(seconds(end))),
            last_used_at: None,
            revoked_at: None,
        };
        self.0.database.retry(|| self.insert_key(&info, *record.sha256())).await?;
        Ok((secret, info))
    }

    async fn insert_key(&self, info: &KeyInfo, sha256: [u8; 32]) -> Result<(), StoreError> {
        // The change locks the owner against a concurrent deletion.
        let (mut change, owner) = self.begin_change_of(&info.owner).await?;
        let sql = "INSERT INTO auth_api_key (id, sha256, prefix, label, owner_id, unlimited, created_at, expires_at) \
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
        let key = change.query(sql).bind(info.id.clone()).bind(sha256.to_vec()).bind(info.prefix.clone());
        let key = key.bind(info.label.clone()).bind(owner).bind(i16::from(info.permissions.is_none()));
        change.execute(key.bind(seconds(info.created_at)).bind(info.expires_at.map(seconds))).await.store_error()?;
        for permission in info.permissions.iter().flatten() {
            let limit = change.query("INSERT INTO auth_api_key_permission (key_id, permission) VALUES (?, ?)");
            change.execute(limit.bind(info.id.clone()).bind(permission.clone())).await.store_error()?;
        }
        change.commit().await
    }

    /// Returns the keys of a user, or of all users, the newest first. Revoked and expired keys are included. For many
    /// keys, use [pages](Self::list_keys_after).
    ///
    /// # Errors
    /// [`StoreError::NoUser`]; [`StoreError::Database`].
    pub async fn list_keys(&self, owner: Option<&str>) -> Result<Vec<KeyInfo>, StoreError> {
        let owner = match owner {
            Some(name) => Some(self.get(name).await?.name),
            None => None,
        };
        let of_owner = if owner.is_some() { "WHERE u.name = ?" } else { "" };
        let query = self.0.database.query(&format!("{SELECT} {of_owner} ORDER BY k.created_at DESC, k.id"));
        self.read_keys(owner.into_iter().fold(query, Query::bind)).await
    }

    /// Returns a page of the keys of all users, in the order of their ids: at most `limit` keys (up to 1000) after this
    /// id.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn list_keys_after(&self, id: &str, limit: u32) -> Result<Vec<KeyInfo>, StoreError> {
        let query = self.0.database.query(&format!("{SELECT} WHERE k.id > ? ORDER BY k.id LIMIT ?"));
        self.read_keys(query.bind(until_nul(id.to_owned())).bind(i64::from(limit.clamp(1, 1000)))).await
    }

    async fn read_keys(&self, query: Query<'static, Any, AnyArguments>) -> Result<Vec<KeyInfo>, StoreError> {
        let database = &self.0.database;
        let list = async {
            let mut connection = database.pool().acquire().await?;
            let rows = query.fetch_all(&mut *connection).await?;
            keys(database, &mut connection, &rows).await
        };
        database.within(list).await.store_error()
    }

    /// Revokes a key for good. A revoked key keeps its first date.
    ///
    /// # Errors
    /// [`StoreError::NoKey`]; [`StoreError::Database`].
    pub async fn revoke_key(&self, id: &str) -> Result<(), StoreError> {
        if id.contains('\0') {
            return Err(StoreError::NoKey(id.to_owned()));
        }
        let revoke = || async {
            let mut change = self.begin_change().await?;
            let sql = "UPDATE auth_api_key SET revoked_at = COALESCE(revoked_at, ?) WHERE id = ?";
            let key = change.query(sql).bind(now()).bind(id.to_owned());
            match change.execute(key).await.store_error()? {
                0 => Err(StoreError::NoKey(id.to_owned())),
                _ => change.commit().await,
            }
        };
        self.0.database.retry(revoke).await
    }
}

/// Refuses a permission that the owner lacks. Later, a key has the permissions that both have.
fn within_owner(owner: &Account, permissions: &[String], tables: &DeclaredNames) -> Result<(), StoreError> {
    let held = held(owner, tables);
    match permissions.iter().find(|permission| !held.contains(permission.as_str())) {
        None => Ok(()),
        Some(permission) => Err(StoreError::BeyondOwner { owner: owner.name.clone(), permission: permission.clone() }),
    }
}

/// Returns the permissions of a user, including those of the roles.
fn held<'a>(owner: &'a Account, tables: &DeclaredNames) -> HashSet<&'a str> {
    let of_role = |role: &String| tables.roles.iter().position(|declared| declared == role);
    let words = owner.roles.iter().filter_map(of_role).map(|index| tables.role_permissions[index]);
    let is_set = |words: &&[u64], index: usize| words.get(index / 64).is_some_and(|word| word >> (index % 64) & 1 == 1);
    let words: Vec<_> = words.collect();
    let of_roles = tables.permissions.iter().enumerate();
    let of_roles = of_roles.filter(|(index, _)| words.iter().any(|words| is_set(words, *index))).map(|(_, name)| *name);
    owner.permissions.iter().map(String::as_str).chain(of_roles).collect()
}

/// Turns rows into keys, with their limits.
async fn keys(
    database: &Database,
    connection: &mut AnyConnection,
    rows: &[AnyRow],
) -> Result<Vec<KeyInfo>, sqlx::Error> {
    let ids = rows.iter().map(|row| row.try_get("id")).collect::<Result<Vec<String>, _>>()?;
    let mut limits: HashMap<String, Vec<String>> = HashMap::new();
    for ids in ids.chunks(1000) {
        let marks = placeholders(ids.len());
        let sql = format!(
            "SELECT key_id, permission FROM auth_api_key_permission WHERE key_id IN ({marks}) ORDER BY permission"
        );
        let query = ids.iter().fold(database.query(&sql), |query, id| query.bind(id.clone()));
        for row in query.fetch_all(&mut *connection).await? {
            limits.entry(row.try_get(0)?).or_default().push(row.try_get(1)?);
        }
    }
    rows.iter().zip(&ids).map(|(row, id)| key(row, limits.remove(id))).collect()
}

fn key(row: &AnyRow, limits: Option<Vec<String>>) -> Result<KeyInfo, sqlx::Error> {
    let when = |column| row.try_get::<Option<i64>, _>(column).map(|seconds| seconds.map(time));
    let is_unlimited = row.try_get::<i64, _>("unlimited")? != 0;
    Ok(KeyInfo {
        id: row.try_get("id")?,
        prefix: row.try_get("prefix")?,
        label: row.try_get("label")?,
        owner: row.try_get("owner")?,
        permissions: if is_unlimited { None } else { Some(limits.unwrap_or_default()) },
        created_at: time(row.try_get("created_at")?),
        expires_at: when("expires_at")?,
        last_used_at: when("last_used_at")?,
        revoked_at: when("revoked_at")?,
    })
}
