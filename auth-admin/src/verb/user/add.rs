//! `user add`.

use auth_runtime::users::UserError;
use auth_store::{Account, NewUser, StoreError, normalize_name};
use clap::Args;
use secrecy::{ExposeSecret, SecretString};

use super::{super::new_names::NamesBefore, password::PasswordSource, report::report};
use crate::{context::Context, error::Failure, log::TARGET};

#[derive(Debug, Args)]
pub(crate) struct Add {
    /// User name
    name: String,
    /// Display name
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
    /// E-mail address
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// Mark the address of `--email` as verified, so that password reset links can be sent to it
    #[arg(long, requires = "email")]
    email_verified: bool,
    /// Role; repeat for several
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
    /// Permission in addition to those of the roles; repeat for several
    #[arg(long = "permission", value_name = "PERMISSION")]
    permissions: Vec<String>,
    /// Disable the user until `user enable`
    #[arg(long)]
    disabled: bool,
    /// Set no password: the user has API keys only, until `user set-password`
    #[arg(long, conflicts_with_all = ["generate", "password_stdin", "expires_in"])]
    no_password: bool,
    #[command(flatten)]
    password: PasswordSource,
}

impl Add {
    pub(super) async fn run(self, context: &mut Context<'_>) -> Result<(), Failure> {
        check_free(context, &self.name).await?;
        let user = self.user();
        context.users.check_user(&user)?;
        let names = NamesBefore::read(context).await?;
        let (user, generated) = self.with_password(context, user)?;
        let account = context.users.add(user).await?;
        log(context, &account);
        let sentence = format!("user \"{}\" was added", account.name);
        report(context, &account, &sentence, generated.as_ref())?;
        names.warn_of_new(context).await
    }

    fn user(&self) -> NewUser {
        let user = NewUser::new(&self.name).disabled(self.disabled);
        let user = user.roles(&self.roles).permissions(&self.permissions);
        let user = self.display_name.iter().fold(user, NewUser::display_name);
        let set_email = if self.email_verified { NewUser::verified_email } else { NewUser::email };
        self.email.iter().fold(user, set_email)
    }

    /// Reads the password, and returns it if it was generated.
    fn with_password(
        &self,
        context: &mut Context<'_>,
        user: NewUser,
    ) -> Result<(NewUser, Option<SecretString>), Failure> {
        if self.no_password {
            return Ok((user, None));
        }
        let password = self.password.read(context.console, &self.name)?;
        let user = user.password(password.text.expose_secret());
        let user = password.expires_at.into_iter().fold(user, NewUser::password_expires_at);
        Ok((user, password.into_generated()))
    }
}

/// Rejects a taken name before the command asks for a password. The store checks again.
async fn check_free(context: &Context<'_>, name: &str) -> Result<(), Failure> {
    let name = normalize_name(name).map_err(StoreError::from)?;
    match context.users.get(&name).await {
        Err(StoreError::NoUser(_)) => Ok(()),
        Ok(_) => Err(StoreError::from(UserError::Taken(name)).into()),
        Err(error) => Err(error.into()),
    }
}

fn log(context: &Context<'_>, account: &Account) {
    tracing::info!(
        target: TARGET,
        by = context.by,
        user = ?account.name,
        roles = ?account.roles,
        permissions = ?account.permissions,
        "user added"
    );
}
