//! What administrators, and users themselves, do with users.

use std::{collections::HashMap, time::SystemTime};

use secrecy::ExposeSecret;
use sqlx::{AnyConnection, Row};

use crate::{
    Account, NewUser, Profile, SqlUsers, StoreError,
    account::NewPassword,
    database::Database,
    dialect::placeholders,
    error::{DriverResult, FromDriver},
    names::Kind,
    normalize_name,
    time::{now, seconds},
};
use auth_runtime::{
    authenticate::AuthenticationError,
    client_ip::ClientAddress,
    users::{User, UserError},
};

/// As long as the columns of the database that has the shortest.
const MAX_DISPLAY_NAME: usize = 255;
const MAX_EMAIL: usize = 320;
/// Ends all tokens of the user.
const NEXT_EPOCH: &str = "credential_epoch = credential_epoch + 1";

/// A user as they are written: everything was checked, and the password is a hash.
#[derive(Clone, Debug)]
pub(crate) struct Checked {
    pub(crate) subject: String,
    pub(crate) user: NewUser,
    pub(crate) password_hash: Option<String>,
}

/// Users.
impl SqlUsers {
    /// Adds a user.
    ///
    /// # Errors
    /// [`StoreError::User`] if the name is taken, or name or password are not accepted; [`StoreError::Unknown`] if a role or permission is not declared; [`StoreError::TooLong`],
    /// [`StoreError::ControlCharacter`]; [`StoreError::Database`].
    pub async fn add(&self, user: NewUser) -> Result<Account, StoreError> {
        let user = self.checked(user).await?;
        let name = user.user.name.clone();
        let database = &self.0.database;
        // Nobody remembers users that are not there, so no epoch goes up.
        let insert = async {
            let mut transaction = database.begin().await.store_error()?;
            insert(database, &mut transaction, &[&user]).await.map_err(|error| taken(error, &name))?;
            transaction.commit().await.store_error()
        };
        database.within(insert).await?;
        self.get(&name).await
    }

