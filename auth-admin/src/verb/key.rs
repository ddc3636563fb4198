//! API keys.

use std::time::Duration;

use auth_store::{KeyInfo, NewKey};
use clap::{Args, Subcommand};
use serde_json::json;

use super::{Confirmation, end_of, lifetime};
use crate::{
    exit::Failure,
    log::TARGET,
    output::{KeyJson, List as Listing, limits, rfc3339},
    session::Session,
};

/// How many keys are read at once.
const PAGE: u32 = 1000;
/// Whole keys are longer, and so is the secret of one.
const LONGEST_ID: usize = 32;

#[derive(Debug, Subcommand)]
pub(crate) enum KeyVerb {
    /// Makes a key for a user, and prints it this once
    Create(Create),
    /// Lists keys, without the keys themselves
    List(List),
    /// Takes a key back, for good
    Revoke(Revoke),
}

impl KeyVerb {
    pub(crate) async fn run(self, session: &mut Session<'_>) -> Result<(), Failure> {
        match self {
            Self::Create(verb) => verb.run(session).await,
            Self::List(verb) => verb.run(session).await,
            Self::Revoke(verb) => verb.run(session).await,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Create {
    /// Whose key it is: it acts as they, and may do no more
    owner: String,
    /// A permission that the key is limited to; may be given several times
    #[arg(long = "permission", value_name = "PERMISSION", required_unless_present = "unlimited")]
    permissions: Vec<String>,
    /// The key may do whatever its owner may, now and later
    #[arg(long, conflicts_with = "permissions")]
    unlimited: bool,
    /// What the key begins with: 1 to 16 letters and digits, `key` unless given
    #[arg(long)]
    prefix: Option<String>,
    /// What the key is for
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,
    /// For how long the key is good, such as 12h or 30d; for ever unless given
    #[arg(long, value_name = "TIME", value_parser = lifetime)]
    expires_in: Option<Duration>,
}

impl Create {
    async fn run(self, session: &mut Session<'_>) -> Result<(), Failure> {
        let mut key = if self.unlimited { NewKey::unlimited() } else { NewKey::limited_to(self.permissions) };
        if let Some(prefix) = self.prefix {
            key = key.prefix(prefix);
        }
        if let Some(label) = self.label {
            key = key.label(label);
        }
        if let Some(lifetime) = self.expires_in {
            key = key.expires_at(end_of(lifetime));
        }
        let (secret, info) = session.users.create_key(&self.owner, key).await?;
        tracing::info!(
            target: TARGET,
            by = session.by,
            key = info.id,
            owner = ?info.owner,
            permissions = limits(info.permissions.as_deref()),
            "key made"
        );
        let end = info
            .expires_at
            .map_or_else(|| "does not expire".to_owned(), |end| format!("is good until {}", rfc3339(end)));
        let note = format!("key {} of \"{}\" was made; it is shown this once and {end}", info.id, info.owner);
        session.done_with_secret(secret.as_str(), &note, &KeyJson::from(&info).with_key(secret.as_str()))
    }
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only the keys of this user, the newest first; those of all users are in the order of their ids
    owner: Option<String>,
}

impl List {
    async fn run(self, session: &mut Session<'_>) -> Result<(), Failure> {
        let mut list = Listing::new::<KeyInfo>(session.format);
        if let Some(owner) = &self.owner {
            let keys = session.users.list_keys(Some(owner)).await?;
            list.page::<_, KeyJson<'_>>(session.console, &keys)?;
            return Ok(list.end(session.console)?);
        }
        let mut after = String::new();
        loop {
            let keys = session.users.list_keys_after(&after, PAGE).await?;
            list.page::<_, KeyJson<'_>>(session.console, &keys)?;
            match keys.into_iter().next_back() {
                Some(key) => after = key.id,
                None => return Ok(list.end(session.console)?),
            }
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Revoke {
    /// Which: the second part of the key, which is no secret
    id: String,
    #[command(flatten)]
    confirmation: Confirmation,
}

impl Revoke {
    async fn run(self, session: &mut Session<'_>) -> Result<(), Failure> {
        let id = &self.id;
        if id.len() > LONGEST_ID {
            // A key, or the secret of one: it is not repeated, neither here nor in the log.
            return Err(Failure::usage(
                "that is a key, or a part of one; give its id, which stands between the two `_`",
            ));
        }
        session.confirm(&format!("Revoke key \"{id}\"?"), self.confirmation.yes)?;
        session.users.revoke_key(id).await?;
        tracing::info!(target: TARGET, by = session.by, key = ?id, "key revoked");
        session.done(&format!("key \"{id}\" was revoked"), &json!({ "revoked": id }))
    }
}
