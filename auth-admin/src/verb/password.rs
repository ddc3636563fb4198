//! Passwords: from a terminal, from the standard input, or made here; never from an argument, which other users of the
//! machine can read.

use std::time::{Duration, SystemTime};

use auth_runtime::users::generate_password;
use auth_store::Account;
use clap::Args;
use secrecy::{ExposeSecret, SecretString};

use super::{end_of, lifetime, user::shown};
use crate::{console::Console, exit::Failure, log::TARGET, output::rfc3339, session::Session};

/// For how long a password is good that was made here (ASVS 6.4.1).
const MADE_FOR: Duration = Duration::from_hours(7 * 24);

/// Where a new password comes from: a terminal, unless it is said.
#[derive(Debug, Args)]
pub(super) struct PasswordSource {
    /// Makes a password, and prints it this once; it expires, so that the user chooses another one
    #[arg(long)]
    generate: bool,
    /// Reads the password from the first line of the standard input; otherwise it is asked for at the terminal
    #[arg(long, conflicts_with = "generate")]
    password_stdin: bool,
    /// For how long the password is good, such as 12h or 30d; a made one for 7d unless given, another one for ever
    #[arg(long, value_name = "TIME", value_parser = lifetime)]
    expires_in: Option<Duration>,
}

/// A password that somebody is to have.
pub(super) struct NewPassword {
    pub(super) text: SecretString,
    pub(super) expires_at: Option<SystemTime>,
    is_made: bool,
}

impl PasswordSource {
    pub(super) fn read(&self, console: &mut Console, name: &str) -> Result<NewPassword, Failure> {
        let text = if self.generate {
            generate_password().map_err(|error| Failure::refused(error.to_string()))?
        } else if self.password_stdin {
            console.first_line()?
        } else {
            asked_twice(console, name)?
        };
        let lifetime = self.expires_in.or(self.generate.then_some(MADE_FOR));
        Ok(NewPassword { text, expires_at: lifetime.map(end_of), is_made: self.generate })
    }
}

impl NewPassword {
    /// To be shown, if nobody has seen it yet.
    pub(super) fn into_made(self) -> Option<SecretString> {
        self.is_made.then_some(self.text)
    }
}

fn asked_twice(console: &Console, name: &str) -> Result<SecretString, Failure> {
    let or_else = "give --password-stdin or --generate";
    let password = console.ask_password(&format!("New password of \"{name}\": "), or_else)?;
    let again = console.ask_password("The same again: ", or_else)?;
    if password.expose_secret() == again.expose_secret() {
        Ok(password)
    } else {
        Err(Failure::refused("the two passwords are not the same; nothing was changed"))
    }
}

#[derive(Debug, Args)]
pub(crate) struct SetPassword {
    /// Whose
    name: String,
    #[command(flatten)]
    password: PasswordSource,
}

impl SetPassword {
    pub(super) async fn run(self, session: &mut Session<'_>) -> Result<(), Failure> {
        let name = session.users.get(&self.name).await?.name;
        let password = self.password.read(session.console, &name)?;
        session.users.set_password(&name, password.text.expose_secret(), password.expires_at).await?;
        tracing::info!(target: TARGET, by = session.by, user = ?name, generated = password.is_made, "password set");
        let account = session.users.get(&name).await?;
        let sentence = format!("user \"{name}\" has a new password");
        let made = password.into_made();
        shown(session, &account, &sentence, made.as_ref().map(ExposeSecret::expose_secret))
    }
}

/// The store does not tell a password that has expired from a wrong one.
fn is_current(account: &Account) -> Result<(), Failure> {
    match account.password_expires_at.filter(|end| *end <= SystemTime::now()) {
        None => Ok(()),
        Some(end) => {
            let text = format!("the password of \"{}\" has expired at {}", account.name, rfc3339(end));
            Err(Failure::refused(text))
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct VerifyPassword {
    /// Whose
    name: String,
    /// Reads the password from the first line of the standard input; otherwise it is asked for at the terminal
    #[arg(long)]
    password_stdin: bool,
}

impl VerifyPassword {
    pub(super) async fn run(self, session: &mut Session<'_>) -> Result<(), Failure> {
        let account = session.users.get(&self.name).await?;
        let name = &account.name;
        if !account.has_password {
            return Err(Failure::refused(format!("user \"{name}\" has no password")));
        }
        is_current(&account)?;
        let password = self.read(session.console, name)?;
        if !session.users.verify_password(name, password.expose_secret()).await? {
            is_current(&account)?;
            return Err(Failure::refused(format!("that is not the password of \"{name}\"")));
        }
        let document = serde_json::json!({ "name": name, "correct": true });
        session.done(&format!("that is the password of \"{name}\""), &document)
    }

    fn read(&self, console: &mut Console, name: &str) -> Result<SecretString, Failure> {
        if self.password_stdin {
            console.first_line()
        } else {
            console.ask_password(&format!("Password of \"{name}\": "), "give --password-stdin")
        }
    }
}
