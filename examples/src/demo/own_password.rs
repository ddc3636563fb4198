//! `PUT /me/password`: a user chooses a password in place of the one that was made for them, and that expires.

use auth_runtime::{client_ip::ClientAddress, prelude::*};
use auth_store::{SqlUsers, StoreError};
use poem::http::StatusCode;
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    payload::{Json, PlainText},
    types::Password,
};

use super::access::Auth;

/// The operation.
#[derive(Debug)]
pub struct OwnPassword {
    /// The users.
    pub users: SqlUsers,
}

/// A password in place of another one.
#[derive(Object)]
struct NewPassword {
    /// The one that is good now.
    current: Password,
    /// The one that is to be good.
    new: Password,
}

#[derive(ApiResponse)]
enum PasswordChange {
    /// It is the new one from now on, and all tokens of the user have ended
    #[oai(status = 204)]
    Done,
    /// Why it stays as it is
    #[oai(status = 422)]
    Refused(PlainText<String>),
    /// Too many passwords were tried
    #[oai(status = 429)]
    TooMany(
        /// How many seconds to wait
        #[oai(header = "Retry-After")]
        u64,
    ),
}

#[protected]
#[OpenApi]
impl OwnPassword {
    /// Changes one's own password
    ///
    /// Not with a token or a key: whoever has got hold of one could try passwords here.
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
                // Not a moment too early.
                Ok(PasswordChange::TooMany(retry_after.as_secs() + 1))
            }
            Err(error) if error.is_unavailable() => {
                tracing::warn!(%error, "a password cannot be changed now");
                Err(StatusCode::SERVICE_UNAVAILABLE.into())
            }
            Err(error @ (StoreError::User(_) | StoreError::WrongPassword(_) | StoreError::NoUser(_))) => {
                Ok(PasswordChange::Refused(PlainText(error.to_string())))
            }
            // What it is stands in the log, and in no answer.
            Err(error) => {
                tracing::error!(%error, "a password cannot be changed");
                Err(StatusCode::INTERNAL_SERVER_ERROR.into())
            }
        }
    }
}
