//! `user set-profile`.

use auth_store::Profile;
use clap::Args;

use super::report::report_change;
use crate::{context::Context, error::Failure, log::TARGET};

#[derive(Debug, Args)]
pub(crate) struct SetProfile {
    /// User name
    name: String,
    #[command(flatten)]
    profile: ProfileOptions,
    /// Mark the address of `--email` as verified, so that password reset links can be sent to it
    #[arg(long, requires = "email")]
    email_verified: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct ProfileOptions {
    /// Display name; an empty one removes it
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
    /// E-mail address; an empty one removes it
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
}

impl SetProfile {
    pub(super) async fn run(self, context: &mut Context<'_>) -> Result<(), Failure> {
        let name = context.users.get(&self.name).await?.name;
        let ProfileOptions { display_name, email } = self.profile;
        // The log has no personal data, only the fields that changed.
        let (has_display_name, has_email) = (display_name.is_some(), email.is_some());
        let profile = display_name.into_iter().fold(Profile::new(), Profile::display_name);
        let set_email = if self.email_verified { Profile::verified_email } else { Profile::email };
        let profile = email.into_iter().fold(profile, set_email);
        context.users.set_profile(&name, profile).await?;
        tracing::info!(
            target: TARGET,
            by = context.by,
            user = ?name,
            display_name = has_display_name,
            email = has_email,
            email_verified = self.email_verified,
            "profile set"
        );
        report_change(context, &name, "has a new profile").await
    }
}
