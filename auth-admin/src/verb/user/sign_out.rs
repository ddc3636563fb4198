//! `user sign-out`.

use auth_store::Account;
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
        context.users.sign_out(name).await?;
        tracing::info!(target: TARGET, by = context.by, user = ?name, revoked_keys = revoked, "user signed out");
        let active = active_keys(context, name).await?.len();
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
    for id in &ids {
        context.users.revoke_key(id).await?;
        tracing::info!(target: TARGET, by = context.by, key = ?id, owner = ?name, "key revoked");
    }
    Ok(ids.len())
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
