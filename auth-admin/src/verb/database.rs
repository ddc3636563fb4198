//! The database as a whole.

use auth_store::StoreError;
use serde::Serialize;
use serde_json::json;

use crate::{
    exit::Failure,
    log::TARGET,
    output::{self, Format},
    session::Session,
};

pub(crate) async fn migrate(session: &mut Session<'_>) -> Result<(), Failure> {
    let steps = session.users.migrate().await?;
    if steps > 0 {
        tracing::info!(target: TARGET, by = session.by, steps, "tables migrated");
    }
    let done = match steps {
        0 => "there was nothing to do",
        _ => "they were made, or brought up to date",
    };
    session.done(&format!("the tables are those of this version: {done}"), &json!({ "steps": steps }))
}

const NOT_CHECKED: &str = "not checked: the tables may not have them where this program looks";

/// What `check` has found.
#[derive(Default, Serialize)]
struct Report<'a> {
    fits: bool,
    database: Option<&'a str>,
    /// What is wrong with the tables; `null` if nothing is.
    tables: Option<String>,
    /// Whether the names were compared with those of an application.
    names_checked: bool,
    unknown_roles: Vec<String>,
    unknown_permissions: Vec<String>,
    /// How many users cannot sign in, as the secret key is not configured that their password hash is bound to.
    users_of_unknown_key: u64,
}

pub(crate) async fn check(session: &mut Session<'_>) -> Result<(), Failure> {
    let names_checked = session.declared.is_some();
    let mut report = Report { fits: true, database: session.database, names_checked, ..Report::default() };
    match session.users.check_schema().await {
        Ok(()) => {
            let names = session.users.names_in_use().await?;
            report.users_of_unknown_key = session.users.count_with_unknown_key().await?;
            report.fits = names.unknown_roles.is_empty()
                && names.unknown_permissions.is_empty()
                && report.users_of_unknown_key == 0;
            report.unknown_roles = names.unknown_roles;
            report.unknown_permissions = names.unknown_permissions;
        }
        Err(StoreError::Schema(reason)) => {
            report.fits = false;
            report.tables = Some(reason);
        }
        Err(error) => return Err(error.into()),
    }
    let printed = match session.format {
        Format::Json => output::print_json(session.console, &report),
        Format::Table => output::print_table(session.console, &[], report.rows()),
    };
    // That nobody reads the report does not make it a good one.
    match report {
        Report { fits: true, .. } => Ok(printed?),
        Report { tables: Some(reason), .. } => Err(StoreError::Schema(reason).into()),
        _ => Err(Failure::refused("what is in the database does not fit this program")),
    }
}

impl Report<'_> {
    fn rows(&self) -> Vec<Vec<String>> {
        let tables = self.tables.as_deref().unwrap_or("as they should be");
        let names = |unknown: &[String]| match (self.tables.is_some(), self.names_checked, unknown) {
            (true, _, _) => NOT_CHECKED.to_owned(),
            (false, false, _) => "not checked: this program declares none".to_owned(),
            (false, true, []) => "all are declared".to_owned(),
            (false, true, unknown) => format!("not declared, they grant nothing: {}", unknown.join(", ")),
        };
        let key = match (self.tables.is_some(), self.users_of_unknown_key) {
            (true, _) => NOT_CHECKED.to_owned(),
            (false, 0) => "that of all password hashes that need one".to_owned(),
            (false, 1) => "not that of the password hash of 1 user, who cannot sign in".to_owned(),
            (false, count) => format!("not that of the password hashes of {count} users, who cannot sign in"),
        };
        let rows = [
            ("database", self.database.unwrap_or("that of the application").to_owned()),
            ("tables", tables.to_owned()),
            ("roles", names(&self.unknown_roles)),
            ("permissions", names(&self.unknown_permissions)),
            ("secret key", key),
        ];
        rows.into_iter().map(|(what, is)| vec![what.to_owned(), is]).collect()
    }
}
