//! Passwords: `user set-password` and `user verify-password`.
//!
//! A password comes from a prompt or from stdin, or it is generated. It is never an argument, because other users of
//! the machine can read arguments.

use std::time::{Duration, SystemTime};

use auth_runtime::users::generate_password;
use auth_store::Account;
use clap::Args;
use secrecy::{ExposeSecret, SecretString};

use super::{
    super::options::{end_of, lifetime},
    report::{read_again, report},
};
use crate::{console::Console, context::Context, error::Failure, log::TARGET, output::rfc3339};

/// Lifetime of a generated password (ASVS 6.4.1).
const GENERATED_LIFETIME: Duration = Duration::from_hours(7 * 24);

/// The source of a new password (default: a prompt).
#[derive(Debug, Args)]
pub(super) struct PasswordSource {
    /// Generate a password, print it once, and let it expire
    #[arg(long)]
    generate: bool,
    /// Read the password from the first line of stdin (default: prompt)
    #[arg(long, conflicts_with = "generate")]
    password_stdin: bool,
    /// Lifetime of the password, such as 12h or 30d (default: 7d if generated, else unlimited)
    #[arg(long, value_name = "TIME", value_parser = lifetime)]
    expires_in: Option<Duration>,
}

/// A new password of a user.
pub(super) struct NewPassword {
    pub(super) text: SecretString,
    pub(super) expires_at: Option<SystemTime>,
    is_generated: bool,
}

impl PasswordSource {
    pub(super) fn read(&self, console: &mut Console, name: &str) -> Result<NewPassword, Failure> {
        let text = if self.generate {
            generate_password().map_err(|error| Failure::refused(error.to_string()))?
        } else if self.password_stdin {
            console.first_line()?
        } else {
            ask_twice(console, name)?
        };
        let lifetime = self.expires_in.or(self.generate.then_some(GENERATED_LIFETIME));
        Ok(NewPassword { text, expires_at: lifetime.map(end_of), is_generated: self.generate })
    }
}

impl NewPassword {
    /// Returns the password if it was generated, so that it can be printed.
    pub(super) fn into_generated(self) -> Option<SecretString> {
        self.is_generated.then_some(self.text)
    }
}

fn ask_twice(console: &Console, name: &str) -> Result<SecretString, Failure> {
    let alternatives = "--password-stdin or --generate";
    let password = console.ask_password(&format!("New password of \"{name}\": "), alternatives)?;
    let again = console.ask_password("Repeat the password: ", alternatives)?;
    if password.expose_secret() == again.expose_secret() {
        Ok(password)
    } else {
        Err(Failure::refused("the two passwords differ; nothing was changed"))
    }
}

#[derive(Debug, Args)]
pub(crate) struct SetPassword {
    /// User name
    name: String,
    #[command(flatten)]
    password: PasswordSource,
}

impl SetPassword {
    pub(super) async fn run(self, context: &mut Context<'_>) -> Result<(), Failure> {
        let name = context.users.get(&self.name).await?.name;
        let password = self.password.read(context.console, &name)?;
        context.users.set_password(&name, password.text.expose_secret(), password.expires_at).await?;
        tracing::info!(target: TARGET, by = context.by, user = ?name, generated = password.is_generated, "password set");
        let sentence = format!("user \"{name}\" has a new password");
        let account = read_again(context, &name, &sentence).await?;
        report(context, &account, &sentence, password.into_generated().as_ref())
    }
}

/// Rejects an expired password by name, because the store reports it as wrong.
fn check_expiry(account: &Account) -> Result<(), Failure> {
    match account.password_expires_at.filter(|end| *end <= SystemTime::now()) {
        None => Ok(()),
        Some(end) => {
            let text = format!("the password of \"{}\" expired at {}", account.name, rfc3339(end));
            Err(Failure::refused(text))
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct VerifyPassword {
    /// User name
    name: String,
    /// Read the password from the first line of stdin (default: prompt)
    #[arg(long)]
    password_stdin: bool,
}

impl VerifyPassword {
    pub(super) async fn run(self, context: &mut Context<'_>) -> Result<(), Failure> {
        let account = context.users.get(&self.name).await?;
        let name = &account.name;
        if !account.has_password {
            return Err(Failure::refused(format!("user \"{name}\" has no password")));
        }
        check_expiry(&account)?;
        let password = self.read(context.console, name)?;
        if !context.users.verify_password(name, password.expose_secret()).await? {
            check_expiry(&account)?;
            return Err(Failure::refused(format!("wrong password for \"{name}\"")));
        }
        let document = serde_json::json!({ "name": name, "correct": true });
        context.done(&format!("the password of \"{name}\" is correct"), &document)
    }

    fn read(&self, console: &mut Console, name: &str) -> Result<SecretString, Failure> {
        if self.password_stdin {
            console.first_line()
        } else {
            console.ask_password(&format!("Password of \"{name}\": "), "--password-stdin")
        }
    }
}
