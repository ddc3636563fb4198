//! Sessions: `session list` and `end`.

use std::sync::Arc;

use auth_runtime::session::Session;
use clap::{Args, Subcommand};
use serde_json::json;

use super::options::Confirmation;
use crate::{
    context::Context,
    error::Failure,
    log::TARGET,
    output::{self, SessionJson},
    state,
};

#[derive(Debug, Subcommand)]
pub(crate) enum SessionVerb {
    /// List the sessions of a user, most recently used first
    List(List),
    /// End one session, or all sessions of a user
    End(End),
}

impl SessionVerb {
    pub(crate) async fn run(self, context: &mut Context<'_>) -> Result<(), Failure> {
        match self {
            Self::List(verb) => verb.run(context).await,
            Self::End(verb) => verb.run(context).await,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// User name
    name: String,
}

impl List {
    async fn run(self, context: &mut Context<'_>) -> Result<(), Failure> {
        let mut list = output::List::new::<Arc<Session>>(context.format);
        let user = state::user(context.users, &self.name).await?;
        let sessions = context.state.sessions(&user).await?;
        list.page::<_, SessionJson<'_>>(context.console, &sessions)?;
        Ok(list.end(context.console)?)
    }
}

#[derive(Debug, Args)]
pub(crate) struct End {
    /// Identifier of the session, as `session list` prints it
    #[arg(required_unless_present = "all")]
    id: Option<String>,
    /// End all sessions of this user instead
    #[arg(long, value_name = "NAME", conflicts_with = "id")]
    all: Option<String>,
    #[command(flatten)]
    confirmation: Confirmation,
}

impl End {
    async fn run(self, context: &mut Context<'_>) -> Result<(), Failure> {
        match (self.id, self.all) {
            (_, Some(name)) => end_all(context, &name, &self.confirmation).await,
            (id, None) => end(context, &id.unwrap_or_default(), &self.confirmation).await,
        }
    }
}

async fn end(context: &mut Context<'_>, id: &str, confirmation: &Confirmation) -> Result<(), Failure> {
    context.confirm(&format!("End session \"{id}\"?"), confirmation.yes)?;
    let ended = context.state.end_session(id).await?;
    if !ended.done {
        ended.nothing_done()?;
        return Err(Failure::refused("there is no such session, or it has ended"));
    }
    tracing::info!(target: TARGET, by = context.by, session = ?id, "session ended");
    let sentence = format!("session \"{id}\" was ended");
    ended.complete(&sentence)?;
    context.done(&sentence, &json!({ "ended": id }))
}

async fn end_all(context: &mut Context<'_>, name: &str, confirmation: &Confirmation) -> Result<(), Failure> {
    let user = state::user(context.users, name).await?;
    let name = user.name();
    context.confirm(&format!("End all sessions of \"{name}\"?"), confirmation.yes)?;
    let ended = context.state.end_sessions_of(&user).await?;
    let count = ended.done;
    tracing::info!(target: TARGET, by = context.by, user = ?name, count, "sessions ended");
    let sessions = if count == 1 { "1 session".to_owned() } else { format!("{count} sessions") };
    let sentence = format!("{sessions} of \"{name}\" were ended");
    ended.complete(&sentence)?;
    context.done(&sentence, &json!({ "user": name, "ended": count }))
}
