//! Signing keys: `key-ring list`, `rotate` and `retire`.

use std::time::SystemTime;

use auth_runtime::jwt::{KeyState, SigningKeyRecord, key_states};
use clap::{Args, Subcommand};
use serde_json::json;

use super::options::Confirmation;
use crate::{
    context::Context,
    error::Failure,
    log::TARGET,
    output::{self, SigningKeyJson, rfc3339},
};

#[derive(Debug, Subcommand)]
pub(crate) enum KeyRingVerb {
    /// List the keys that sign tokens, with their states
    List,
    /// Add a key: it is published now, and starts to sign tokens in ten minutes
    Rotate(Rotate),
    /// Retire a key: its tokens are rejected, and its private key is deleted
    Retire(Retire),
}

impl KeyRingVerb {
    pub(crate) async fn run(self, context: &mut Context<'_>) -> Result<(), Failure> {
        match self {
            Self::List => list(context).await,
            Self::Rotate(verb) => verb.run(context).await,
            Self::Retire(verb) => verb.run(context).await,
        }
    }
}

async fn list(context: &mut Context<'_>) -> Result<(), Failure> {
    let keys = key_states(context.state.of_keys().await?.keys().await?, SystemTime::now());
    let mut list = output::List::new::<(SigningKeyRecord, KeyState)>(context.format);
    list.page::<_, SigningKeyJson<'_>>(context.console, &keys)?;
    Ok(list.end(context.console)?)
}

#[derive(Debug, Args)]
pub(crate) struct Rotate {
    /// Sign tokens with the new key now; other processes may answer 503 to them for up to 30 seconds
    #[arg(long)]
    now: bool,
    /// Rotate even if the secret key cannot decrypt the current signing key; use it when the application and this
    /// command have the same new secret key
    #[arg(long)]
    new_secret_key: bool,
}

impl Rotate {
    async fn run(self, context: &mut Context<'_>) -> Result<(), Failure> {
        let store = context.state.of_keys().await?;
        if !self.new_secret_key {
            store.sealed_key(context.users).await?.map_or(Ok(()), |id| Err(sealed(&id)))?;
        }
        let key = store.rotate(context.users, self.now).await?;
        tracing::info!(target: TARGET, by = context.by, key = key.id, now = self.now, "signing key added");
        let signs_from = rfc3339(key.signs_from);
        let sentence = format!("signing key \"{}\" was added; it signs from {signs_from} on", key.id);
        context.done(&sentence, &json!({ "id": key.id, "signs_from": signs_from }))
    }
}

/// Returns the failure to open the key that signs: the processes of the application could not open the new key either.
fn sealed(id: &str) -> Failure {
    Failure::usage(format!(
        "the secret key does not open signing key \"{id}\", which signs now; give the secret key of the application, or \
         add --new-secret-key if it has a new one"
    ))
}

#[derive(Debug, Args)]
pub(crate) struct Retire {
    /// Id of the key, as `key-ring list` prints it
    // It is base64url, so each 64th begins with a hyphen.
    #[arg(allow_hyphen_values = true)]
    id: String,
    #[command(flatten)]
    confirmation: Confirmation,
}

impl Retire {
    async fn run(self, context: &mut Context<'_>) -> Result<(), Failure> {
        let id = &self.id;
        // Before the prompt.
        context.users.key_ring().map(drop)?;
        context.confirm(&format!("Retire signing key \"{id}\"? Its tokens are rejected."), self.confirmation.yes)?;
        let is_new = context.state.of_keys().await?.retire(context.users, id).await?;
        if is_new {
            tracing::info!(target: TARGET, by = context.by, key = ?id, "signing key retired");
        }
        let sentence = if is_new { "was retired" } else { "was retired already" };
        context.done(&format!("signing key \"{id}\" {sentence}"), &json!({ "retired": id }))
    }
}
