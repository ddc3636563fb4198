//! Password reset with a link in a mail.

use super::{
    AccountError, AccountStore, EmailAddress, MailContext, MailTexts, Purpose, SelfService,
    self_service::{Texts, log_failure},
};
use crate::{authenticate::Unavailable, client_ip::ClientAddress, users::User};

/// A new password.
impl<S: AccountStore> SelfService<S> {
    /// Sends a link for a new password to the users with this verified address.
    ///
    /// Return the same response in each case. This method does the same work whether or not there is such a user: it
    /// counts the attempt and queues the rest. No response waits for the look-up of the users.
    ///
    /// Disabled users and users without a password get no mail. If more than 10 users have the address, only the 10 that
    /// the store [returns](AccountStore::users_with_email) get one each. The mail is sent to the stored address, not to
    /// the one that was typed.
    ///
    /// # Errors
    /// [`AccountError::Email`] if this is no address; [`AccountError::TooManyAttempts`] after 3 requests for one
    /// address from one client, or 10 in an hour from all (9 at once); [`AccountError::Unavailable`] if the throttle
    /// does not answer or too many mails are waiting.
    pub async fn forgot_password(&self, client: ClientAddress, address: &str) -> Result<(), AccountError> {
        let address = EmailAddress::new(address)?;
        // The attempt stays counted.
        drop(self.0.rarely.attempt(client, &format!("reset:{}", address.folded())).await?);
        let service = self.clone();
        let work = async move {
            if let Err(error) = service.send_reset_links(&address).await {
                let error = error.to_string();
                tracing::warn!(?error, "could not send links for a new password");
            }
        };
        Ok(self.0.outbox.submit(work)?)
    }

    async fn send_reset_links(&self, address: &EmailAddress) -> Result<(), Unavailable> {
        for user in self.0.store.users_with_email(address).await? {
            if user.is_disabled() || user.password_hash().is_empty() {
                continue;
            }
            if let Some(stored) = verified(&user).filter(|stored| stored.folded() == address.folded()) {
                log_failure(user.subject(), self.send_reset_link(&user, stored).await);
            }
        }
        Ok(())
    }

    async fn send_reset_link(&self, user: &User, to: EmailAddress) -> Result<(), Unavailable> {
        let purpose = Purpose::ResetPassword;
        let link = self.new_link(purpose, user, &to).await?;
        let choose = |texts: &Texts, context: MailContext<'_>| texts.reset_password(context, &link, purpose.lifetime());
        let mail = self.mail(to, Some(user.name()), choose);
        self.send(mail).await?;
        tracing::info!(subject = ?user.subject(), "link for a new password sent");
        Ok(())
    }

    /// Returns whether the link with this token can set a password now, without consuming the token. Call it to show
    /// the form.
    ///
    /// # Errors
    /// [`AccountError::Link`]; [`AccountError::Unavailable`].
    pub async fn check_reset_link(&self, token: &str) -> Result<(), AccountError> {
        let (record, user) = self.redeemable(Purpose::ResetPassword, token).await?;
        if is_for_address(&user, &record.address) { Ok(()) } else { Err(AccountError::Link) }
    }

    /// Sets a new password with the token of a link, and returns the user with the former password hash.
    ///
    /// It ends all tokens and sessions of the user and a lockout of this client, and notifies the user by mail. It does
    /// not sign the user in. A password that is not accepted does not consume the link.
    ///
    /// # Errors
    /// [`AccountError::Link`]; [`AccountError::Password`]; [`AccountError::Unavailable`].
    pub async fn reset_password(
        &self,
        client: ClientAddress,
        token: &str,
        password: &str,
    ) -> Result<User, AccountError> {
        let (record, user) = self.redeemable(Purpose::ResetPassword, token).await?;
        if !is_for_address(&user, &record.address) {
            return Err(AccountError::Link);
        }
        let hash = self.0.passwords.hash(password, user.name()).await?;
        if !self.0.store.replace_password_by_link(&record.hash, &user, &hash).await? {
            return Err(AccountError::Link);
        }
        tracing::info!(subject = ?user.subject(), "password reset by mail");
        self.end_lockout(client, &user).await;
        self.notify(&user, MailTexts::password_changed);
        Ok(user)
    }

    /// The password is replaced even if this fails.
    async fn end_lockout(&self, client: ClientAddress, user: &User) {
        if let Err(error) = self.0.throttle.proven_elsewhere(client, user.name()).await {
            let error = error.to_string();
            tracing::warn!(?error, "could not end the lockout of a user");
        }
    }
}

fn verified(user: &User) -> Option<EmailAddress> {
    user.verified_email().and_then(|address| EmailAddress::new(address).ok())
}

/// Whether the mail went to the address that is the user's now.
fn is_for_address(user: &User, address: &str) -> bool {
    user.verified_email().is_some_and(|verified| verified == address)
}
