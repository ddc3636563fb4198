//! Users: adding and reading them; the other verbs stand in `change` and `password`, and `import` in its own module.

use auth_runtime::{api_key::generated_id, users::UserError};
use auth_store::{Account, NewUser, Page, StoreError, normalize_name};
use clap::{Args, Subcommand};
use secrecy::ExposeSecret;

use super::{
    change::{Delete, Disable, Enable, Rename, SetPermissions, SetProfile, SetRoles, SignOut},
    password::{PasswordSource, SetPassword, VerifyPassword},
};
use crate::{
    exit::Failure,
    import::Import,
    log::TARGET,
    output::{self, Format, List as Listing, UserJson, rfc3339},
    session::Session,
};

/// How many users are read at once.
const PAGE: u32 = 1000;

#[derive(Debug, Subcommand)]
pub(crate) enum UserVerb {
    /// Adds a user
    Add(Add),
    /// Lists users in the order of their names
    List(List),
    /// Shows a user
    Show(Show),
    /// Deletes a user, with their API keys
    Delete(Delete),
    /// Give a user another name; password, tokens, API keys and what they own stay theirs
    Rename(Rename),
    /// Keeps a user out: ends their tokens, and turns password and keys down
    Disable(Disable),
    /// Lets a user in again
    Enable(Enable),
    /// Gives a user another password, and ends their tokens; while others guess it, they may have to wait to sign in
    SetPassword(SetPassword),
    /// Says whether a password is that of a user: 0 if it is, 1 if not
    VerifyPassword(VerifyPassword),
    /// Gives a user another display name or e-mail address
    SetProfile(SetProfile),
    /// Gives a user these roles, and takes all others
    SetRoles(SetRoles),
    /// Gives a user these permissions besides those of their roles, and takes all others
    SetPermissions(SetPermissions),
    /// Ends all tokens of a user; password and keys stay
    SignOut(SignOut),
    /// Adds the users of a file, with the password hashes that another system has made
    Import(Import),
}

