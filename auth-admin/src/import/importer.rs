//! Adds batches of records to the store, and reports each rejected line.

use std::{fs::File, io::Write, path::PathBuf};

use auth_runtime::{password::HashInfo, users::UserError};
use auth_store::{ImportOutcome, NewUser, StoreError};
use serde_json::json;

use super::{
    error::OPEN_QUOTE,
    hash_forms::HashForms,
    names::FileNames,
    progress::Progress,
    record::{Record, UserFields},
    tally::Tally,
};
use crate::{console::Console, context::Context, error::Failure, escape::visible, log::TARGET};

/// The hint for a rejected record with line breaks in quotes.
const QUOTE_HINT: &str = "; its first line may have a stray quote, which joined all lines up to the next quote";

/// A running import.
pub(super) struct Importer {
    /// For the log.
    file: PathBuf,
    errors: Option<File>,
    progress: Progress,
    skip_existing: bool,
    names: FileNames,
    tally: Tally,
    hashes: HashForms,
}

/// The lines of one record, and the reason if they are rejected before the store sees them.
struct RecordLines {
    place: String,
    count: u64,
    hash: Option<HashInfo>,
    rejected: Option<String>,
}

impl Importer {
    pub(super) fn new(file: PathBuf, errors: Option<File>, progress: Progress, skip_existing: bool) -> Self {
        let (names, tally, hashes) = (FileNames::default(), Tally::default(), HashForms::default());
        Self { file, errors, progress, skip_existing, names, tally, hashes }
    }

    /// Adds the valid records of a batch in one transaction.
    pub(super) async fn import(&mut self, context: &mut Context<'_>, batch: Vec<Record>) -> Result<(), Failure> {
        let last = batch.last().map_or(self.tally.line, |record| record.last_line);
        let mut users: Vec<NewUser> = Vec::with_capacity(batch.len());
        let mut lines = Vec::with_capacity(batch.len());
        for record in batch {
            lines.push(self.prepare(context, record, &mut users));
        }
        let outcomes = context.users.import(users).await.map_err(|error| self.stopped(error))?;
        // The users are in the database now, so count and log them before an output can fail.
        let before = self.tally.imported;
        self.tally.line = last;
        let rejected = self.count_all(lines, outcomes);
        let count = self.tally.imported - before;
        if count > 0 {
            let file = &self.file;
            tracing::info!(target: TARGET, by = context.by, ?file, count, up_to_line = last, "users imported");
        }
        rejected.iter().try_for_each(|text| self.reject(context.console, text))
    }

    /// Adds the user of a record to `users`, unless the record is invalid.
    fn prepare(&mut self, context: &Context<'_>, record: Record, users: &mut Vec<NewUser>) -> RecordLines {
        let (place, count) = (record.place(), record.last_line - record.line + 1);
        let checked = record.fields.map_err(|error| error.to_string());
        match checked.and_then(|fields| self.check_name(fields, record.line)) {
            Err(reason) => RecordLines { place, count, hash: None, rejected: Some(reason) },
            Ok(fields) => {
                let passwords = context.users.passwords();
                let hash = fields.password_hash.as_deref().and_then(|hash| passwords.check_hash(hash).ok());
                users.push(fields.into_user());
                RecordLines { place, count, hash, rejected: None }
            }
        }
    }

    /// Rejects a name that stands in an earlier line too, because the file does not say which line is meant.
    fn check_name(&mut self, fields: UserFields, line: u64) -> Result<UserFields, String> {
        match self.names.earlier(&fields.name, line) {
            Some(first) => Err(format!("line {first} has the same name; remove one of the two lines")),
            None => Ok(fields),
        }
    }

    /// Counts the outcomes, and returns a report for each rejected record.
    fn count_all(&mut self, lines: Vec<RecordLines>, outcomes: Vec<ImportOutcome>) -> Vec<String> {
        let mut outcomes = outcomes.into_iter();
        let mut rejected = Vec::new();
        for RecordLines { place, count, hash, rejected: reason } in lines {
            let outcome = match reason {
                Some(reason) => Err(reason),
                None => self.count(outcomes.next(), hash),
            };
            if let Err(reason) = outcome {
                self.tally.rejected += count;
                let hint = if count > 1 && reason != OPEN_QUOTE { QUOTE_HINT } else { "" };
                rejected.push(format!("{place}: {reason}{hint}"));
            }
        }
        rejected
    }

    /// Counts a user who is in the database, and returns the reason for any other.
    fn count(&mut self, outcome: Option<ImportOutcome>, hash: Option<HashInfo>) -> Result<(), String> {
        match outcome {
            Some(Ok(())) => {
                self.tally.imported += 1;
                if let Some(hash) = hash {
                    self.hashes.add(hash);
                }
            }
            Some(Err(StoreError::User(UserError::Taken(_)))) if self.skip_existing => self.tally.existing += 1,
            // An invalid name may be a password in the wrong column, so it is not repeated.
            Some(Err(StoreError::User(UserError::Name(_)))) => {
                return Err(UserError::Name(String::new()).to_string().replacen("\"\"", "its name", 1));
            }
            Some(Err(error)) => return Err(error.to_string()),
            None => return Err("the store returned no outcome".to_owned()),
        }
        Ok(())
    }

    /// Reports a rejected record.
    fn reject(&mut self, console: &mut Console, text: &str) -> Result<(), Failure> {
        match &mut self.errors {
            None => self.progress.suspend(|| console.note(text)),
            Some(file) => {
                let unreported =
                    |error| Failure::refused(format!("{}; cannot report more lines: {error}", self.tally.sentence()));
                writeln!(file, "{}", visible(text)).map_err(unreported)?;
            }
        }
        Ok(())
    }

    pub(super) fn report_progress(&mut self, console: &mut Console, position: u64) {
        self.progress.report(console, &self.tally, position);
    }

    pub(super) const fn has_rejected(&self) -> bool {
        self.tally.rejected > 0
    }

    /// Adds the number of imported users to the error of a database.
    fn stopped(&self, error: StoreError) -> Failure {
        let done = format!("the import stopped after line {} ({})", self.tally.line, self.tally.sentence());
        match Failure::from(error) {
            Failure::Database(reason) => {
                Failure::Database(format!("{done}: {reason}; run it again with --skip-existing"))
            }
            failure => failure,
        }
    }

    /// Prints the result. Returns an error if a line was rejected.
    pub(super) fn end(self, context: &mut Context<'_>) -> Result<(), Failure> {
        self.progress.end();
        let Tally { imported, existing, rejected, .. } = self.tally;
        let document =
            json!({ "imported": imported, "existing": existing, "rejected": rejected, "hashes": self.hashes.all() });
        let sentence = [Some(self.tally.sentence()), self.hashes.sentence()].into_iter().flatten().collect::<Vec<_>>();
        let printed = context.done(&sentence.join("; "), &document);
        match rejected {
            0 => printed,
            1 => Err(Failure::refused("1 line was rejected")),
            count => Err(Failure::refused(format!("{count} lines were rejected"))),
        }
    }
}
