//! `PUT /me/password`: a user replaces the generated password, which expires, by a chosen one.

use auth_runtime::{authenticate::retry_after_seconds, client_ip::ClientAddress, prelude::*};
use auth_store::{SqlUsers, StoreError};
use poem::http::StatusCode;
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    payload::{Json, PlainText},
    types::Password,
};

use super::access::Auth;

/// The API with this operation.
#[derive(Debug)]
pub struct OwnPassword {
    /// The store of the users.
    pub users: SqlUsers,
}

/// The body of a password change.
#[derive(Object)]
struct NewPassword {
    /// The current password.
    current: Password,
    /// The new password.
    new: Password,
}

#[derive(ApiResponse)]
enum PasswordChange {
    /// The password was changed, and all tokens of the user were revoked
    #[oai(status = 204)]
    Done,
    /// The new password was rejected, or the current one is wrong
    #[oai(status = 422)]
    Refused(PlainText<String>),
    /// Too many wrong passwords
    #[oai(status = 429)]
    TooMany(
        /// Seconds to wait
        #[oai(header = "Retry-After")]
        u64,
    ),
}

#[protected]
#[OpenApi]
impl OwnPassword {
    /// Changes the caller's own password
    ///
    /// Requires the password as the credential. The thief of a token or a key could guess passwords here otherwise.
    #[protected(schemes("password"))]
    #[oai(path = "/me/password", method = "put")]
    async fn change(
        &self,
        caller: Principal<Auth>,
        client: ClientAddress,
        body: Json<NewPassword>,
    ) -> poem::Result<PasswordChange> {
        let NewPassword { current, new } = body.0;
        match self.users.change_password(caller.username().unwrap_or_default(), client, &current.0, &new.0).await {
            Ok(()) => Ok(PasswordChange::Done),
            Err(StoreError::TooManyAttempts { retry_after }) => {
                Ok(PasswordChange::TooMany(retry_after_seconds(retry_after)))
            }
            Err(error) if error.is_unavailable() => {
                tracing::warn!(%error, "password change unavailable");
                Err(StatusCode::SERVICE_UNAVAILABLE.into())
            }
            Err(error @ (StoreError::User(_) | StoreError::WrongPassword(_) | StoreError::NoUser(_))) => {
                Ok(PasswordChange::Refused(PlainText(error.to_string())))
            }
            // The log has the cause. The response does not.
            Err(error) => {
                tracing::error!(%error, "password change failed");
                Err(StatusCode::INTERNAL_SERVER_ERROR.into())
            }
        }
    }
}
