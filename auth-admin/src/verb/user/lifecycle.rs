//! `user delete`, `rename`, `disable` and `enable`.

use clap::Args;
use serde_json::json;

use super::{
    super::options::Confirmation,
    report::{report, report_change},
};
use crate::{context::Context, error::Failure, log::TARGET};

#[derive(Debug, Args)]
pub(crate) struct Delete {
    /// User name
    name: String,
    #[command(flatten)]
    confirmation: Confirmation,
}

impl Delete {
    pub(super) async fn run(self, context: &mut Context<'_>) -> Result<(), Failure> {
        let name = context.users.get(&self.name).await?.name;
        context.confirm(&format!("Delete user \"{name}\"?"), self.confirmation.yes)?;
        context.users.delete(&name).await?;
        tracing::info!(target: TARGET, by = context.by, user = ?name, "user deleted");
        context.done(&format!("user \"{name}\" was deleted"), &json!({ "deleted": name }))
    }
}

#[derive(Debug, Args)]
pub(crate) struct Rename {
    /// Current user name
    name: String,
    /// New user name
    new: String,
}

impl Rename {
    pub(super) async fn run(self, context: &mut Context<'_>) -> Result<(), Failure> {
        let before = context.users.get(&self.name).await?.name;
        let account = context.users.rename(&before, &self.new).await?;
        tracing::info!(target: TARGET, by = context.by, user = ?before, name = ?account.name, "user renamed");
        report(context, &account, &format!("user \"{before}\" is now \"{}\"", account.name), None)
    }
}

#[derive(Debug, Args)]
pub(crate) struct Disable {
    /// User name
    name: String,
    #[command(flatten)]
    confirmation: Confirmation,
}

impl Disable {
    pub(super) async fn run(self, context: &mut Context<'_>) -> Result<(), Failure> {
        let name = context.users.get(&self.name).await?.name;
        context.confirm(&format!("Disable user \"{name}\"?"), self.confirmation.yes)?;
        context.users.set_disabled(&name, true).await?;
        tracing::info!(target: TARGET, by = context.by, user = ?name, "user disabled");
        report_change(context, &name, "was disabled").await
    }
}

#[derive(Debug, Args)]
pub(crate) struct Enable {
    /// User name
    name: String,
}

impl Enable {
    pub(super) async fn run(self, context: &mut Context<'_>) -> Result<(), Failure> {
        let name = context.users.get(&self.name).await?.name;
        context.users.set_disabled(&name, false).await?;
        tracing::info!(target: TARGET, by = context.by, user = ?name, "user enabled");
        report_change(context, &name, "was enabled").await
    }
}
