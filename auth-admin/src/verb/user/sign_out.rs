//! `user sign-out`.

use auth_store::{Account, StoreError};
use clap::Args;
use serde_json::json;

use super::super::options::Confirmation;
use crate::{context::Context, error::Failure, log::TARGET, output::is_active};

#[derive(Debug, Args)]
pub(crate) struct SignOut {
    /// User name
    name: String,
    /// Revoke the user's API keys too, permanently
    #[arg(long)]
    revoke_keys: bool,
    #[command(flatten)]
    confirmation: Confirmation,
}

impl SignOut {
    pub(super) async fn run(self, context: &mut Context<'_>) -> Result<(), Failure> {
        let account = context.users.get(&self.name).await?;
        let name = &account.name;
        let and_keys = if self.revoke_keys { " and revoke the API keys" } else { "" };
        context.confirm(&format!("Sign out user \"{name}\"{and_keys}?"), self.confirmation.yes)?;
        let revoked = if self.revoke_keys { revoke_keys(context, name).await? } else { 0 };
        let signed_out = context.users.sign_out(name).await;
        signed_out.map_err(|error| after_revoking(error, name, revoked))?;
        tracing::info!(target: TARGET, by = context.by, user = ?name, revoked_keys = revoked, "user signed out");
        let unread = || format!("user \"{name}\" was signed out, but the API keys cannot be read again");
        let active = active_keys(context, name).await.map_err(|failure| failure.after(unread()))?.len();
        let document = json!({ "signed_out": name, "revoked_keys": revoked, "active_keys": active });
        context.done(&sentence(&account, revoked, active), &document)
    }
}

/// Returns the ids of the user's valid keys.
async fn active_keys(context: &Context<'_>, name: &str) -> Result<Vec<String>, Failure> {
    let keys = context.users.list_keys(Some(name)).await?;
    Ok(keys.into_iter().filter(is_active).map(|key| key.id).collect())
}

/// Revokes all valid keys of a user, and returns their number.
async fn revoke_keys(context: &Context<'_>, name: &str) -> Result<usize, Failure> {
    let ids = active_keys(context, name).await?;
    for (revoked, id) in ids.iter().enumerate() {
        context.users.revoke_key(id).await.map_err(|error| after_revoking(error, name, revoked))?;
        tracing::info!(target: TARGET, by = context.by, key = ?id, owner = ?name, "key revoked");
    }
    Ok(ids.len())
}

/// Returns the failure after some keys were revoked.
fn after_revoking(error: StoreError, name: &str, revoked: usize) -> Failure {
    let done =
        || format!("{} of \"{name}\" revoked, but the user was not signed out; run the command again", keys(revoked));
    let failure = Failure::from(error);
    if revoked == 0 { failure } else { failure.after(done()) }
}

/// Says which credentials ended, and which stay valid.
fn sentence(account: &Account, revoked: usize, active: usize) -> String {
    let revoked = if revoked > 0 { format!(", {} revoked", keys(revoked)) } else { String::new() };
    let ended = format!("user \"{}\" was signed out: all tokens and sessions ended{revoked}", account.name);
    let revoke = "(--revoke-keys revokes them)";
    match (account.has_password, active) {
        (false, 0) => ended,
        (true, 0) => format!("{ended}; the password stays valid"),
        (false, _) => format!("{ended}; {} stay valid {revoke}", keys(active)),
        (true, _) => format!("{ended}; the password and {} stay valid {revoke}", keys(active)),
    }
}

fn keys(count: usize) -> String {
    if count == 1 { "1 API key".to_owned() } else { format!("{count} API keys") }
}
