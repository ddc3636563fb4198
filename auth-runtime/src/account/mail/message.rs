//! A mail to one address.

use std::fmt;

use crate::account::EmailAddress;

/// Subject and body of a mail, as plain text.
#[derive(Clone, PartialEq, Eq)]
pub struct MailText {
    /// The subject, in one line.
    pub subject: String,
    /// The body.
    pub body: String,
}

/// A mail to one address. `Debug` omits the body, because it may hold a link with a token.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    to: EmailAddress,
    subject: String,
    body: String,
}

impl Mail {
    /// Returns a mail. Control characters in the subject become spaces, to prevent header injection.
    ///
    /// ```
    /// use auth_runtime::account::{EmailAddress, Mail, MailText};
    ///
    /// let text = MailText { subject: "Hello\r\nBcc: bob@example.com".to_owned(), body: "Text".to_owned() };
    /// let mail = Mail::new(EmailAddress::new("alice@example.com")?, text);
    /// assert_eq!(mail.subject(), "Hello  Bcc: bob@example.com");
    /// # Ok::<(), auth_runtime::account::AccountError>(())
    /// ```
    #[must_use]
    pub fn new(to: EmailAddress, text: MailText) -> Self {
        Self { to, subject: one_line(&text.subject), body: text.body }
    }

    /// Returns the address.
    #[must_use]
    pub const fn to(&self) -> &EmailAddress {
        &self.to
    }

    /// Returns the subject, in one line.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Returns the body, as plain text.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }
}

/// Replaces control characters and line separators by spaces.
pub(super) fn one_line(text: &str) -> String {
    let is_break = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    text.replace(is_break, " ")
}

impl fmt::Debug for MailText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailText").field("subject", &self.subject).finish_non_exhaustive()
    }
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("to", &self.to).field("subject", &self.subject).finish_non_exhaustive()
    }
}
