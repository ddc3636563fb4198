//! Many users from a file: record by record, in batches that are there as a whole or not at all.

mod csv;
mod jsonl;
mod progress;
mod quotes;
mod record;

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
};

use auth_runtime::users::UserError;
use auth_store::{ImportOutcome, NewUser, StoreError};
use clap::{Args, ValueEnum};
use serde_json::json;

use self::{
    csv::{CsvRecords, OPEN},
    jsonl::JsonRecords,
    progress::Progress,
    record::{Bad, Record, Records},
};
use crate::{console::Console, exit::Failure, log::TARGET, output::visible, session::Session};

/// How many users go into the database at once.
const BATCH: usize = 1000;
/// And of how many bytes of the file, so that long lines do not add up.
const BATCH_BYTES: u64 = 1 << 20;
const STDIN: &str = "-";
/// Of a text that goes over lines, which is only read at its end.
const QUOTE: &str = ", so a quote in its first line may be one too many: all up to the next one was read as one text";

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FileFormat {
    /// Comma-separated, with a line of column names
    Csv,
    /// A JSON object on each line
    Jsonl,
}

const HELP: &str = "\
Columns of CSV, and members of the objects of JSONL:
  name           by which they sign in; the only one that must be there
  display_name   a name for people to read
  email          an e-mail address
  roles          in CSV with `;` between them, in JSONL a list
  permissions    the same
  password_hash  as another system has made it: argon2, bcrypt, scrypt, PBKDF2, also as Django writes them
  disabled       true or false
A hash that is weaker than those that are made today is replaced when its user next signs in. Passwords in plain are not
imported. Without a hash, a user signs in when `user set-password` was run for them.

A field of CSV that has a comma in it, as an argon2 hash has, stands in quotes. A quote that is opened and not closed makes
one text of all that follows, up to the next quote: none of that is imported, as anybody may have written it.

Each line that is not imported is told of with its number and the reason; all others are imported. What is told of as
imported is in the database, whatever happens next. To go on after an import that has ended early, run it again with
--skip-existing.";

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct Import {
    /// The file, FILE.csv or FILE.jsonl; `-` is the standard input
    file: PathBuf,
    /// The form of the file, if its name does not tell
    #[arg(long, value_enum)]
    format: Option<FileFormat>,
    /// Leaves users alone who are there already, in place of telling of them
    #[arg(long)]
    skip_existing: bool,
    /// A new file for the lines that are not imported, in place of the standard error; none is left if there are none
    #[arg(long, value_name = "FILE")]
    errors: Option<PathBuf>,
}

/// What has become of the lines so far.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    imported: u64,
    existing: u64,
    /// Lines, of which a record may have several.
    bad: u64,
    /// The last line that was looked at.
    line: u64,
}

impl Import {
    pub(crate) async fn run(self, session: &mut Session<'_>) -> Result<(), Failure> {
        let (mut records, length) = self.open(session.console)?;
        // What is wrong with all of them is told before anything is done.
        let first = records.next();
        if let Some(Record { user: Err(Bad { reason, is_of_all: true }), line, .. }) = &first {
            return Err(Failure::usage(format!("line {line}: {reason}; nothing was imported")));
        }
        let mut work = Work {
            file: self.file.clone(),
            errors: self.errors.as_deref().map(create).transpose()?,
            progress: Progress::new(session.console.draws(), length),
            skip_existing: self.skip_existing,
            tally: Tally::default(),
        };
        let mut records = Batches { next: first, records };
        while let Some(batch) = records.batch() {
            work.import(session, batch).await?;
            work.progress.tell(session.console, &work.tally, records.records.position());
        }
        work.progress.end();
        if let (Some(path), 0) = (&self.errors, work.tally.bad) {
            // Nothing to read; and it would be in the way of the next import.
            let _ = fs::remove_file(path);
        }
        work.tally.end(session)
    }

    fn open(&self, console: &mut Console) -> Result<(Box<dyn Records>, Option<u64>), Failure> {
        let format = self.file_format()?;
        if self.file == Path::new(STDIN) {
            return Ok((read(format, Box::new(Fused::new(console.take_input())))?, None));
        }
        let path = self.file.display();
        let unreadable = |reason: &dyn fmt::Display| Failure::usage(format!("`{path}` cannot be read: {reason}"));
        let file = File::open(&self.file).map_err(|error| unreadable(&error))?;
        let about = file.metadata().map_err(|error| unreadable(&error))?;
        if about.is_dir() {
            return Err(unreadable(&"it is a folder"));
        }
        let length = about.is_file().then_some(about.len());
        Ok((read(format, Box::new(BufReader::with_capacity(1 << 16, file)))?, length))
    }

    fn file_format(&self) -> Result<FileFormat, Failure> {
        let ending = self.file.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
        match (self.format, ending.as_deref()) {
            (Some(format), _) => Ok(format),
            (None, Some("csv")) => Ok(FileFormat::Csv),
            (None, Some("jsonl" | "ndjson")) => Ok(FileFormat::Jsonl),
            (None, _) => {
                Err(Failure::usage("the name of the file does not tell its form: give --format csv or --format jsonl"))
            }
        }
    }
}

fn read(format: FileFormat, input: Box<dyn BufRead + Send>) -> Result<Box<dyn Records>, Failure> {
    Ok(match format {
        FileFormat::Csv => Box::new(CsvRecords::new(input)?),
        FileFormat::Jsonl => Box::new(JsonRecords::new(input)),
    })
}

