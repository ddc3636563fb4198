//! The tables: `migrate` and `check`.

use auth_store::StoreError;
use serde::Serialize;
use serde_json::json;

use crate::{
    context::Context,
    error::Failure,
    log::TARGET,
    output::{self, Format},
};

pub(crate) async fn migrate(context: &mut Context<'_>) -> Result<(), Failure> {
    let steps = context.users.migrate().await?;
    if steps > 0 {
        tracing::info!(target: TARGET, by = context.by, steps, "tables migrated");
    }
    let sentence = match steps {
        0 => "the tables are up to date".to_owned(),
        1 => "1 migration was applied; the tables are up to date".to_owned(),
        _ => format!("{steps} migrations were applied; the tables are up to date"),
    };
    context.done(&sentence, &json!({ "steps": steps }))
}

const NOT_CHECKED: &str = "not checked, because the tables do not fit";

/// The result of `check`.
#[derive(Default, Serialize)]
struct Report<'a> {
    fits: bool,
    database: Option<&'a str>,
    /// The Redis server; `null` without one.
    redis: Option<String>,
    /// The problem with the tables; `null` without one.
    tables: Option<String>,
    /// Whether the names were compared with the declared ones.
    names_checked: bool,
    unknown_roles: Vec<String>,
    unknown_permissions: Vec<String>,
    /// Number of users who cannot sign in, because their password hash needs another secret key.
    users_of_unknown_key: u64,
}

pub(crate) async fn check(context: &mut Context<'_>) -> Result<(), Failure> {
    let names_checked = context.declared.is_some();
    let redis = redis(context).await?;
    let mut report = Report { fits: true, database: context.database, redis, names_checked, ..Report::default() };
    match context.users.check_schema().await {
        Ok(()) => report.read_content(context).await?,
        Err(StoreError::Schema(reason)) => {
            report.fits = false;
            report.tables = Some(reason);
        }
        Err(error) => return Err(error.into()),
    }
    let printed = match context.format {
        Format::Json => output::print_json(context.console, &report),
        Format::Table => output::print_table(context.console, &[], report.rows()),
    };
    // A report that cannot be printed is no reason to exit with 0.
    match report {
        Report { fits: true, .. } => Ok(printed?),
        Report { tables: Some(reason), .. } => Err(StoreError::Schema(reason).into()),
        _ => Err(Failure::refused("the database does not match this program; see the report")),
    }
}

/// Returns the Redis server, if there is one. Fails if it does not answer.
async fn redis(context: &Context<'_>) -> Result<Option<String>, Failure> {
    let Some(redis) = context.state.redis() else { return Ok(None) };
    redis.keys().await?;
    Ok(redis.described().map(str::to_owned))
}

impl Report<'_> {
    async fn read_content(&mut self, context: &Context<'_>) -> Result<(), Failure> {
        let names = context.users.names_in_use().await?;
        self.users_of_unknown_key = context.users.count_with_unknown_key().await?;
        self.fits =
            names.unknown_roles.is_empty() && names.unknown_permissions.is_empty() && self.users_of_unknown_key == 0;
        self.unknown_roles = names.unknown_roles;
        self.unknown_permissions = names.unknown_permissions;
        Ok(())
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let database = ("database", self.database.unwrap_or("of the application").to_owned());
        let redis = self.redis.iter().map(|redis| ("redis", redis.clone()));
        let rows = [
            ("tables", self.tables.as_deref().unwrap_or("up to date").to_owned()),
            ("roles", self.names(&self.unknown_roles)),
            ("permissions", self.names(&self.unknown_permissions)),
            ("secret key", self.secret_key()),
        ];
        let rows = [database].into_iter().chain(redis).chain(rows);
        rows.map(|(label, value)| vec![label.to_owned(), value]).collect()
    }

    fn names(&self, unknown: &[String]) -> String {
        match (self.tables.is_some(), self.names_checked, unknown) {
            (true, _, _) => NOT_CHECKED.to_owned(),
            (false, false, _) => "not checked, because this program declares none".to_owned(),
            (false, true, []) => "all are declared".to_owned(),
            (false, true, unknown) => format!("not declared, so they grant nothing: {}", unknown.join(", ")),
        }
    }

    fn secret_key(&self) -> String {
        match (self.tables.is_some(), self.users_of_unknown_key) {
            (true, _) => NOT_CHECKED.to_owned(),
            (false, 0) => "fits all password hashes".to_owned(),
            (false, 1) => "does not match the password hash of 1 user, who cannot sign in".to_owned(),
            (false, count) => format!("does not match the password hashes of {count} users, who cannot sign in"),
        }
    }
}
