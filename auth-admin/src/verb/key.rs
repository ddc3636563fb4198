//! API keys: `key create`, `list` and `revoke`.

use std::time::Duration;

use auth_store::{KeyInfo, NewKey};
use clap::{Args, Subcommand};
use serde_json::json;

use super::{
    new_names::NamesBefore,
    options::{Confirmation, end_of, lifetime},
};
use crate::{
    context::Context,
    error::Failure,
    log::TARGET,
    output::{self, KeyJson, limits, rfc3339},
};

/// Number of keys in one query.
const PAGE: u32 = 1000;
/// Maximum length of an id. A whole key is longer, and so is the secret part of one.
const LONGEST_ID: usize = 32;

#[derive(Debug, Subcommand)]
pub(crate) enum KeyVerb {
    /// Create an API key and print it once
    Create(Create),
    /// List API keys, without their secrets
    List(List),
    /// Revoke an API key permanently
    Revoke(Revoke),
}

impl KeyVerb {
    pub(crate) async fn run(self, context: &mut Context<'_>) -> Result<(), Failure> {
        match self {
            Self::Create(verb) => verb.run(context).await,
            Self::List(verb) => verb.run(context).await,
            Self::Revoke(verb) => verb.run(context).await,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Create {
    /// User name of the owner; the key acts as its owner
    owner: String,
    /// Permission of the key, while the owner has it; repeat for several (required without `--unlimited`)
    #[arg(long = "permission", value_name = "PERMISSION", required_unless_present = "unlimited")]
    permissions: Vec<String>,
    /// Give the key all permissions that its owner has, now and later
    #[arg(long, conflicts_with = "permissions")]
    unlimited: bool,
    /// First part of the key, 1 to 16 letters and digits (default: key)
    #[arg(long)]
    prefix: Option<String>,
    /// Description of the key's purpose
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,
    /// Lifetime, such as 12h or 30d (default: unlimited)
    #[arg(long, value_name = "TIME", value_parser = lifetime)]
    expires_in: Option<Duration>,
}

impl Create {
    async fn run(self, context: &mut Context<'_>) -> Result<(), Failure> {
        let names = NamesBefore::read(context).await?;
        let owner = self.owner.clone();
        let (secret, info) = context.users.create_key(&owner, self.into_key()).await?;
        tracing::info!(
            target: TARGET,
            by = context.by,
            key = info.id,
            owner = ?info.owner,
            permissions = limits(info.permissions.as_deref()),
            "key created"
        );
        let end =
            info.expires_at.map_or_else(|| "does not expire".to_owned(), |end| format!("expires at {}", rfc3339(end)));
        let note = format!("key {} of \"{}\" was created; it is shown only once and {end}", info.id, info.owner);
        context.done_with_secret(secret.as_str(), &note, &KeyJson::from(&info).with_key(secret.as_str()))?;
        names.warn_of_new(context).await
    }

    fn into_key(self) -> NewKey {
        let key = if self.unlimited { NewKey::unlimited() } else { NewKey::limited_to(self.permissions) };
        let key = self.prefix.into_iter().fold(key, NewKey::prefix);
        let key = self.label.into_iter().fold(key, NewKey::label);
        self.expires_in.map(end_of).into_iter().fold(key, NewKey::expires_at)
    }
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// List only the keys of this user, newest first (default: the keys of all users, by id)
    owner: Option<String>,
}

impl List {
    async fn run(self, context: &mut Context<'_>) -> Result<(), Failure> {
        let mut list = output::List::new::<KeyInfo>(context.format);
        if let Some(owner) = &self.owner {
            let keys = context.users.list_keys(Some(owner)).await?;
            list.page::<_, KeyJson<'_>>(context.console, &keys)?;
            return Ok(list.end(context.console)?);
        }
        let mut after = String::new();
        loop {
            let keys = context.users.list_keys_after(&after, PAGE).await?;
            list.page::<_, KeyJson<'_>>(context.console, &keys)?;
            match keys.into_iter().next_back() {
                Some(key) => after = key.id,
                None => return Ok(list.end(context.console)?),
            }
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Revoke {
    /// Id of the key: its second part, not a secret
    id: String,
    #[command(flatten)]
    confirmation: Confirmation,
}

impl Revoke {
    async fn run(self, context: &mut Context<'_>) -> Result<(), Failure> {
        let id = &self.id;
        if id.len() > LONGEST_ID {
            // The text may be a secret, so neither this error nor the log repeats it.
            return Err(Failure::usage("this is a key or a part of one; give its id, the text between the two `_`"));
        }
        context.confirm(&format!("Revoke key \"{id}\"?"), self.confirmation.yes)?;
        context.users.revoke_key(id).await?;
        tracing::info!(target: TARGET, by = context.by, key = ?id, "key revoked");
        context.done(&format!("key \"{id}\" was revoked"), &json!({ "revoked": id }))
    }
}
