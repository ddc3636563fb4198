//! The proof that an e-mail address is the user's.

use super::{
    AccountError, AccountStore, EmailAddress, MailContext, MailTexts, Purpose, SelfService,
    self_service::{Texts, log_failure},
};
use crate::{authenticate::Unavailable, client_ip::ClientAddress, users::User};

/// E-mail addresses.
impl<S: AccountStore> SelfService<S> {
    /// Sends a link to this address. When the user opens it and confirms, the address becomes the user's verified
    /// address; until then, nothing changes.
    ///
    /// Require a recent sign-in for it, because the owner of the mailbox can then reset the password.
    ///
    /// # Errors
    /// [`AccountError::Email`] if this is no address; [`AccountError::NoUser`]; [`AccountError::TooManyAttempts`] after
    /// 3 requests of one user, or for one address, from one client, or 10 in an hour from all (9 at once);
    /// [`AccountError::Unavailable`].
    pub async fn request_verification(
        &self,
        client: ClientAddress,
        subject: &str,
        address: &str,
    ) -> Result<(), AccountError> {
        let address = EmailAddress::new(address)?;
        let user = self.0.store.current_user(subject).await?;
        let user = user.filter(|user| !user.is_disabled()).ok_or(AccountError::NoUser)?;
        // Neither may one user send many mails, nor may many users send mails to one address.
        for name in [format!("verify:{subject}"), format!("verify-to:{}", address.folded())] {
            drop(self.0.rarely.attempt(client, &name).await?);
        }
        let service = self.clone();
        let work = async move {
            log_failure(user.subject(), service.send_verification_link(&user, address).await);
        };
        Ok(self.0.outbox.submit(work)?)
    }

    async fn send_verification_link(&self, user: &User, to: EmailAddress) -> Result<(), Unavailable> {
        let purpose = Purpose::VerifyEmail;
        let link = self.new_link(purpose, user, &to).await?;
        let choose = |texts: &Texts, context: MailContext<'_>| texts.verify_email(context, &link, purpose.lifetime());
        // Without the name: the reader may be another person, and the name could be an advertisement.
        let mail = self.mail(to, None, choose);
        self.send(mail).await?;
        tracing::info!(subject = ?user.subject(), "link to verify an e-mail address sent");
        Ok(())
    }

    /// Returns the address that the link with this token would verify, without consuming the token. Call it to show the
    /// button.
    ///
    /// # Errors
    /// [`AccountError::Link`]; [`AccountError::Unavailable`].
    pub async fn check_verification_link(&self, token: &str) -> Result<EmailAddress, AccountError> {
        let (record, _) = self.redeemable(Purpose::VerifyEmail, token).await?;
        EmailAddress::new(record.address).map_err(|_| AccountError::Link)
    }

    /// Sets the address of a link as the user's verified address, and returns it. The former verified address gets a
    /// mail about it.
    ///
    /// # Errors
    /// [`AccountError::Link`]; [`AccountError::Unavailable`].
    pub async fn verify_email(&self, token: &str) -> Result<EmailAddress, AccountError> {
        let (record, user) = self.redeemable(Purpose::VerifyEmail, token).await?;
        let address = EmailAddress::new(record.address.clone()).map_err(|_| AccountError::Link)?;
        if !self.0.store.verify_email_by_link(&record.hash, &user, &address).await? {
            return Err(AccountError::Link);
        }
        tracing::info!(subject = ?user.subject(), "e-mail address verified");
        if user.verified_email().is_some_and(|former| former != address.as_str()) {
            self.notify(&user, MailTexts::email_changed);
        }
        Ok(address)
    }
}