    /// Whether a user may be added, as far as it can be told without their password and without asking the database: to
    /// say so before a password is asked for.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn check_user(&self, user: &NewUser) -> Result<(), StoreError> {
        self.checked_text(user.clone()).map(drop)
    }

    /// A user as they may be written, with the password as a hash, which takes its time.
    pub(crate) async fn checked(&self, user: NewUser) -> Result<Checked, StoreError> {
        let mut user = self.checked_text(user)?;
        let password_hash = match user.password.take() {
            None => None,
            Some(NewPassword::Hash(hash)) => Some(hash),
            Some(NewPassword::Text(password)) => {
                Some(self.0.passwords.hash(password.expose_secret(), &user.name).await?)
            }
        };
        Ok(Checked { subject: new_subject()?, user, password_hash })
    }

    /// All that can be told of a user without hashing their password.
    pub(crate) fn checked_text(&self, mut user: NewUser) -> Result<NewUser, StoreError> {
        user.name = normalize_name(&user.name)?;
        user.display_name = user.display_name.and_then(unless_empty);
        user.email = user.email.and_then(unless_empty);
        check_text("the display name", user.display_name.as_deref(), MAX_DISPLAY_NAME)?;
        check_text("the e-mail address", user.email.as_deref(), MAX_EMAIL)?;
        if let Some(NewPassword::Hash(hash)) = &user.password {
            self.0.passwords.check_hash(hash)?;
        }
        user.roles = self.check_names(Kind::Role, user.roles)?;
        user.permissions = self.check_names(Kind::Permission, user.permissions)?;
        Ok(user)
    }

    /// Deletes a user, with their keys. The name can be given to another user, who gets another subject and inherits
    /// nothing.
    ///
    /// # Errors
    /// [`StoreError::NoUser`]; [`StoreError::Database`].
    pub async fn delete(&self, name: &str) -> Result<(), StoreError> {
        let delete = async {
            let (mut change, id) = self.begin_change_of(name).await?;
            let user = change.query("DELETE FROM auth_user WHERE id = ?").bind(id);
            change.execute(user).await.store_error()?;
            change.commit().await
        };
        self.0.database.within(delete).await?;
        self.forget_addresses(name).await;
        Ok(())
    }

    /// Gives a user another name. The subject stays, and so do password, tokens and keys.
    ///
    /// # Errors
    /// [`StoreError::NoUser`]; [`StoreError::User`] if the new name is taken or not accepted; [`StoreError::Database`].
    pub async fn rename(&self, name: &str, new: &str) -> Result<Account, StoreError> {
        let new = normalize_name(new)?;
        let rename = async {
            let (mut change, id) = self.begin_change_of(name).await?;
            let user = change.query("UPDATE auth_user SET name = ? WHERE id = ?").bind(new.clone()).bind(id);
            change.execute(user).await.map_err(|error| taken(error, &new))?;
            change.commit().await
        };
        self.0.database.within(rename).await?;
        // Another person may get the old name, or had the new one.
        self.forget_addresses(name).await;
        self.forget_addresses(&new).await;
        self.get(&new).await
    }

    /// Keeps a user out, or lets them in again. Whoever is kept out loses all tokens for good; their keys are good
    /// again when they are let in. Nothing becomes of a user who is so already.
    ///
    /// # Errors
    /// [`StoreError::NoUser`]; [`StoreError::Database`].
    pub async fn set_disabled(&self, name: &str, disabled: bool) -> Result<(), StoreError> {
        let disable = async {
            let (mut change, id) = self.begin_change_of(name).await?;
            let sql = format!("UPDATE auth_user SET disabled = ?, {NEXT_EPOCH} WHERE id = ? AND disabled <> ?");
            let disabled = i16::from(disabled);
            let user = change.query(&sql).bind(disabled).bind(id).bind(disabled);
            change.execute(user).await.store_error()?;
            change.commit().await
        };
        self.0.database.within(disable).await
    }

    /// Says who a user is to people.
    ///
    /// # Errors
    /// [`StoreError::NoUser`]; [`StoreError::TooLong`], [`StoreError::ControlCharacter`]; [`StoreError::Database`].
    pub async fn set_profile(&self, name: &str, profile: Profile) -> Result<(), StoreError> {
        check_text("the display name", profile.display_name.as_deref(), MAX_DISPLAY_NAME)?;
        check_text("the e-mail address", profile.email.as_deref(), MAX_EMAIL)?;
        let set = async {
            let (mut change, id) = self.begin_change_of(name).await?;
            for (column, text) in [("display_name", profile.display_name), ("email", profile.email)] {
                let Some(text) = text else { continue };
                let user = change.query(&format!("UPDATE auth_user SET {column} = ? WHERE id = ?"));
                change.execute(user.bind(unless_empty(text)).bind(id)).await.store_error()?;
            }
            change.commit().await
        };
        self.0.database.within(set).await
    }

    /// Ends all tokens of a user; password and keys stay.
    ///
    /// # Errors
    /// [`StoreError::NoUser`]; [`StoreError::Database`].
    pub async fn sign_out(&self, name: &str) -> Result<(), StoreError> {
        let sign_out = async {
            let (mut change, id) = self.begin_change_of(name).await?;
            let sql = format!("UPDATE auth_user SET {NEXT_EPOCH} WHERE id = ?");
            let user = change.query(&sql).bind(id);
            change.execute(user).await.store_error()?;
            change.commit().await
        };
        self.0.database.within(sign_out).await
    }

    /// Gives a user another password, as an administrator does: one that expires, if somebody else than the user knows
    /// it. All tokens of the user end, and no address is known as theirs any more: see
    /// [`Throttle::forget_addresses`](auth_runtime::throttle::Throttle::forget_addresses), of the throttle of this store. While
    /// somebody guesses the name from many addresses, they may have to wait before they sign in.
    ///
    /// # Errors
    /// [`StoreError::NoUser`]; [`StoreError::User`] if the password is not accepted; [`StoreError::Database`].
    pub async fn set_password(
        &self,
        name: &str,
        password: &str,
        expires_at: Option<SystemTime>,
    ) -> Result<(), StoreError> {
        let account = self.get(name).await?;
        let hash = self.0.passwords.hash(password, &account.name).await?;
        self.replace_hash(&account.name, &hash, expires_at, None).await?;
        self.forget_addresses(&account.name).await;
        Ok(())
    }

    /// Whoever has signed in before, with another password or as another user, is a stranger to the throttle. That it
    /// cannot be told so is no reason to leave things as they were.
    async fn forget_addresses(&self, name: &str) {
        if let Err(error) = self.0.throttle.forget_addresses(name).await {
            tracing::warn!(%error, "addresses are still known from which a user has signed in before");
        }
    }

    /// Writes another hash; if an old one is named, in place of that one only. Gives whether it did.
    async fn replace_hash(
        &self,
        name: &str,
        hash: &str,
        expires_at: Option<SystemTime>,
        old: Option<&str>,
    ) -> Result<bool, StoreError> {
        let replace = async {
            let (mut change, id) = self.begin_change_of(name).await?;
            let of_old = if old.is_some() { "AND password_hash = ?" } else { "" };
            let sql = format!(
                "UPDATE auth_user SET password_hash = ?, password_expires_at = ?, {NEXT_EPOCH} WHERE id = ? {of_old}"
            );
            let user = change.query(&sql).bind(hash.to_owned()).bind(expires_at.map(seconds));
            let user = user.bind(id);
            let user = old.into_iter().fold(user, |user, old| user.bind(old.to_owned()));
            let is_replaced = change.execute(user).await.store_error()? > 0;
            change.commit().await?;
            Ok(is_replaced)
        };
        self.0.database.within(replace).await
    }

    /// Gives a user the password that they have chosen, who says the current one as well (ASVS 6.2.3). All tokens of the
    /// user end. What is tried is counted as at a sign-in from this address, by the [`Throttle`](auth_runtime::throttle::Throttle)
    /// of this store, and before anything is hashed.
    ///
    /// # Errors
    /// [`StoreError::TooManyAttempts`]; [`StoreError::WrongPassword`], also of a user who is disabled;
    /// [`UserError::SamePassword`] if it is the current one; as [`set_password`](Self::set_password).
    pub async fn change_password(
        &self,
        name: &str,
        client: ClientAddress,
        current: &str,
        new: &str,
    ) -> Result<(), StoreError> {
        // Before anything is hashed for it.
        self.0.passwords.check(new, name)?;
        let attempt = self.0.throttle.attempt(client, name).await.map_err(throttled)?;
        match self.proven(name, current).await {
            Ok(Some(user)) => {
                // Those who come meanwhile wait, as each costs a hash.
                let outcome = self.replace_own(&user, current, new).await;
                if outcome.is_ok() {
                    attempt.replaced().await;
                } else {
                    attempt.succeeded().await;
                }
                outcome
            }
            Ok(None) => Err(StoreError::WrongPassword(name.to_owned())),
            Err(error) => {
                attempt.withdrawn().await;
                Err(error)
            }
        }
    }

    /// The user as they are now, if this is their password and they are not kept out.
    async fn proven(&self, name: &str, password: &str) -> Result<Option<User>, StoreError> {
        let user = self.read_user(name).await?.ok_or_else(|| StoreError::NoUser(name.to_owned()))?;
        let is_right = self.is_right(&user, password).await?;
        Ok(Some(user).filter(|user| is_right && !user.is_disabled()))
    }

    async fn replace_own(&self, user: &User, current: &str, new: &str) -> Result<(), StoreError> {
        if new == current {
            // One that expires would be good for ever.
            return Err(UserError::SamePassword.into());
        }
        let hash = self.0.passwords.hash(new, user.name()).await?;
        let is_replaced = self.replace_hash(user.name(), &hash, None, Some(user.password_hash())).await?;
        // Somebody who resets the password meanwhile has the last word.
        if is_replaced { Ok(()) } else { Err(StoreError::WrongPassword(user.name().to_owned())) }
    }

    /// Whether this is the user's password and still good, be the user disabled or not: for an administrator. It is not
    /// throttled and no sign-in; callers are verified by [`Basic`](auth_runtime::users::Basic).
    ///
    /// # Errors
    /// [`StoreError::NoUser`]; [`StoreError::User`] if the hash cannot be verified here; [`StoreError::Database`], also if
    /// too many passwords wait to be verified.
    pub async fn verify_password(&self, name: &str, password: &str) -> Result<bool, StoreError> {
        let user = self.read_user(name).await?.ok_or_else(|| StoreError::NoUser(name.to_owned()))?;
        self.is_right(&user, password).await
    }

    async fn is_right(&self, user: &User, password: &str) -> Result<bool, StoreError> {
        if !user.password_hash().is_empty() {
            // That nobody can tell is not that it is wrong: the key may be missing that it was made with.
            self.0.passwords.check_hash(user.password_hash())?;
        }
        let is_good = self.0.passwords.is_right(password, user.password_hash()).await;
        let is_good = is_good.map_err(|error| StoreError::Database(error.into()))?;
        Ok(is_good && !user.is_password_expired(SystemTime::now()))
    }

    /// Gives a user these roles, and takes all others.
    ///
    /// # Errors
    /// [`StoreError::NoUser`]; [`StoreError::Unknown`] if one is not declared; [`StoreError::Database`].
    pub async fn set_roles<T: Into<String>>(
        &self,
        name: &str,
        roles: impl IntoIterator<Item = T>,
    ) -> Result<(), StoreError> {
        self.set_names(Kind::Role, name, roles.into_iter().map(Into::into).collect()).await
    }

    /// Gives a user these permissions besides those of their roles, and takes all others.
    ///
    /// # Errors
    /// [`StoreError::NoUser`]; [`StoreError::Unknown`] if one is not declared; [`StoreError::Database`].
    pub async fn set_permissions<T: Into<String>>(
        &self,
        name: &str,
        permissions: impl IntoIterator<Item = T>,
    ) -> Result<(), StoreError> {
        self.set_names(Kind::Permission, name, permissions.into_iter().map(Into::into).collect()).await
    }

    async fn set_names(&self, kind: Kind, name: &str, names: Vec<String>) -> Result<(), StoreError> {
        let names = self.check_names(kind, names)?;
        let set = async {
            let (mut change, id) = self.begin_change_of(name).await?;
            let old = change.query(&format!("DELETE FROM {} WHERE user_id = ?", kind.table())).bind(id);
            change.execute(old).await.store_error()?;
            let names: Vec<_> = names.into_iter().map(|name| (id, name)).collect();
            insert_names(&self.0.database, change.connection(), kind, &names).await.store_error()?;
            change.commit().await
        };
        self.0.database.within(set).await
    }
}

