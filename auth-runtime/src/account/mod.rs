//! A user's own account: password reset and e-mail verification by mail, and a second factor.
//!
//! [`SelfService`] is the entry point. It needs a store that implements [`AccountStore`], [`OneTimeTokenStore`] and
//! [`SecondFactorStore`], and a [`Mailer`].
//!
//! # One-time tokens
//!
//! A link in a mail contains a token of 256 random bits. The store keeps its SHA-256 hash. A token is valid
//!
//! - for one purpose, and for 30 minutes (new password) or 24 hours (e-mail address);
//! - once: of several concurrent requests, one succeeds;
//! - until a newer one is sent for the same purpose;
//! - until the [version of the credentials](crate::users::User::current_epoch) of the user changes, or the user is
//!   disabled.
//!
//! Opening a link does not consume its token, because mail scanners open links. Sending the form does.
//!
//! # Second factor
//!
//! A user enrols an authenticator app (TOTP, RFC 6238), and gets ten recovery codes. From then on,
//! [`Basic`](crate::users::Basic) rejects the password alone. A sign-in with both factors has the [authentication
//! context class](crate::authenticate::Principal::acr) [`MFA`], which a rule requires with `acr("mfa")`.

mod email;
mod error;
mod http;
mod mail;
mod memory;
mod one_time_token;
mod public_url;
mod reset;
mod second_factor;
mod self_service;
mod sign_in;
mod store;
#[cfg(test)]
mod tests;
mod verification;

#[cfg(feature = "smtp")]
pub use self::mail::{SmtpError, SmtpMailer};
pub use self::{
    email::EmailAddress,
    error::{AccountError, PublicUrlError},
    mail::{EnglishTexts, Mail, MailContext, MailText, MailTexts, Mailer, PrintMailer},
    memory::MemoryAccounts,
    one_time_token::{OneTimeTokenHash, OneTimeTokenRecord, OneTimeTokenStore, Purpose},
    public_url::PublicUrl,
    second_factor::{Enrolment, MFA, RecoveryCodeHash, RecoveryCodes, SecondFactor, SecondFactorStore},
    self_service::SelfService,
    store::AccountStore,
};
