//! Roles and permissions: what the application declares, next to what the database has.

use auth_store::NamesInUse;
use clap::Subcommand;
use serde::Serialize;

use crate::{
    access::DeclaredName,
    exit::Failure,
    output::{self, Format},
    session::Session,
};

#[derive(Debug, Subcommand)]
pub(crate) enum RoleVerb {
    /// Lists roles: those that are declared, with what they hold, and those that users have
    List,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PermissionVerb {
    /// Lists permissions: those that are declared, and those that users and keys have
    List,
}

/// A role in JSON.
#[derive(Serialize)]
struct Role<'a> {
    #[serde(flatten)]
    entry: Entry<'a>,
    /// Those that it holds; `null` if it is not declared.
    permissions: Option<&'a [&'static str]>,
}

/// A permission in JSON, and what a role has in common with it.
#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    /// `null` if no application says what it declares.
    declared: Option<bool>,
    /// Whether a user or a key has it.
    in_use: bool,
    description: Option<&'a str>,
}

impl RoleVerb {
    pub(crate) async fn run(self, session: &mut Session<'_>) -> Result<(), Failure> {
        let Self::List = self;
        let NamesInUse { roles: used, .. } = session.users.names_in_use().await?;
        let declared = session.declared.map(|declared| declared.roles.as_slice());
        let roles: Vec<_> = names(declared, &used)
            .map(|(entry, known)| Role { entry, permissions: known.map(|known| known.permissions.as_slice()) })
            .collect();
        if session.format == Format::Json {
            return Ok(output::print_json(session.console, &roles)?);
        }
        let rows = roles.iter().map(|role| {
            let held = role.permissions.unwrap_or_default().join(", ");
            row(&role.entry, Some(held))
        });
        print(session, &["ROLE", "IN USE", "PERMISSIONS", "DESCRIPTION"], rows.collect())
    }
}

impl PermissionVerb {
    pub(crate) async fn run(self, session: &mut Session<'_>) -> Result<(), Failure> {
        let Self::List = self;
        let NamesInUse { permissions: used, .. } = session.users.names_in_use().await?;
        let declared = session.declared.map(|declared| declared.permissions.as_slice());
        let permissions: Vec<_> = names(declared, &used).map(|(entry, _)| entry).collect();
        if session.format == Format::Json {
            return Ok(output::print_json(session.console, &permissions)?);
        }
        let rows = permissions.iter().map(|permission| row(permission, None));
        print(session, &["PERMISSION", "IN USE", "DESCRIPTION"], rows.collect())
    }
}

/// Those that are declared, in their order, and then those that are only in use.
fn names<'a>(
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

fn row(entry: &Entry<'_>, held: Option<String>) -> Vec<String> {
    let in_use = if entry.in_use { "yes" } else { "no" };
    let description = entry.description.unwrap_or("not declared: it grants nothing");
    let mut row = vec![entry.name.to_owned(), in_use.to_owned()];
    row.extend(held);
    row.push(description.to_owned());
    row
}

/// Without an application there are only names.
fn print(session: &mut Session<'_>, header: &[&str], mut rows: Vec<Vec<String>>) -> Result<(), Failure> {
    let columns = if session.declared.is_some() { header.len() } else { 1 };
    for row in &mut rows {
        row.truncate(columns);
    }
    Ok(output::print_table(session.console, &header[..columns], rows)?)
}
