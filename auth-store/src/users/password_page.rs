//! Users who change their passwords on the page for it.

use auth_runtime::{
    client_ip::ClientAddress,
    session::{ChangePassword, ChangePasswordError, HookFuture},
    users::User,
};

use crate::{SqlUsers, StoreError};

impl ChangePassword for SqlUsers {
    fn change_password<'a>(
        &'a self,
        user: &'a User,
        client: ClientAddress,
        current: &'a str,
        new: &'a str,
    ) -> HookFuture<'a, Result<(), ChangePasswordError>> {
        Box::pin(async move { self.change_password(user.name(), client, current, new).await.map_err(refused) })
    }

    fn min_password_len(&self) -> usize {
        self.passwords().shortest()
    }
}

fn refused(error: StoreError) -> ChangePasswordError {
    match error {
        StoreError::WrongPassword(_) => ChangePasswordError::WrongPassword,
        StoreError::TooManyAttempts { retry_after } => ChangePasswordError::TooManyAttempts { retry_after },
        error @ StoreError::User(_) if !error.is_unavailable() => ChangePasswordError::NotAccepted(error.to_string()),
        error => ChangePasswordError::Unavailable(error.into()),
    }
}
