//! `user list` and `user show`.

use auth_runtime::api_key::generated_id;
use auth_store::{Account, Page, normalize_name};
use clap::Args;

use crate::{
    context::Context,
    error::Failure,
    output::{self, Format, UserJson},
};

/// Number of users in one query.
const PAGE: u32 = 1000;

#[derive(Debug, Args)]
pub(crate) struct List {
    /// List only users with this role
    #[arg(long)]
    role: Option<String>,
    /// Maximum number of users (default: all)
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Start after this name: the last one of the previous output
    #[arg(long, value_name = "NAME")]
    after: Option<String>,
}

impl List {
    pub(super) async fn run(self, context: &mut Context<'_>) -> Result<(), Failure> {
        if let Some(role) = &self.role {
            check_role(context, role).await?;
        }
        let mut list = output::List::new::<Account>(context.format);
        let mut left = self.limit.unwrap_or(u64::MAX);
        // The name of a user is normalized; any other text is compared as it is.
        let after = self.after.as_deref().unwrap_or_default();
        let mut after = normalize_name(after).unwrap_or_else(|_| after.to_owned());
        loop {
            let count = u32::try_from(left).map_or(PAGE, |left| left.min(PAGE));
            let users = context.users.list(self.page(count, &after)).await?;
            list.page::<_, UserJson<'_>>(context.console, &users)?;
            left -= u64::try_from(users.len()).unwrap_or(left).min(left);
            match users.into_iter().next_back() {
                Some(user) if left > 0 => after = user.name,
                Some(user) => {
                    self.note_more(context, &user.name).await?;
                    break;
                }
                None => break,
            }
        }
        Ok(list.end(context.console)?)
    }

    fn page(&self, count: u32, after: &str) -> Page {
        let page = Page::of(count).after(after);
        match &self.role {
            Some(role) => page.role(role),
            None => page,
        }
    }

    async fn note_more(&self, context: &mut Context<'_>, last: &str) -> Result<(), Failure> {
        if context.format == Format::Table && !context.users.list(self.page(1, last)).await?.is_empty() {
            context.console.flush()?;
            // Quoted for a shell.
            context.console.note(&format!("there are more: --after '{}'", last.replace('\'', r"'\''")));
        }
        Ok(())
    }
}

/// Rejects a role that is neither declared nor in use: an empty list would hide a typo.
async fn check_role(context: &Context<'_>, role: &str) -> Result<(), Failure> {
    let is_declared = context.declared.is_some_and(|declared| declared.names.roles.contains(&role));
    if is_declared || context.users.names_in_use().await?.roles.iter().any(|used| used == role) {
        return Ok(());
    }
    let role = generated_id(role.trim()).map_or_else(|| format!("\"{role}\""), |_| "[an API key]".to_owned());
    Err(Failure::refused(format!("there is no role {role}; `role list` shows all roles")))
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// User name
    name: String,
}

impl Show {
    pub(super) async fn run(self, context: &mut Context<'_>) -> Result<(), Failure> {
        let account = context.users.get(&self.name).await?;
        match context.format {
            Format::Json => output::print_json(context.console, &UserJson::from(&account))?,
            Format::Table => {
                let rows = output::facts(&account).into_iter().map(|(label, value)| vec![label.to_owned(), value]);
                output::print_table(context.console, &[], rows.collect())?;
            }
        }
        Ok(())
    }
}
