//! `user set-roles` and `user set-permissions`.

use auth_store::NewUser;
use clap::Args;

use super::{
    super::{new_names::NamesBefore, options::Confirmation},
    report::{read_again, report},
};
use crate::{context::Context, error::Failure, log::TARGET};

#[derive(Debug, Args)]
pub(crate) struct SetRoles {
    /// User name
    name: String,
    /// All roles of the user; without any, all roles are removed
    roles: Vec<String>,
    #[command(flatten)]
    confirmation: Confirmation,
}

impl SetRoles {
    pub(super) async fn run(self, context: &mut Context<'_>) -> Result<(), Failure> {
        let account = context.users.get(&self.name).await?;
        let name = account.name;
        // An unknown role is rejected before the prompt.
        context.users.check_user(&NewUser::new(&name).roles(&self.roles))?;
        confirm_removal(context, "role", &account.roles, &self.roles, &name, &self.confirmation)?;
        let names = NamesBefore::read(context).await?;
        context.users.set_roles(&name, &self.roles).await?;
        tracing::info!(target: TARGET, by = context.by, user = ?name, roles = ?self.roles, "roles set");
        let account = read_again(context, &name, &format!("user \"{name}\" has new roles")).await?;
        report(context, &account, &format!("user \"{name}\" has {}", listed("role", &account.roles)), None)?;
        names.warn_of_new(context).await
    }
}

#[derive(Debug, Args)]
pub(crate) struct SetPermissions {
    /// User name
    name: String,
    /// All permissions of the user in addition to those of the roles; without any, all are removed
    permissions: Vec<String>,
    #[command(flatten)]
    confirmation: Confirmation,
}

impl SetPermissions {
    pub(super) async fn run(self, context: &mut Context<'_>) -> Result<(), Failure> {
        let account = context.users.get(&self.name).await?;
        let name = account.name;
        context.users.check_user(&NewUser::new(&name).permissions(&self.permissions))?;
        confirm_removal(context, "permission", &account.permissions, &self.permissions, &name, &self.confirmation)?;
        let names = NamesBefore::read(context).await?;
        context.users.set_permissions(&name, &self.permissions).await?;
        tracing::info!(target: TARGET, by = context.by, user = ?name, permissions = ?self.permissions, "permissions set");
        let account = read_again(context, &name, &format!("user \"{name}\" has new permissions")).await?;
        let listed = listed("permission", &account.permissions);
        report(context, &account, &format!("user \"{name}\" has {listed} in addition to those of the roles"), None)?;
        names.warn_of_new(context).await
    }
}

/// Prompts before names are removed from a user.
fn confirm_removal(
    context: &mut Context<'_>,
    kind: &str,
    before: &[String],
    after: &[String],
    user: &str,
    confirmation: &Confirmation,
) -> Result<(), Failure> {
    let removed: Vec<String> = before.iter().filter(|name| !after.contains(name)).cloned().collect();
    let question = format!("Remove {} from user \"{user}\"?", listed(kind, &removed));
    context.confirm(&question, confirmation.yes || removed.is_empty())
}

fn listed(kind: &str, names: &[String]) -> String {
    match names {
        [] => format!("no {kind}s"),
        [name] => format!("the {kind} {name}"),
        names => format!("the {kind}s {}", names.join(", ")),
    }
}
