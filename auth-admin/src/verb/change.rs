//! Users: what may become of them.

use auth_store::{Account, Profile};
use clap::Args;
use serde_json::json;

use super::{Confirmation, user::shown};
use crate::{exit::Failure, log::TARGET, session::Session};

#[derive(Debug, Args)]
pub(crate) struct Delete {
    /// Whom
    name: String,
    #[command(flatten)]
    confirmation: Confirmation,
}

impl Delete {
    pub(super) async fn run(self, session: &mut Session<'_>) -> Result<(), Failure> {
        let name = meant(session, &self.name, "Delete", &self.confirmation).await?;
        session.users.delete(&name).await?;
        tracing::info!(target: TARGET, by = session.by, user = ?name, "user deleted");
        session.done(&format!("user \"{name}\" was deleted"), &json!({ "deleted": name }))
    }
}

#[derive(Debug, Args)]
pub(crate) struct Rename {
    /// Current name
    name: String,
    /// New name, by which the user signs in from now on
    new: String,
}

impl Rename {
    pub(super) async fn run(self, session: &mut Session<'_>) -> Result<(), Failure> {
        let before = session.users.get(&self.name).await?.name;
        let account = session.users.rename(&before, &self.new).await?;
        tracing::info!(target: TARGET, by = session.by, user = ?before, name = ?account.name, "user renamed");
        shown(session, &account, &format!("user \"{before}\" is now \"{}\"", account.name), None)
    }
}

#[derive(Debug, Args)]
pub(crate) struct Disable {
    /// Whom
    name: String,
    #[command(flatten)]
    confirmation: Confirmation,
}

impl Disable {
    pub(super) async fn run(self, session: &mut Session<'_>) -> Result<(), Failure> {
        let name = meant(session, &self.name, "Disable", &self.confirmation).await?;
        session.users.set_disabled(&name, true).await?;
        tracing::info!(target: TARGET, by = session.by, user = ?name, "user disabled");
        changed(session, &name, "was disabled").await
    }
}

#[derive(Debug, Args)]
pub(crate) struct Enable {
    /// Whom
    name: String,
}

impl Enable {
    pub(super) async fn run(self, session: &mut Session<'_>) -> Result<(), Failure> {
        let name = session.users.get(&self.name).await?.name;
        session.users.set_disabled(&name, false).await?;
        tracing::info!(target: TARGET, by = session.by, user = ?name, "user enabled");
        changed(session, &name, "was enabled").await
    }
}

#[derive(Debug, Args)]
pub(crate) struct SignOut {
    /// Whom
    name: String,
    #[command(flatten)]
    confirmation: Confirmation,
}

impl SignOut {
    pub(super) async fn run(self, session: &mut Session<'_>) -> Result<(), Failure> {
        let name = meant(session, &self.name, "Sign out", &self.confirmation).await?;
        session.users.sign_out(&name).await?;
        tracing::info!(target: TARGET, by = session.by, user = ?name, "user signed out");
        session.done(&format!("user \"{name}\" was signed out everywhere"), &json!({ "signed_out": name }))
    }
}

#[derive(Debug, Args)]
pub(crate) struct SetProfile {
    /// Whose
    name: String,
    #[command(flatten)]
    profile: ProfileOptions,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct ProfileOptions {
    /// A name for people to read; an empty one takes it away
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
    /// An e-mail address; an empty one takes it away
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
}

impl SetProfile {
    pub(super) async fn run(self, session: &mut Session<'_>) -> Result<(), Failure> {
        let name = session.users.get(&self.name).await?.name;
        let ProfileOptions { display_name, email } = self.profile;
        // Who they are in person is no matter of the log.
        let (has_display_name, has_email) = (display_name.is_some(), email.is_some());
        let profile = display_name.into_iter().fold(Profile::new(), Profile::display_name);
        let profile = email.into_iter().fold(profile, Profile::email);
        session.users.set_profile(&name, profile).await?;
        tracing::info!(
            target: TARGET,
            by = session.by,
            user = ?name,
            display_name = has_display_name,
            email = has_email,
            "profile set"
        );
        changed(session, &name, "has another profile").await
    }
}

#[derive(Debug, Args)]
pub(crate) struct SetRoles {
    /// Whose
    name: String,
    /// The roles; none of them takes all that the user has
    roles: Vec<String>,
    #[command(flatten)]
    confirmation: Confirmation,
}

impl SetRoles {
    pub(super) async fn run(self, session: &mut Session<'_>) -> Result<(), Failure> {
        let name = meant_to_have(session, &self.name, &self.roles, "roles", &self.confirmation).await?;
        session.users.set_roles(&name, self.roles).await?;
        let account = session.users.get(&name).await?;
        tracing::info!(target: TARGET, by = session.by, user = ?name, roles = ?account.roles, "roles set");
        let sentence = format!("user \"{name}\" has {}", listed("role", &account.roles));
        shown(session, &account, &sentence, None)
    }
}

#[derive(Debug, Args)]
pub(crate) struct SetPermissions {
    /// Whose
    name: String,
    /// The permissions; none of them takes all that the user has, but for those of their roles
    permissions: Vec<String>,
    #[command(flatten)]
    confirmation: Confirmation,
}

impl SetPermissions {
    pub(super) async fn run(self, session: &mut Session<'_>) -> Result<(), Failure> {
        let name = meant_to_have(session, &self.name, &self.permissions, "permissions", &self.confirmation).await?;
        session.users.set_permissions(&name, self.permissions).await?;
        let Account { permissions, .. } = &session.users.get(&name).await?;
        tracing::info!(target: TARGET, by = session.by, user = ?name, ?permissions, "permissions set");
        let sentence = format!("has {} besides those of the roles", listed("permission", permissions));
        changed(session, &name, &sentence).await
    }
}

/// The user's name as the store writes it, if it is meant.
async fn meant(
    session: &mut Session<'_>,
    name: &str,
    verb: &str,
    confirmation: &Confirmation,
) -> Result<String, Failure> {
    let name = session.users.get(name).await?.name;
    session.confirm(&format!("{verb} user \"{name}\"?"), confirmation.yes)?;
    Ok(name)
}

/// The same where only nothing is a question.
async fn meant_to_have(
    session: &mut Session<'_>,
    name: &str,
    names: &[String],
    what: &str,
    confirmation: &Confirmation,
) -> Result<String, Failure> {
    let name = session.users.get(name).await?.name;
    session.confirm(&format!("Take all {what} of user \"{name}\"?"), confirmation.yes || !names.is_empty())?;
    Ok(name)
}

async fn changed(session: &mut Session<'_>, name: &str, what: &str) -> Result<(), Failure> {
    let account = session.users.get(name).await?;
    shown(session, &account, &format!("user \"{name}\" {what}"), None)
}

fn listed(what: &str, names: &[String]) -> String {
    match names {
        [] => format!("no {what}s"),
        [name] => format!("the {what} {name}"),
        names => format!("the {what}s {}", names.join(", ")),
    }
}
