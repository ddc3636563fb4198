//! The entry point: the store, the mailer, and the links.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use backon::{ExponentialBuilder, Retryable};

use super::{
    AccountError, AccountStore, EmailAddress, EnglishTexts, Mail, MailContext, MailText, MailTexts, Mailer,
    OneTimeTokenRecord, PublicUrl, Purpose,
    mail::{AnyMailer, Outbox},
    one_time_token::OneTimeToken,
};
use crate::{
    authenticate::Unavailable, password::Passwords, seal::Seal, session::Site, throttle::Throttle, users::User,
};

/// Lets users manage their own account: reset the password by mail, verify an e-mail address, and set up a second
/// factor. Cheap to clone.
///
/// ```
/// use auth_runtime::{
///     account::{MemoryAccounts, PrintMailer, PublicUrl, SelfService},
///     client_ip::ClientAddress,
///     users::User,
/// };
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let password = "correct horse battery staple"; // from the environment, and not in the source
/// let alice = User::with_password("alice", password)?.with_verified_email("alice@example.com");
/// let url = PublicUrl::new("https://app.example/account")?;
/// let account = SelfService::new(MemoryAccounts::new([alice])?, PrintMailer, "Entry book", url);
///
/// // The same answer, whether or not there is such a user:
/// account.forgot_password(ClientAddress::UNKNOWN, "alice@example.com").await?;
/// account.forgot_password(ClientAddress::UNKNOWN, "bob@example.com").await?;
/// account.finish().await;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
///
/// # What it does not protect against
///
/// - An attacker who reads the mail of a user. With a second factor, the password alone is not enough.
/// - Lost mails. The queue is in memory. If the [`Mailer`] fails, the mail is sent again, at most twice within about 5
///   seconds. Then the failure is logged as an error, and the user must request another mail.
pub struct SelfService<S>(pub(super) Arc<Parts<S>>);

/// How often a mail that was refused is sent again.
const RETRIES: usize = 2;
/// The wait before the first of them. The second is four times as long.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// The default of [`Basic`](crate::users::Basic).
const ISSUER: &str = "basic";

/// Texts of any type.
pub(super) type Texts = dyn MailTexts;

/// The state that the clones of a [`SelfService`] share.
pub(super) struct Parts<S> {
    pub(super) store: Arc<S>,
    pub(super) passwords: Passwords,
    /// The throttle of the store, for sign-ins.
    pub(super) throttle: Throttle,
    /// The same with the limits of requests that users rarely make.
    pub(super) rarely: Throttle,
    pub(super) application: Arc<str>,
    /// The name and the links of the pages.
    pub(super) site: Site,
    /// The issuers of identities of the store's users.
    pub(super) issuers: Arc<[String]>,
    pub(super) url: PublicUrl,
    mailer: Arc<dyn AnyMailer>,
    texts: Arc<Texts>,
    pub(super) outbox: Outbox,
    /// Encrypts the secrets of authenticator apps.
    pub(super) seal: Seal,
}

impl<S: AccountStore> SelfService<S> {
    /// Returns a self-service for the users of this store. Mails and authenticator apps show the name of the
    /// application. Links in mails begin with the URL.
    #[must_use]
    pub fn new(store: S, mailer: impl Mailer, application: impl Into<String>, url: PublicUrl) -> Self {
        let throttle = store.throttle();
        let application: Arc<str> = application.into().into();
        Self(Arc::new(Parts {
            passwords: store.passwords(),
            rarely: throttle.clone().for_rare_attempts(),
            throttle,
            site: Site { name: application.to_string(), ..Site::default() },
            application,
            issuers: [ISSUER.to_owned()].into(),
            url,
            mailer: Arc::new(mailer),
            texts: Arc::new(EnglishTexts),
            outbox: Outbox::new(),
            seal: Seal::new(&store.passwords(), b"auth-runtime: second factor"),
            store: Arc::new(store),
        }))
    }

    /// Sets the texts of the mails (default: [`EnglishTexts`]).
    #[must_use]
    pub fn texts(self, texts: impl MailTexts) -> Self {
        self.with(|parts| parts.texts = Arc::new(texts))
    }

    /// Sets the issuers of the identities of these users (default: `basic`): the issuer that
    /// [`Basic::issuer`](crate::users::Basic::issuer) sets, and the issuer of their tokens. The routes refuse callers
    /// of other issuers, because their subjects belong to other people.
    #[must_use]
    pub fn issuers<T: Into<String>>(self, issuers: impl IntoIterator<Item = T>) -> Self {
        let issuers: Vec<String> = issuers.into_iter().map(Into::into).collect();
        self.with(|parts| parts.issuers = issuers.into())
    }

    /// Adds an issuer, unless it is in the list.
    pub(super) fn also_issued_by(self, issuer: &str) -> Self {
        let known = Arc::clone(&self.0.issuers);
        if known.iter().any(|known| known == issuer) {
            return self;
        }
        self.issuers(known.iter().cloned().chain([issuer.to_owned()]))
    }