/// Returns 128 random bits in hex: no two users get the same.
fn new_subject() -> Result<String, StoreError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| StoreError::Randomness(error.to_string()))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// An empty text is none.
fn unless_empty(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// Why nothing may be tried.
fn throttled(error: AuthenticationError) -> StoreError {
    match error.retry_after() {
        Some(retry_after) => StoreError::TooManyAttempts { retry_after },
        None => StoreError::Database(error.into()),
    }
}

/// A text for people, who read it on one line of a terminal or a page.
pub(crate) fn check_text(what: &'static str, text: Option<&str>, max: usize) -> Result<(), StoreError> {
    match text {
        Some(text) if text.chars().count() > max => Err(StoreError::TooLong { what, max }),
        Some(text) if text.contains(char::is_control) => Err(StoreError::ControlCharacter { what }),
        _ => Ok(()),
    }
}

/// Whether a name that must be there once is there already.
pub(crate) fn is_taken(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

fn taken(error: sqlx::Error, name: &str) -> StoreError {
    if is_taken(&error) { UserError::Taken(name.to_owned()).into() } else { StoreError::from_driver(error) }
}

/// Adds users with their roles and permissions.
pub(crate) async fn insert(
    database: &Database,
    connection: &mut AnyConnection,
    users: &[&Checked],
) -> Result<(), sqlx::Error> {
    const VALUES: &str = "(?, ?, ?, ?, ?, ?, ?, ?)";
    let values = vec![VALUES; users.len()].join(", ");
    let mut query = database.query(&format!(
        "INSERT INTO auth_user (subject, name, display_name, email, password_hash, password_expires_at, disabled, created_at) \
         VALUES {values}"
    ));
    for Checked { subject, user, password_hash } in users.iter().copied() {
        query = query
            .bind(subject.clone())
            .bind(user.name.clone())
            .bind(user.display_name.clone())
            .bind(user.email.clone());
        query = query.bind(password_hash.clone()).bind(user.password_expires_at.map(seconds));
        query = query.bind(i16::from(user.disabled)).bind(now());
    }
    query.execute(&mut *connection).await?;

    let ids = ids(database, connection, users).await?;
    for kind in Kind::ALL {
        let named = users.iter().flat_map(|checked| {
            let id = ids.get(&checked.user.name).copied();
            kind.of(&checked.user).iter().filter_map(move |name| Some((id?, name.clone())))
        });
        insert_names(database, connection, kind, &named.collect::<Vec<_>>()).await?;
    }
    Ok(())
}

/// The numbers of users that were added just now.
async fn ids(
    database: &Database,
    connection: &mut AnyConnection,
    users: &[&Checked],
) -> Result<HashMap<String, i64>, sqlx::Error> {
    let sql = format!("SELECT id, name FROM auth_user WHERE name IN ({})", placeholders(users.len()));
    let query = users.iter().fold(database.query(&sql), |query, checked| query.bind(checked.user.name.clone()));
    let rows = query.fetch_all(connection).await?;
    rows.iter().map(|row| Ok((row.try_get("name")?, row.try_get("id")?))).collect()
}

async fn insert_names(
    database: &Database,
    connection: &mut AnyConnection,
    kind: Kind,
    names: &[(i64, String)],
) -> Result<(), sqlx::Error> {
    // SQLite takes 32,766 values in one statement, the others more.
    for names in names.chunks(10_000) {
        let values = vec!["(?, ?)"; names.len()].join(", ");
        let sql = format!("INSERT INTO {} (user_id, {}) VALUES {values}", kind.table(), kind.column());
        let query = names.iter().fold(database.query(&sql), |query, (id, name)| query.bind(*id).bind(name.clone()));
        query.execute(&mut *connection).await?;
    }
    Ok(())
}
