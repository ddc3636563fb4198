//! A user's own account: password reset and e-mail verification by mail, and a second factor.
//!
//! [`SelfService`] is the entry point. It works on a store that is an [`AccountStore`], a [`OneTimeTokenStore`] and a
//! [`SecondFactorStore`], and sends mails with a [`Mailer`].
//!
//! # One-time tokens
//!
//! A link in a mail holds a token of 256 random bits. The store keeps its SHA-256. A token is valid
//!
//! - for one purpose: 30 minutes for a new password, 24 hours for an e-mail address;
//! - once: of several concurrent requests, one succeeds;
//! - until a newer one is sent for the same purpose;
//! - until the [version of the credentials](crate::users::User::current_epoch) of the user changes.
//!
//! Opening a link does not consume its token, because scanners of mail open links. Sending the form does.
//!
//! # Second factor
//!
//! A user enrols an authenticator app (TOTP, RFC 6238), and gets ten recovery codes. From then on,
//! [`Basic`](crate::users::Basic) refuses the password alone, and a sign-in with both factors has the
//! [class](crate::authenticate::Principal::acr) [`MFA`]. A rule requires it by `acr("mfa")`.

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