    /// Sets the limits of attempts (default: those of the [store](crate::users::UserStore::throttle)).
    ///
    /// Links and codes have the address limit of this throttle. For one user, there are 3 attempts from one address
    /// before the first lockout, and at most 10 in an hour, not counting those from [known
    /// addresses](crate::throttle#known-addresses).
    #[must_use]
    pub fn throttle(self, throttle: Throttle) -> Self {
        self.with(|parts| {
            parts.rarely = throttle.clone().for_rare_attempts();
            parts.throttle = throttle;
        })
    }

    pub(super) fn with(self, change: impl FnOnce(&mut Parts<S>)) -> Self {
        let mut parts = Arc::unwrap_or_clone(self.0);
        change(&mut parts);
        Self(Arc::new(parts))
    }

    /// Waits until all mails are handed to the [`Mailer`]. Call it before the process ends.
    pub async fn finish(&self) {
        self.0.outbox.finish().await;
    }

    /// Stores a new token for a user, and returns the link with it.
    pub(super) async fn new_link(
        &self,
        purpose: Purpose,
        user: &User,
        address: &EmailAddress,
    ) -> Result<String, Unavailable> {
        let token = OneTimeToken::generate()?;
        let expires_at = SystemTime::now() + purpose.lifetime();
        let record = OneTimeTokenRecord::new(token.hash(), purpose, user.subject().to_owned(), expires_at);
        let record = record.address(address.as_str()).credential_epoch(user.current_epoch());
        self.0.store.put_token(record).await?;
        Ok(self.0.url.link(page(purpose), token.as_str()))
    }

    /// Returns a mail with the text that `choose` takes from the texts of the application.
    pub(super) fn mail(
        &self,
        to: EmailAddress,
        username: Option<&str>,
        choose: impl FnOnce(&Texts, MailContext<'_>) -> MailText,
    ) -> Mail {
        Mail::new(to, choose(&*self.0.texts, MailContext::new(&self.0.application, username)))
    }

    /// Hands a mail to the mailer, up to three times. Each failure is logged.
    pub(super) async fn send(&self, mail: Mail) -> Result<(), Unavailable> {
        let backoff = ExponentialBuilder::new().with_min_delay(RETRY_DELAY).with_factor(4.0).with_max_times(RETRIES);
        let send = || self.0.mailer.send_boxed(mail.clone());
        let note = |error: &Unavailable, wait: Duration| {
            let error = error.to_string();
            tracing::warn!(?error, ?wait, "mail not sent, retry scheduled");
        };
        send.retry(backoff).notify(note).await
    }

    /// Sends a notice to the verified address of a user, if there is one. A failure is logged.
    pub(super) fn notify(&self, user: &User, choose: impl FnOnce(&Texts, MailContext<'_>) -> MailText) {
        let Some(Ok(to)) = user.verified_email().map(EmailAddress::new) else { return };
        let mail = self.mail(to, Some(user.name()), choose);
        let (service, subject) = (self.clone(), user.subject().to_owned());
        let work = async move { log_failure(&subject, service.send(mail).await) };
        log_failure(user.subject(), self.0.outbox.submit(work));
    }

    /// Returns the record of a valid link of this purpose, and its user as the store has it now.
    pub(super) async fn redeemable(
        &self,
        purpose: Purpose,
        token: &str,
    ) -> Result<(OneTimeTokenRecord, User), AccountError> {
        let token = OneTimeToken::parse(token).ok_or(AccountError::Link)?;
        let record = self.0.store.find_token(&token.hash()).await?.ok_or(AccountError::Link)?;
        if record.purpose != purpose || record.expires_at <= SystemTime::now() {
            return Err(AccountError::Link);
        }
        let user = self.0.store.current_user(&record.subject).await?;
        let is_current = |user: &User| !user.is_disabled() && user.current_epoch() == record.credential_epoch;
        let user = user.filter(is_current).ok_or(AccountError::Link)?;
        Ok((record, user))
    }
}

/// Returns the path of the page that a link of this purpose opens.
pub(super) const fn page(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::ResetPassword => "reset-password",
        Purpose::VerifyEmail => "verify-email",
    }
}

/// Logs a mail that was not sent.
pub(super) fn log_failure(subject: &str, sent: Result<(), Unavailable>) {
    if let Err(error) = sent {
        let error = error.to_string();
        tracing::error!(?subject, ?error, "mail not sent");
    }
}

impl<S> Clone for SelfService<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S> Clone for Parts<S> {
    fn clone(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            passwords: self.passwords.clone(),
            throttle: self.throttle.clone(),
            rarely: self.rarely.clone(),
            application: Arc::clone(&self.application),
            site: self.site.clone(),
            issuers: Arc::clone(&self.issuers),
            url: self.url.clone(),
            mailer: Arc::clone(&self.mailer),
            texts: Arc::clone(&self.texts),
            outbox: self.outbox.clone(),
            seal: self.seal.clone(),
        }
    }
}

impl<S> fmt::Debug for SelfService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SelfService")
            .field("application", &self.0.application)
            .field("url", &self.0.url)
            .field("throttle", &self.0.throttle)
            .finish_non_exhaustive()
    }
}
