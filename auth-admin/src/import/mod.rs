//! `user import`: reads a file record by record, and adds users in batches. A batch is one transaction.

mod csv;
mod error;
mod hash_forms;
mod importer;
mod jsonl;
mod lines;
mod names;
mod progress;
mod quotes;
mod record;
mod schema;
mod source;
mod tally;

use std::{
    fs::{self, File, OpenOptions},
    path::{Path, PathBuf},
};

use clap::Args;

use self::{
    error::RecordError,
    importer::Importer,
    progress::Progress,
    record::Record,
    source::{Batches, FileFormat, open},
};
use crate::{context::Context, error::Failure, verb::new_names::NamesBefore};

const HELP: &str = "\
Columns of CSV, and members of the objects of JSONL:
  name           User name (required)
  display_name   Display name
  email          E-mail address
  email_verified true or false: whether password reset links can be sent to the address
  roles          Roles: in CSV separated by `;`, in JSONL a list
  permissions    Permissions in addition to those of the roles, in the same form
  password_hash  Hash of another system: argon2, bcrypt, scrypt, PBKDF2, SHA-crypt or phpass, or a
                 format of Django, Werkzeug, ASP.NET Core, WordPress, passlib or Spring Security
  disabled       true or false

A hash other than argon2id, or a weak argon2id hash, is replaced when the user next signs in. Plain
passwords are rejected: leave the hash out, and run `user set-password` for the user.

In CSV, quote a field that contains a comma, as an argon2 hash does. An unclosed quote joins all
lines up to the next quote into one field, and none of them is imported.

Each rejected line is reported with its number and the reason; all others are imported. Of two lines
with the same name, the second is rejected. If the import is interrupted, the users imported so far
stay in the database: run it again with --skip-existing.";

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct Import {
    /// FILE.csv or FILE.jsonl; `-` is stdin
    file: PathBuf,
    /// Format of the file (default: from its name)
    #[arg(long, value_enum)]
    format: Option<FileFormat>,
    /// Skip users that already exist, without an error
    #[arg(long)]
    skip_existing: bool,
    /// Report rejected lines in this new file (default: stderr); it is removed if no line is rejected
    #[arg(long, value_name = "FILE")]
    errors: Option<PathBuf>,
}

impl Import {
    pub(crate) async fn run(self, context: &mut Context<'_>) -> Result<(), Failure> {
        let (mut records, length) = open(&self.file, self.format, context.console)?;
        // A mistake that affects all records stops the import before the first one.
        let first = records.next();
        if let Some(Record { fields: Err(RecordError { reason, affects_all: true }), line, .. }) = &first {
            return Err(Failure::usage(format!("line {line}: {reason}; nothing was imported")));
        }
        let names = NamesBefore::read(context).await?;
        let errors = self.errors.as_deref().map(create).transpose()?;
        let progress = Progress::new(context.console.shows_progress(), length);
        let mut importer = Importer::new(self.file, errors, progress, self.skip_existing);
        let mut batches = Batches::new(first, records);
        let mut result = Ok(());
        while let (Ok(()), Some(batch)) = (&result, batches.next()) {
            result = importer.import(context, batch).await;
            importer.report_progress(context.console, batches.position());
        }
        if let (Some(path), false) = (&self.errors, importer.has_rejected()) {
            // An empty file would block the next import.
            let _ = fs::remove_file(path);
        }
        result?;
        let outcome = importer.end(context);
        names.warn_of_new(context).await?;
        outcome
    }
}

/// Creates a file for its owner only. An existing file is an error.
fn create(path: &Path) -> Result<File, Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| Failure::usage(format!("cannot create the file `{}`: {error}", path.display())))
}
