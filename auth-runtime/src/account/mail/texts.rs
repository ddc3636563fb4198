//! The texts of mails, which an application can replace.

use std::time::Duration;

use super::{MailText, message::one_line};

/// Values that a text can contain.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct MailContext<'a> {
    /// The name of the application.
    pub application: &'a str,
    /// The name of the user, in one line. `None` if the address may belong to another person, who must not get a text
    /// that the user has chosen.
    pub username: Option<&'a str>,
}

impl<'a> MailContext<'a> {
    pub(in super::super) const fn new(application: &'a str, username: Option<&'a str>) -> Self {
        Self { application, username }
    }
}

/// The texts of the mails that are sent to users (default: [`EnglishTexts`]).
///
/// Override the methods whose texts you want to replace. Texts are plain text, so values in them need no escaping.
///
/// ```
/// use std::time::Duration;
/// use auth_runtime::account::{MailContext, MailText, MailTexts};
///
/// struct German;
///
/// impl MailTexts for German {
///     fn reset_password(&self, context: MailContext<'_>, link: &str, _: Duration) -> MailText {
///         let subject = format!("Neues Passwort für {}", context.application);
///         MailText { subject, body: format!("Hier wählen Sie ein neues Passwort:\n\n{link}\n") }
///     }
/// }
/// ```
pub trait MailTexts: Send + Sync + 'static {
    /// Returns the mail with a link to set a new password.
    fn reset_password(&self, context: MailContext<'_>, link: &str, valid_for: Duration) -> MailText {
        let MailContext { application, username } = context;
        let user = one_line(username.unwrap_or_default());
        MailText {
            subject: format!("{application}: set a new password"),
            body: format!(
                "A new password was requested for the user {user} of {application}.\n\n\
                 To choose one, open this link within {time}:\n\n{link}\n\n\
                 If you did not request it, ignore this mail. Your password stays as it is.\n",
                time = in_words(valid_for)
            ),
        }
    }

    /// Returns the mail with a link to verify the address. It names no user, because the address may belong to another
    /// person.
    fn verify_email(&self, context: MailContext<'_>, link: &str, valid_for: Duration) -> MailText {
        let application = context.application;
        MailText {
            subject: format!("{application}: confirm your e-mail address"),
            body: format!(
                "A user of {application} entered this e-mail address.\n\n\
                 If it was you, confirm the address within {time}:\n\n{link}\n\n\
                 Otherwise ignore this mail.\n",
                time = in_words(valid_for)
            ),
        }
    }

    /// Returns the mail that tells a user that the password was replaced (ASVS 6.3.7).
    fn password_changed(&self, context: MailContext<'_>) -> MailText {
        notice(context, "password", "was replaced")
    }

    /// Returns the mail that tells a user that sign-ins need a code from now on (ASVS 6.3.7).
    fn second_factor_added(&self, context: MailContext<'_>) -> MailText {
        notice(context, "second factor (the code from an app)", "was added")
    }

    /// Returns the mail that tells a user that sign-ins no longer need a code (ASVS 6.3.7).
    fn second_factor_removed(&self, context: MailContext<'_>) -> MailText {
        notice(context, "second factor (the code from an app)", "was removed")
    }

    /// Returns the mail that tells a user that a recovery code was used.
    fn recovery_code_used(&self, context: MailContext<'_>) -> MailText {
        notice(context, "recovery code", "was used")
    }

    /// Returns the mail that tells a user, at the former address, that another address was verified (ASVS 6.3.7).
    fn email_changed(&self, context: MailContext<'_>) -> MailText {
        notice(context, "e-mail address", "was replaced")
    }
}

/// The texts in English.
#[derive(Clone, Copy, Debug, Default)]
pub struct EnglishTexts;

impl MailTexts for EnglishTexts {}

fn notice(context: MailContext<'_>, what: &str, happened: &str) -> MailText {
    let MailContext { application, username } = context;
    let user = one_line(username.unwrap_or_default());
    MailText {
        subject: format!("{application}: your {what} {happened}"),
        body: format!(
            "Your {what} for {application} {happened}. Your user name is {user}.\n\n\
             If it was not you, tell the administrators of {application} at once.\n"
        ),
    }
}

/// Returns whole hours, or else minutes.
fn in_words(time: Duration) -> String {
    match time.as_secs() / 60 {
        60 => "1 hour".to_owned(),
        minutes if minutes % 60 == 0 => format!("{} hours", minutes / 60),
        minutes => format!("{minutes} minutes"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{EnglishTexts, MailContext, MailTexts, in_words};

    #[test]
    fn texts_hold_the_link_and_its_time() {
        let context = MailContext::new("Entry book", Some("alice\nevil"));
        let mail = EnglishTexts.reset_password(context, "https://app.example/x", Duration::from_mins(30));
        assert!(mail.body.contains("\n\nhttps://app.example/x\n\n"), "{}", mail.body);
        assert!(mail.body.contains("within 30 minutes") && mail.body.contains("user alice evil of"), "{}", mail.body);
        assert_eq!(format!("{mail:?}"), "MailText { subject: \"Entry book: set a new password\", .. }");
    }

    #[test]
    fn times_are_in_words() {
        let words = [30, 60, 90, 24 * 60].map(|minutes| in_words(Duration::from_mins(minutes)));
        assert_eq!(words, ["30 minutes", "1 hour", "90 minutes", "24 hours"]);
    }
}