impl UserVerb {
    pub(crate) async fn run(self, session: &mut Session<'_>) -> Result<(), Failure> {
        match self {
            Self::Add(verb) => verb.run(session).await,
            Self::List(verb) => verb.run(session).await,
            Self::Show(verb) => verb.run(session).await,
            Self::Delete(verb) => verb.run(session).await,
            Self::Rename(verb) => verb.run(session).await,
            Self::Disable(verb) => verb.run(session).await,
            Self::Enable(verb) => verb.run(session).await,
            Self::SetPassword(verb) => verb.run(session).await,
            Self::VerifyPassword(verb) => verb.run(session).await,
            Self::SetProfile(verb) => verb.run(session).await,
            Self::SetRoles(verb) => verb.run(session).await,
            Self::SetPermissions(verb) => verb.run(session).await,
            Self::SignOut(verb) => verb.run(session).await,
            Self::Import(verb) => verb.run(session).await,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    /// By which they sign in
    name: String,
    /// A name for people to read
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
    /// An e-mail address
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// A role; may be given several times
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
    /// A permission besides those of the roles; may be given several times
    #[arg(long = "permission", value_name = "PERMISSION")]
    permissions: Vec<String>,
    /// Keeps them out for now
    #[arg(long)]
    disabled: bool,
    /// Gives no password: they come by API keys only, or are given one later
    #[arg(long, conflicts_with_all = ["generate", "password_stdin", "expires_in"])]
    no_password: bool,
    #[command(flatten)]
    password: PasswordSource,
}

impl Add {
    async fn run(self, session: &mut Session<'_>) -> Result<(), Failure> {
        is_free(session, &self.name).await?;
        let mut user = NewUser::new(&self.name).disabled(self.disabled).roles(self.roles).permissions(self.permissions);
        if let Some(name) = self.display_name {
            user = user.display_name(name);
        }
        if let Some(email) = self.email {
            user = user.email(email);
        }
        session.users.check_user(&user)?;
        let mut made = None;
        if !self.no_password {
            let password = self.password.read(session.console, &self.name)?;
            user = user.password(password.text.expose_secret());
            if let Some(end) = password.expires_at {
                user = user.password_expires_at(end);
            }
            made = password.into_made();
        }
        let account = session.users.add(user).await?;
        tracing::info!(
            target: TARGET,
            by = session.by,
            user = ?account.name,
            roles = ?account.roles,
            permissions = ?account.permissions,
            "user added"
        );
        let sentence = format!("user \"{}\" was added", account.name);
        shown(session, &account, &sentence, made.as_ref().map(ExposeSecret::expose_secret))
    }
}

/// Told before a password is asked for; the store looks again.
async fn is_free(session: &Session<'_>, name: &str) -> Result<(), Failure> {
    let name = normalize_name(name).map_err(StoreError::from)?;
    match session.users.get(&name).await {
        Err(StoreError::NoUser(_)) => Ok(()),
        Ok(_) => Err(StoreError::from(UserError::Taken(name)).into()),
        Err(error) => Err(error.into()),
    }
}

/// What was done with a user, and their password, if it was made just now.
pub(super) fn shown(
    session: &mut Session<'_>,
    account: &Account,
    sentence: &str,
    made: Option<&str>,
) -> Result<(), Failure> {
    let document = UserJson::from(account).with_password(made);
    let Some(password) = made else { return session.done(sentence, &document) };
    let end = account.password_expires_at.map(|end| format!(" and is good until {}", rfc3339(end))).unwrap_or_default();
    let note = format!("{sentence}; the password is shown this once{end}");
    session.done_with_secret(password, &note, &document)
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only those who have this role
    #[arg(long)]
    role: Option<String>,
    /// So many at most; all of them unless given
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Those after this name, which is the last one of a list before
    #[arg(long, value_name = "NAME")]
    after: Option<String>,
}

impl List {
    async fn run(self, session: &mut Session<'_>) -> Result<(), Failure> {
        if let Some(role) = &self.role {
            is_a_role(session, role).await?;
        }
        let mut list = Listing::new::<Account>(session.format);
        let mut left = self.limit.unwrap_or(u64::MAX);
        // As the store writes names, if it is one.
        let after = self.after.as_deref().unwrap_or_default();
        let mut after = normalize_name(after).unwrap_or_else(|_| after.to_owned());
        loop {
            let count = u32::try_from(left).map_or(PAGE, |left| left.min(PAGE));
            let users = session.users.list(self.page(count, &after)).await?;
            list.page::<_, UserJson<'_>>(session.console, &users)?;
            left -= u64::try_from(users.len()).unwrap_or(left).min(left);
            match users.into_iter().next_back() {
                Some(user) if left > 0 => after = user.name,
                Some(user) => {
                    self.tell_of_more(session, &user.name).await?;
                    break;
                }
                None => break,
            }
        }
        Ok(list.end(session.console)?)
    }

    fn page(&self, count: u32, after: &str) -> Page {
        let page = Page::of(count).after(after);
        match &self.role {
            Some(role) => page.role(role),
            None => page,
        }
    }

    async fn tell_of_more(&self, session: &mut Session<'_>, last: &str) -> Result<(), Failure> {
        if session.format == Format::Table && !session.users.list(self.page(1, last)).await?.is_empty() {
            session.console.flush()?;
            // As shells read it, whatever is in it.
            session.console.note(&format!("there are more: --after '{}'", last.replace('\'', r"'\''")));
        }
        Ok(())
    }
}

/// A name that was mistyped is not one that nobody has.
async fn is_a_role(session: &Session<'_>, role: &str) -> Result<(), Failure> {
    let is_declared = session.declared.is_some_and(|declared| declared.tables.roles.contains(&role));
    if is_declared || session.users.names_in_use().await?.roles.iter().any(|used| used == role) {
        return Ok(());
    }
    let role = generated_id(role.trim()).map_or_else(|| format!("\"{role}\""), |_| "[an API key]".to_owned());
    Err(Failure::refused(format!("there is no role {role}; `role list` shows which there are")))
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// Whom
    name: String,
}

impl Show {
    async fn run(self, session: &mut Session<'_>) -> Result<(), Failure> {
        let account = session.users.get(&self.name).await?;
        match session.format {
            Format::Json => output::print_json(session.console, &UserJson::from(&account))?,
            Format::Table => {
                let facts = output::facts(&account).into_iter().map(|(what, is)| vec![what.to_owned(), is]);
                output::print_table(session.console, &[], facts.collect())?;
            }
        }
        Ok(())
    }
}
