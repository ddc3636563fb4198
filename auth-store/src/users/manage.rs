//! Administration of users.

use secrecy::ExposeSecret;

use crate::{
    Account, NewUser, Profile, SqlUsers, StoreError,
    error::DriverResult,
    normalize_name,
    text::{check_text, unless_empty},
    users::{
        account::NewPassword,
        declared_names::Kind,
        insert::{Checked, insert, taken, verified},
        list::find_account,
    },
};

/// The shortest column among the databases.
const MAX_DISPLAY_NAME: usize = 255;
const MAX_EMAIL: usize = 320;
/// Ends all tokens and sessions of a user.
pub(crate) const NEXT_EPOCH: &str = "credential_epoch = credential_epoch + 1";

/// Users.
impl SqlUsers {
    /// Adds a user.
    ///
    /// # Errors
    /// [`StoreError::User`] if the name is taken, or the name or password is not accepted; [`StoreError::Unknown`] if a
    /// role or permission is not declared; [`StoreError::TooLong`]; [`StoreError::ControlCharacter`];
    /// [`StoreError::Database`].
    pub async fn add(&self, user: NewUser) -> Result<Account, StoreError> {
        let user = self.checked(user).await?;
        let name = user.user.name.clone();
        let database = &self.0.database;
        // The cache has no missing users, so the epoch stays.
        let add = || async {
            let mut transaction = database.begin().await.store_error()?;
            insert(database, transaction.connection(), &[&user]).await.map_err(|error| taken(error, &name))?;
            // Before the commit: an error must not hide that the user was added.
            let account = find_account(database, transaction.connection(), &name).await?;
            transaction.commit().await.store_error()?;
            account.ok_or_else(|| StoreError::NoUser(name.clone()))
        };
        database.retry(add).await
    }

    /// Checks a user before [`add`](Self::add), apart from the password and from the names in the database. A command
    /// can report the error before it asks for the password.
    ///
    /// # Errors
    /// The errors of [`add`](Self::add).
    pub fn check_user(&self, user: &NewUser) -> Result<(), StoreError> {
        self.checked_text(user.clone()).map(drop)
    }

    /// Checks a user and hashes the password, which takes its time.
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

