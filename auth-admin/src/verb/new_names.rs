//! Warns about names that are new in the database, if no application declares the names.

use auth_runtime::users::quote_name;
use auth_store::NamesInUse;

use crate::{context::Context, error::Failure};

/// The names in use before a command. `None` if the declared names are known, because the store rejects all others.
pub(crate) struct NamesBefore(Option<NamesInUse>);

impl NamesBefore {
    pub(crate) async fn read(context: &Context<'_>) -> Result<Self, Failure> {
        Ok(Self(match context.declared {
            Some(_) => None,
            None => Some(context.users.names_in_use().await?),
        }))
    }

    /// Prints a warning for names that no user and no key had before: a typo would grant nothing.
    pub(crate) async fn warn_of_new(self, context: &mut Context<'_>) -> Result<(), Failure> {
        let Some(before) = self.0 else { return Ok(()) };
        let unread = |error| Failure::from(error).after("the change was made, but its names cannot be checked");
        let after = context.users.names_in_use().await.map_err(unread)?;
        warn(context, "role", &before.roles, &after.roles);
        warn(context, "permission", &before.permissions, &after.permissions);
        Ok(())
    }
}

fn warn(context: &mut Context<'_>, kind: &str, before: &[String], after: &[String]) {
    let new: Vec<String> = after.iter().filter(|name| !before.contains(name)).map(|name| quote_name(name)).collect();
    if !new.is_empty() {
        let names = if new.len() == 1 { format!("{kind} {}", new[0]) } else { format!("{kind}s {}", new.join(", ")) };
        let verb = if new.len() == 1 { "is" } else { "are" };
        context.console.note(&format!(
            "warning: {names} {verb} new in this database; check the spelling, because this program does not know the \
             {kind}s of the application"
        ));
    }
}
