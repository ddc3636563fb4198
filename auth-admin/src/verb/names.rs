//! Declared names and names in use: `role list` and `permission list`.

use auth_store::NamesInUse;
use clap::Subcommand;
use serde::Serialize;

use crate::{
    context::Context,
    declared::DeclaredName,
    error::Failure,
    output::{self, Format},
};

#[derive(Debug, Subcommand)]
pub(crate) enum RoleVerb {
    /// List declared roles with their permissions, and roles that users have
    List,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PermissionVerb {
    /// List declared permissions, and permissions that users and keys have
    List,
}

/// A role in JSON.
#[derive(Serialize)]
struct Role<'a> {
    #[serde(flatten)]
    entry: Entry<'a>,
    /// The permissions of the role; `null` if it is not declared.
    permissions: Option<&'a [&'static str]>,
}

/// A permission in JSON, and the common part of a role.
#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    /// `null` if the declared names are not known.
    declared: Option<bool>,
    /// Whether a user or a key has the name.
    in_use: bool,
    description: Option<&'a str>,
}

impl RoleVerb {
    pub(crate) async fn run(self, context: &mut Context<'_>) -> Result<(), Failure> {
        let Self::List = self;
        let NamesInUse { roles: used, .. } = context.users.names_in_use().await?;
        let declared = context.declared.map(|declared| declared.roles.as_slice());
        let roles: Vec<_> = entries(declared, &used)
            .map(|(entry, known)| Role { entry, permissions: known.map(|known| known.permissions.as_slice()) })
            .collect();
        if context.format == Format::Json {
            return Ok(output::print_json(context.console, &roles)?);
        }
        let rows = roles.iter().map(|role| {
            let permissions = role.permissions.unwrap_or_default().join(", ");
            row(&role.entry, Some(permissions))
        });
        print(context, &["ROLE", "IN USE", "PERMISSIONS", "DESCRIPTION"], rows.collect())
    }
}

impl PermissionVerb {
    pub(crate) async fn run(self, context: &mut Context<'_>) -> Result<(), Failure> {
        let Self::List = self;
        let NamesInUse { permissions: used, .. } = context.users.names_in_use().await?;
        let declared = context.declared.map(|declared| declared.permissions.as_slice());
        let permissions: Vec<_> = entries(declared, &used).map(|(entry, _)| entry).collect();
        if context.format == Format::Json {
            return Ok(output::print_json(context.console, &permissions)?);
        }
        let rows = permissions.iter().map(|permission| row(permission, None));
        print(context, &["PERMISSION", "IN USE", "DESCRIPTION"], rows.collect())
    }
}

/// Returns the declared names in their order, and then the undeclared names in use.
fn entries<'a>(
    declared: Option<&'a [DeclaredName]>,
    used: &'a [String],
) -> impl Iterator<Item = (Entry<'a>, Option<&'a DeclaredName>)> {
    let known = declared.unwrap_or_default();
    let of_application = known.iter().map(|known| {
        let in_use = used.iter().any(|used| used == known.name);
        (Entry { name: known.name, declared: Some(true), in_use, description: Some(known.description) }, Some(known))
    });
    let others = used.iter().filter(|name| known.iter().all(|known| known.name != name.as_str()));
    let others = others
        .map(move |name| (Entry { name, declared: declared.map(|_| false), in_use: true, description: None }, None));
    of_application.chain(others)
}

fn row(entry: &Entry<'_>, permissions: Option<String>) -> Vec<String> {
    let in_use = if entry.in_use { "yes" } else { "no" };
    let description = entry.description.unwrap_or("not declared: it grants nothing");
    let mut row = vec![entry.name.to_owned(), in_use.to_owned()];
    row.extend(permissions);
    row.push(description.to_owned());
    row
}

/// Prints only the column of names if the declared names are not known.
fn print(context: &mut Context<'_>, header: &[&str], mut rows: Vec<Vec<String>>) -> Result<(), Failure> {
    let columns = if context.declared.is_some() { header.len() } else { 1 };
    for row in &mut rows {
        row.truncate(columns);
    }
    Ok(output::print_table(context.console, &header[..columns], rows)?)
}