/// Input that stays at its end once it was there: a terminal would be asked for more.
struct Fused {
    input: Box<dyn BufRead + Send>,
    is_over: bool,
}

impl Fused {
    fn new(input: Box<dyn BufRead + Send>) -> Self {
        Self { input, is_over: false }
    }
}

impl Read for Fused {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Fused {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.is_over {
            return Ok(&[]);
        }
        let input = self.input.fill_buf()?;
        self.is_over = input.is_empty();
        Ok(input)
    }

    fn consume(&mut self, read: usize) {
        self.input.consume(read);
    }
}

/// A file of its own: what is there already is not overwritten.
fn create(path: &Path) -> Result<File, Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| Failure::usage(format!("the file `{}` cannot be made: {error}", path.display())))
}

/// Records by the batch.
struct Batches {
    next: Option<Record>,
    records: Box<dyn Records>,
}

impl Batches {
    fn batch(&mut self) -> Option<Vec<Record>> {
        let start = self.records.position();
        let mut batch = Vec::from_iter(self.next.take());
        while batch.len() < BATCH && self.records.position() - start < BATCH_BYTES {
            match self.records.next() {
                Some(record) => batch.push(record),
                None => break,
            }
        }
        (!batch.is_empty()).then_some(batch)
    }
}

/// An import that is under way.
struct Work {
    /// For the log.
    file: PathBuf,
    errors: Option<File>,
    progress: Progress,
    skip_existing: bool,
    tally: Tally,
}

impl Work {
    async fn import(&mut self, session: &mut Session<'_>, batch: Vec<Record>) -> Result<(), Failure> {
        let last = batch.last().map_or(self.tally.line, |record| record.last_line);
        let mut users: Vec<NewUser> = Vec::with_capacity(batch.len());
        let mut lines: Vec<(String, u64, Option<String>)> = Vec::with_capacity(batch.len());
        for record in batch {
            let (place, count) = (record.place(), record.last_line - record.line + 1);
            lines.push((place, count, record.user.map(|user| users.push(user)).err().map(|bad| bad.reason)));
        }
        let outcomes = session.users.import(users).await.map_err(|error| self.stopped(error))?;
        // From here on they are there: that is counted and written down before anything can go wrong with the telling.
        let before = self.tally;
        self.tally.line = last;
        let mut outcomes = outcomes.into_iter();
        let mut bad = Vec::new();
        for (place, count, reason) in lines {
            let outcome = match reason {
                Some(reason) => Err(reason),
                None => self.count(outcomes.next()),
            };
            if let Err(reason) = outcome {
                self.tally.bad += count;
                let hint = if count > 1 && reason != OPEN { QUOTE } else { "" };
                bad.push(format!("{place}: {reason}{hint}"));
            }
        }
        let count = self.tally.imported - before.imported;
        if count > 0 {
            let file = &self.file;
            tracing::info!(target: TARGET, by = session.by, ?file, count, up_to_line = last, "users imported");
        }
        bad.iter().try_for_each(|text| self.tell(session.console, text))
    }

    /// Counts a user who is there; gives the reason of one who is not.
    fn count(&mut self, outcome: Option<ImportOutcome>) -> Result<(), String> {
        match outcome {
            Some(Ok(())) => self.tally.imported += 1,
            Some(Err(StoreError::User(UserError::Taken(_)))) if self.skip_existing => self.tally.existing += 1,
            // The name may be a password, in the wrong column.
            Some(Err(StoreError::User(UserError::Name(_)))) => {
                return Err(UserError::Name(String::new()).to_string().replacen("\"\"", "its name", 1));
            }
            Some(Err(error)) => return Err(error.to_string()),
            None => return Err("the store did not say what became of it".to_owned()),
        }
        Ok(())
    }

    /// Tells of a line that was not imported.
    fn tell(&mut self, console: &mut Console, text: &str) -> Result<(), Failure> {
        match &mut self.errors {
            None => self.progress.beside(|| console.note(text)),
            Some(file) => {
                let in_words = |error| {
                    Failure::refused(format!("{}; but no more lines can be told of: {error}", self.tally.sentence()))
                };
                writeln!(file, "{}", visible(text)).map_err(in_words)?;
            }
        }
        Ok(())
    }

    fn stopped(&self, error: StoreError) -> Failure {
        let done = format!("the import has stopped after line {} ({})", self.tally.line, self.tally.sentence());
        match Failure::from(error) {
            Failure::Database(reason) => {
                Failure::Database(format!("{done}: {reason}; run it again with --skip-existing"))
            }
            failure => failure,
        }
    }
}

impl Tally {
    fn sentence(&self) -> String {
        let Self { imported, existing, bad, .. } = self;
        let users = if *imported == 1 { "user was" } else { "users were" };
        let mut sentence = format!("{imported} {users} imported");
        let lines = if *bad == 1 { "line not imported" } else { "lines not imported" };
        let others = [(existing, "there already"), (bad, lines)];
        for (count, what) in others.into_iter().filter(|(count, _)| **count > 0) {
            sentence.extend([", ", &count.to_string(), " ", what]);
        }
        sentence
    }

    fn end(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let document = json!({ "imported": self.imported, "existing": self.existing, "bad": self.bad });
        let said = session.done(&self.sentence(), &document);
        match self.bad {
            0 => said,
            1 => Err(Failure::refused("1 line was not imported")),
            bad => Err(Failure::refused(format!("{bad} lines were not imported"))),
        }
    }
}