    /// Checks all parts of a user but the password.
    fn checked_text(&self, mut user: NewUser) -> Result<NewUser, StoreError> {
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

    /// Deletes a user and the user's keys. A later user of the same name has another subject and inherits nothing.
    ///
    /// # Errors
    /// [`StoreError::NoUser`]; [`StoreError::Database`].
    pub async fn delete(&self, name: &str) -> Result<(), StoreError> {
        let delete = || async {
            let (mut change, id) = self.begin_change_of(name).await?;
            let user = change.query("DELETE FROM auth_user WHERE id = ?").bind(id);
            change.execute(user).await.store_error()?;
            change.commit().await
        };
        self.0.database.retry(delete).await?;
        self.forget_addresses(name).await;
        Ok(())
    }

    /// Renames a user. Subject, password, tokens and keys stay.
    ///
    /// # Errors
    /// [`StoreError::NoUser`]; [`StoreError::User`] if the new name is taken or not accepted; [`StoreError::Database`].
    pub async fn rename(&self, name: &str, new: &str) -> Result<Account, StoreError> {
        let new = normalize_name(new)?;
        let rename = || async {
            let (mut change, id) = self.begin_change_of(name).await?;
            let user = change.query("UPDATE auth_user SET name = ? WHERE id = ?").bind(new.clone()).bind(id);
            change.execute(user).await.map_err(|error| taken(error, &new))?;
            let account = find_account(&self.0.database, change.connection(), &new).await?;
            change.commit().await?;
            account.ok_or_else(|| StoreError::NoUser(new.clone()))
        };
        let account = self.0.database.retry(rename).await?;
        // The old name can be given to another person, and the new name may have been another person's.
        self.forget_addresses(name).await;
        self.forget_addresses(&new).await;
        Ok(account)
    }

    /// Disables or enables a user. A disabled user loses all tokens and sessions for good; the password and keys work
    /// again after enabling. A user who is in this state already stays unchanged.
    ///
    /// # Errors
    /// [`StoreError::NoUser`]; [`StoreError::Database`].
    pub async fn set_disabled(&self, name: &str, disabled: bool) -> Result<(), StoreError> {
        let set = || async {
            let (mut change, id) = self.begin_change_of(name).await?;
            let sql = format!("UPDATE auth_user SET disabled = ?, {NEXT_EPOCH} WHERE id = ? AND disabled <> ?");
            let disabled = i16::from(disabled);
            let user = change.query(&sql).bind(disabled).bind(id).bind(disabled);
            change.execute(user).await.store_error()?;
            change.commit().await
        };
        self.0.database.retry(set).await
    }

    /// Replaces the display name and the e-mail address of a user, as far as the profile has them.
    ///
    /// # Errors
    /// [`StoreError::NoUser`]; [`StoreError::TooLong`]; [`StoreError::ControlCharacter`]; [`StoreError::Database`].
    pub async fn set_profile(&self, name: &str, profile: Profile) -> Result<(), StoreError> {
        check_text("the display name", profile.display_name.as_deref(), MAX_DISPLAY_NAME)?;
        check_text("the e-mail address", profile.email.as_deref(), MAX_EMAIL)?;
        let set = || async {
            let (mut change, id) = self.begin_change_of(name).await?;
            if let Some(name) = profile.display_name.clone() {
                let user = change.query("UPDATE auth_user SET display_name = ? WHERE id = ?");
                change.execute(user.bind(unless_empty(name)).bind(id)).await.store_error()?;
            }
            if let Some(email) = profile.email.clone() {
                let verified = verified(Some(&email), profile.is_email_verified);
                let user = change.query("UPDATE auth_user SET email = ?, verified_email = ? WHERE id = ?");
                change.execute(user.bind(unless_empty(email)).bind(verified).bind(id)).await.store_error()?;
                // A link that was sent to another address would bring it back.
                let tokens = change.query("DELETE FROM auth_one_time_token WHERE user_id = ?");
                change.execute(tokens.bind(id)).await.store_error()?;
            }
            change.commit().await
        };
        self.0.database.retry(set).await
    }

    /// Ends all tokens and sessions of a user. Password and keys stay.
    ///
    /// # Errors
    /// [`StoreError::NoUser`]; [`StoreError::Database`].
    pub async fn sign_out(&self, name: &str) -> Result<(), StoreError> {
        let sign_out = || async {
            let (mut change, id) = self.begin_change_of(name).await?;
            let sql = format!("UPDATE auth_user SET {NEXT_EPOCH} WHERE id = ?");
            let user = change.query(&sql).bind(id);
            change.execute(user).await.store_error()?;
            change.commit().await
        };
        self.0.database.retry(sign_out).await
    }

    /// Removes the second factor of a user who has lost the app and the recovery codes. All tokens and sessions of the
    /// user end. Returns whether the user had a second factor.
    ///
    /// # Errors
    /// [`StoreError::NoUser`]; [`StoreError::Database`].
    pub async fn clear_second_factor(&self, name: &str) -> Result<bool, StoreError> {
        let clear = || async {
            let (mut change, id) = self.begin_change_of(name).await?;
            let codes = change.query("DELETE FROM auth_recovery_code WHERE user_id = ?").bind(id);
            change.execute(codes).await.store_error()?;
            let factor = change.query("DELETE FROM auth_second_factor WHERE user_id = ?").bind(id);
            let had_one = change.execute(factor).await.store_error()? > 0;
            let user = change.query(&format!("UPDATE auth_user SET {NEXT_EPOCH} WHERE id = ?")).bind(id);
            change.execute(user).await.store_error()?;
            change.commit().await?;
            Ok(had_one)
        };
        self.0.database.retry(clear).await
    }

    /// Makes the throttle forget the known addresses of a user. The change stays even if this fails.
    pub(crate) async fn forget_addresses(&self, name: &str) {
        if let Err(error) = self.0.throttle.forget_addresses(name).await {
            tracing::warn!(%error, "could not forget the known addresses of a user");
        }
    }
}

/// Returns 128 random bits in hex, so that no two users get the same.
fn new_subject() -> Result<String, StoreError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| StoreError::Randomness(error.to_string()))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}
