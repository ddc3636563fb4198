//! The second step of a sign-in: a code replaces the pending session by a full one.

use poem::Request;

use super::{AccountError, AccountStore, MFA, SecondFactorStore, SelfService};
use crate::{
    authenticate::Unavailable,
    client_ip::ClientAddress,
    session::{NewSession, Session, SessionStore, SessionUser, Sessions, StartedSession},
    users::UserStore,
};

/// Sessions.
impl<S: AccountStore + SecondFactorStore> SelfService<S> {
    /// Completes the sign-in of a user whose password was verified, and starts a session of the class [`MFA`] in place
    /// of the [pending](NewSession::pending) one.
    ///
    /// ```
    /// use auth_runtime::{
    ///     account::{AccountError, MemoryAccounts, SelfService},
    ///     session::{MemorySessions, Sessions},
    /// };
    /// use poem::{Request, Response};
    ///
    /// type Browsers = Sessions<MemoryAccounts, MemorySessions>;
    ///
    /// async fn enter_code(
    ///     account: &SelfService<MemoryAccounts>,
    ///     sessions: &Browsers,
    ///     request: &Request,
    ///     code: &str,
    /// ) -> Result<Response, AccountError> {
    ///     let mut response = Response::default();
    ///     account.complete_sign_in(sessions, request, code).await?.add_to(&mut response);
    ///     Ok(response)
    /// }
    /// ```
    ///
    /// # Errors
    /// [`AccountError::NoSignIn`] if the request has no pending session of a user of this store, or the credentials of
    /// the user have changed; [`AccountError::Code`]; [`AccountError::TooManyAttempts`]; [`AccountError::Unavailable`].
    pub async fn complete_sign_in<U: UserStore, T: SessionStore>(
        &self,
        sessions: &Sessions<U, T>,
        request: &Request,
        code: &str,
    ) -> Result<StartedSession, AccountError> {
        let pending = sessions.current(request).await?.filter(|session| session.is_pending);
        let pending =
            pending.filter(|session| self.0.issuers.contains(&session.issuer)).ok_or(AccountError::NoSignIn)?;
        let epoch = epoch(&pending)?;
        let user = self.verify_code(ClientAddress::of(request), &pending.subject, code).await?;
        // The password may have been replaced since it was verified.
        if user.current_epoch() != epoch {
            return Err(AccountError::NoSignIn);
        }
        let session = NewSession::of_user(&user).second_factor_verified().methods(["pwd", "otp"]).acr(MFA);
        Ok(sessions.start(request, session).await.map_err(Unavailable::new)?)
    }

    /// Whether the request has a session that waits for a code.
    ///
    /// # Errors
    /// [`Unavailable`] if a store does not answer.
    pub async fn awaits_code<U: UserStore, T: SessionStore>(
        &self,
        sessions: &Sessions<U, T>,
        request: &Request,
    ) -> Result<bool, Unavailable> {
        let is_own = |session: &Session| session.is_pending && self.0.issuers.contains(&session.issuer);
        Ok(sessions.current(request).await?.is_some_and(|session| is_own(&session)))
    }
}

/// Returns the version of the credentials at the first step.
fn epoch(session: &Session) -> Result<u64, AccountError> {
    match session.user {
        SessionUser::Stored { credential_epoch } => Ok(credential_epoch),
        SessionUser::Captured(_) => Err(AccountError::NoSignIn),
    }
}
