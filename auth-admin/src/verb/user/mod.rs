//! Users: one file for each group of subcommands.

mod add;
mod grants;
mod lifecycle;
mod list;
mod password;
mod profile;
mod report;
mod second_factor;
mod sign_out;

use clap::Subcommand;

use self::{
    add::Add,
    grants::{SetPermissions, SetRoles},
    lifecycle::{Delete, Disable, Enable, Rename},
    list::{List, Show},
    password::{SetPassword, VerifyPassword},
    profile::SetProfile,
    second_factor::RemoveSecondFactor,
    sign_out::SignOut,
};
use crate::{context::Context, error::Failure, import::Import};

#[derive(Debug, Subcommand)]
pub(crate) enum UserVerb {
    /// Add a user
    Add(Add),
    /// List users by name
    List(List),
    /// Show a user
    Show(Show),
    /// Delete a user and the user's API keys
    Delete(Delete),
    /// Rename a user; the password, tokens, API keys and subject do not change
    Rename(Rename),
    /// Disable a user: end all tokens and sessions, and reject the password and API keys
    Disable(Disable),
    /// Enable a disabled user
    Enable(Enable),
    /// Set the password of a user and end all tokens and sessions; failed attempts stay counted
    SetPassword(SetPassword),
    /// Verify a password: exit with 0 if it is correct, 1 if not
    VerifyPassword(VerifyPassword),
    /// Set the display name or e-mail address of a user
    SetProfile(SetProfile),
    /// Remove the second factor of a user who has lost it, and end all tokens and sessions
    RemoveSecondFactor(RemoveSecondFactor),
    /// Replace the roles of a user
    SetRoles(SetRoles),
    /// Replace the permissions that a user has in addition to those of the roles
    SetPermissions(SetPermissions),
    /// End all tokens and sessions of a user; the password and API keys stay valid
    SignOut(SignOut),
    /// Import users from a file, with the password hashes of another system
    Import(Import),
}

impl UserVerb {
    pub(crate) async fn run(self, context: &mut Context<'_>) -> Result<(), Failure> {
        match self {
            Self::Add(verb) => verb.run(context).await,
            Self::List(verb) => verb.run(context).await,
            Self::Show(verb) => verb.run(context).await,
            Self::Delete(verb) => verb.run(context).await,
            Self::Rename(verb) => verb.run(context).await,
            Self::Disable(verb) => verb.run(context).await,
            Self::Enable(verb) => verb.run(context).await,
            Self::SetPassword(verb) => verb.run(context).await,
            Self::VerifyPassword(verb) => verb.run(context).await,
            Self::SetProfile(verb) => verb.run(context).await,
            Self::RemoveSecondFactor(verb) => verb.run(context).await,
            Self::SetRoles(verb) => verb.run(context).await,
            Self::SetPermissions(verb) => verb.run(context).await,
            Self::SignOut(verb) => verb.run(context).await,
            Self::Import(verb) => verb.run(context).await,
        }
    }
}
