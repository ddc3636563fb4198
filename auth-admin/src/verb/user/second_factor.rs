//! `user remove-second-factor`.

use clap::Args;

use super::{super::options::Confirmation, report::report_change};
use crate::{context::Context, error::Failure, log::TARGET};

#[derive(Debug, Args)]
pub(crate) struct RemoveSecondFactor {
    /// User name
    name: String,
    #[command(flatten)]
    confirmation: Confirmation,
}

impl RemoveSecondFactor {
    pub(super) async fn run(self, context: &mut Context<'_>) -> Result<(), Failure> {
        let name = context.users.get(&self.name).await?.name;
        context.confirm(&format!("Remove the second factor of user \"{name}\"?"), self.confirmation.yes)?;
        let had_one = context.users.clear_second_factor(&name).await?;
        tracing::info!(target: TARGET, by = context.by, user = ?name, had_one, "second factor removed");
        report_change(context, &name, "has no second factor").await
    }
}
