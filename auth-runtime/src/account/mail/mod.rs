//! Mails: the text, its checks, and the way out.

mod mailer;
mod message;
mod outbox;
#[cfg(feature = "smtp")]
mod smtp;
mod texts;

#[cfg(feature = "smtp")]
pub use self::smtp::{SmtpError, SmtpMailer};
pub(super) use self::{mailer::AnyMailer, outbox::Outbox};
pub use self::{
    mailer::{Mailer, PrintMailer},
    message::{Mail, MailText},
    texts::{EnglishTexts, MailContext, MailTexts},
};
