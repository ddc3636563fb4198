//! Records of CSV (RFC 4180), as they come: no more than one of them is held, and what is wrong with one is the matter of
//! no other.

use std::{
    io::{self, BufRead},
    iter, str,
};

use auth_store::NewUser;
use csv_core::{ReadRecordResult, Reader, ReaderBuilder, Terminator};
use memchr::memchr_iter;

use super::{
    quotes::Quotes,
    record::{Bad, Fields, KNOWN, MAX_RECORD, NO_PASSWORDS, Record, Records},
};
use crate::exit::Failure;

pub(super) const OPEN: &str = "a quote is opened here that is not closed, so nothing after it was read";
const MISPLACED: &str =
    "it has a quote where none may be: a field is in quotes as a whole, and a quote in it is written twice";
/// More fields than there are columns, so that too many of them are noticed.
const MAX_FIELDS: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Name,
    DisplayName,
    Email,
    Roles,
    Permissions,
    PasswordHash,
    Disabled,
}

impl Column {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "name" => Self::Name,
            "display_name" => Self::DisplayName,
            "email" => Self::Email,
            "roles" => Self::Roles,
            "permissions" => Self::Permissions,
            "password_hash" => Self::PasswordHash,
            "disabled" => Self::Disabled,
            _ => return None,
        })
    }
}

pub(super) struct CsvRecords {
    source: Source,
    columns: Vec<(Column, String)>,
    is_over: bool,
}

impl CsvRecords {
    /// Reads the line of column names.
    pub(super) fn new(input: Box<dyn BufRead + Send>) -> Result<Self, Failure> {
        let mut source = Source::new(input);
        let unreadable = |error| Failure::usage(format!("the file cannot be read: {error}"));
        let header = source.next().map_err(unreadable)?.ok_or_else(|| Failure::usage("the file is empty"))?;
        let columns = header.problem.map_or_else(|| columns(&source), Err);
        let columns = columns.map_err(|reason| Failure::usage(format!("line {}: {reason}", header.line)))?;
        Ok(Self { source, columns, is_over: false })
    }

    fn user(&self, raw: &Raw) -> Result<NewUser, Bad> {
        if let Some(problem) = &raw.problem {
            return Err(Bad::of_one(problem));
        }
        let (has, should) = (self.source.fields, self.columns.len());
        if has != should {
            return Err(Bad::of_one(format!("it has {has} fields, and not {should} as the first line")));
        }
        let mut fields = Fields::default();
        for ((column, name), bytes) in self.columns.iter().zip(self.source.fields()) {
            let text = str::from_utf8(bytes).map_err(|_| Bad::of_one(format!("`{name}` is not UTF-8")))?;
            fields.set(*column, text)?;
        }
        fields.user()
    }
}

impl Records for CsvRecords {
    fn next(&mut self) -> Option<Record> {
        if self.is_over {
            return None;
        }
        match self.source.next() {
            Ok(raw) => raw.map(|raw| Record { line: raw.line, last_line: raw.last_line, user: self.user(&raw) }),
            Err(error) => {
                self.is_over = true;
                let user = Err(Bad::of_one(format!("from here on the file cannot be read: {error}")));
                Some(Record { line: self.source.line, last_line: self.source.line, user })
            }
        }
    }

    fn position(&self) -> u64 {
        self.source.position
    }
}

impl Fields {
    fn set(&mut self, column: Column, text: &str) -> Result<(), Bad> {
        let given = || Some(text.to_owned()).filter(|text| !text.is_empty());
        match column {
            Column::Name => self.name = Some(text.to_owned()),
            Column::DisplayName => self.display_name = given(),
            Column::Email => self.email = given(),
            Column::PasswordHash => self.password_hash = given(),
            Column::Roles => self.roles = list(text),
            Column::Permissions => self.permissions = list(text),
            Column::Disabled => {
                self.disabled = match text {
                    "true" => true,
                    "false" | "" => false,
                    _ => return Err(Bad::of_one("`disabled` is neither `true` nor `false`")),
                }
            }
        }
        Ok(())
    }
}

/// Names with `;` between them, and spaces around it.
fn list(text: &str) -> Vec<String> {
    text.split(';').map(|name| name.trim_matches(' ')).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// The columns of the first line.
fn columns(source: &Source) -> Result<Vec<(Column, String)>, String> {
    // What is not UTF-8 is told of below, without its text.
    let is_known =
        |name: &[u8]| str::from_utf8(name).map_or(true, |name| name == "password" || Column::of(name).is_some());
    if !source.fields().any(is_known) {
        // It may be a user, with a hash: nothing of it is repeated.
        return Err(format!("the first line names no column; it must name some of {KNOWN}"));
    }
    let mut columns: Vec<(Column, String)> = Vec::new();
    for name in source.fields() {
        let name = str::from_utf8(name).map_err(|_| "the names of the columns are not UTF-8".to_owned())?;
        if name == "password" {
            return Err(NO_PASSWORDS.to_owned());
        }
        let column = Column::of(name).ok_or_else(|| format!("unknown column {name:?}; it must be one of {KNOWN}"))?;
        if columns.iter().any(|(known, _)| *known == column) {
            return Err(format!("the column `{name}` is there twice"));
        }
        columns.push((column, name.to_owned()));
    }
    if columns.iter().all(|(column, _)| *column != Column::Name) {
        return Err("there is no column `name`; the first line must name the columns".to_owned());
    }
    Ok(columns)
}

/// Where a record stands, and what is wrong with its form.
struct Raw {
    line: u64,
    last_line: u64,
    problem: Option<String>,
}

/// The bytes of one record after the other.
struct Source {
    input: Box<dyn BufRead + Send>,
    parser: Reader,
    /// The line that is read next.
    line: u64,
    position: u64,
    text: Vec<u8>,
    ends: [usize; MAX_FIELDS],
    /// How many fields the last record has.
    fields: usize,
}

impl Source {
    fn new(input: Box<dyn BufRead + Send>) -> Self {
        // A carriage return ends no line: it would in the middle of a name, too.
        let parser = ReaderBuilder::new().terminator(Terminator::Any(b'\n')).build();
        Self { input, parser, line: 1, position: 0, text: vec![0; MAX_RECORD], ends: [0; MAX_FIELDS], fields: 0 }
    }

    /// Of the last record.
    fn fields(&self) -> impl Iterator<Item = &[u8]> {
        let ends = &self.ends[..self.fields];
        let starts = iter::once(0).chain(ends.iter().copied());
        starts.zip(ends).map(|(start, end)| &self.text[start..*end])
    }

    /// The next record that is not an empty line.
    fn next(&mut self) -> io::Result<Option<Raw>> {
        loop {
            self.skip_line_breaks()?;
            if self.input.fill_buf()?.is_empty() {
                return Ok(None);
            }
            let raw = self.record()?;
            self.drop_carriage_return();
            if raw.problem.is_some() || self.fields != 1 || self.ends[0] > 0 {
                return Ok(Some(raw));
            }
        }
    }

    /// Reads a record to its end, whatever it holds.
    ///
    /// After one that is not as it should be comes the one behind it, and never a line in the middle of it: what somebody
    /// has written into a text in quotes is not to become a user of its own.
    fn record(&mut self) -> io::Result<Raw> {
        let line = self.line;
        let mut quotes = Quotes::default();
        let (mut written, mut fields) = (0, 0);
        let (mut is_long, mut is_wide, mut is_line_over) = (false, false, false);
        loop {
            let input = self.input.fill_buf()?;
            let is_end = input.is_empty();
            // The last line may lack its end. What is not over after that has a quote that is open.
            let input = if is_end { b"\n" } else { input };
            let (result, read, wrote, ended) =
                self.parser.read_record(input, &mut self.text[written..], &mut self.ends[fields..]);
            let breaks = count(memchr_iter(b'\n', &input[..read]).count());
            let (read, breaks) = if is_end { (0, 0) } else { (read, breaks) };
            // The reader drops a byte order mark, and only then sees a quote.
            quotes.read(if self.position == 0 { trim_mark(&input[..read]) } else { &input[..read] });
            if let Some(last) = input[..read].last() {
                is_line_over = *last == b'\n';
            }
            self.input.consume(read);
            self.position += count(read);
            self.line += breaks;
            written += wrote;
            fields += ended;
            match result {
                ReadRecordResult::Record => {
                    self.fields = fields;
                    let last_line = if is_end { self.line } else { self.line - 1 };
                    return Ok(Raw { line, last_line, problem: problem(is_long, is_wide, quotes.are_misplaced) });
                }
                // What does not fit is read over.
                ReadRecordResult::OutputFull => (is_long, written) = (true, 0),
                ReadRecordResult::OutputEndsFull => (is_wide, fields) = (true, 0),
                ReadRecordResult::InputEmpty | ReadRecordResult::End if is_end => {
                    let last_line = if is_line_over { self.line - 1 } else { self.line };
                    return Ok(Raw { line, last_line, problem: Some(OPEN.to_owned()) });
                }
                ReadRecordResult::InputEmpty | ReadRecordResult::End => {}
            }
        }
    }

    fn skip_line_breaks(&mut self) -> io::Result<()> {
        loop {
            let input = self.input.fill_buf()?;
            let breaks = input.iter().take_while(|byte| **byte == b'\n').count();
            if breaks == 0 {
                return Ok(());
            }
            self.input.consume(breaks);
            self.position += count(breaks);
            self.line += count(breaks);
        }
    }

    /// That of a line that ends as on Windows.
    fn drop_carriage_return(&mut self) {
        let start = self.fields.checked_sub(2).map_or(0, |before| self.ends[before]);
        let last = self.fields.checked_sub(1).map(|last| &mut self.ends[last]);
        if let Some(end) = last.filter(|end| **end > start && self.text.get(**end - 1) == Some(&b'\r')) {
            *end -= 1;
        }
    }
}

fn trim_mark(input: &[u8]) -> &[u8] {
    input.strip_prefix("\u{feff}".as_bytes()).unwrap_or(input)
}

fn problem(is_long: bool, is_wide: bool, are_misplaced: bool) -> Option<String> {
    if are_misplaced {
        Some(MISPLACED.to_owned())
    } else if is_long {
        Some(format!("it has more than {} KiB", MAX_RECORD / 1024))
    } else if is_wide {
        Some(format!("it has {MAX_FIELDS} fields or more"))
    } else {
        None
    }
}

fn count(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Cursor};

    use super::{CsvRecords, MAX_RECORD, MISPLACED, OPEN, Records};

    /// Reads in pieces of so many bytes; gives what becomes of each record.
    fn read(text: &[u8], piece: usize) -> Vec<String> {
        let input = BufReader::with_capacity(piece, Cursor::new(text.to_vec()));
        let mut records = CsvRecords::new(Box::new(input)).unwrap();
        let mut read = Vec::new();
        while let Some(record) = records.next() {
            let is = record.user.as_ref().map_or_else(|bad| bad.reason.clone(), |user| user.name().to_owned());
            read.push(format!("{}: {is}", record.place()));
        }
        assert_eq!(records.position(), text.len() as u64);
        read
    }

    fn reads(text: &str, expected: &[&str]) {
        for piece in [3, 7, 64, 1 << 16] {
            assert_eq!(read(text.as_bytes(), piece), expected, "in pieces of {piece}");
        }
    }

    #[test]
    fn lines_may_end_as_on_any_system_and_the_last_one_not_at_all() {
        let expected = ["line 2: alice", "line 4: bob"];
        reads("name,roles\nalice,Viewer\n\nbob,\n", &expected);
        reads("name,roles\r\nalice,Viewer\r\n\r\nbob,", &expected);
        reads("\u{feff}name,roles\nalice,\"Viewer\"\r\n\nbob,\"\"", &expected);
        reads("\n\nname\n", &[]);
        reads("name", &[]);
    }

    #[test]
    fn a_text_in_quotes_may_hold_anything_and_never_becomes_a_record() {
        let text = "name,display_name\nalice,\"A, \"\"B\"\"\"\nbob,\"x\nmallory,Administrator\n\"\ncarol,\n";
        reads(text, &["line 2: alice", "lines 3 to 5: bob", "line 6: carol"]);
        let huge = "x\nmallory,y\n".repeat(MAX_RECORD / 8);
        let text = format!("name,display_name\nbob,\"{huge}\"\ncarol,\n");
        let lines = huge.lines().count();
        let long = format!("lines 2 to {}: it has more than 64 KiB", lines + 2);
        reads(&text, &[&long, &format!("line {}: carol", lines + 3)]);
    }

    #[test]
    fn a_text_that_would_be_read_otherwise_than_it_was_meant_is_told_of() {
        let text = "\u{feff}\"name\",display_name\nalice,\"Alice \"the A\" A.\"\nbob,Bob \"B\"\ncarol,\n";
        reads(text, &[&format!("line 2: {MISPLACED}"), &format!("line 3: {MISPLACED}"), "line 4: carol"]);
    }

    #[test]
    fn a_carriage_return_ends_no_line() {
        reads("name,email\nbob,\rmallory\ncarol,\n", &["line 2: bob", "line 3: carol"]);
    }

    #[test]
    fn a_quote_that_is_not_closed_is_told_of_where_it_is_opened() {
        for end in ["", "\n"] {
            let expected = format!("lines 3 to 4: {OPEN}");
            reads(&format!("name,email\nalice,\nbob,\"x\ncarol,{end}"), &["line 2: alice", &expected]);
            reads(&format!("name,email\nbob,\"x{end}"), &[&format!("line 2: {OPEN}")]);
        }
    }

    #[test]
    fn a_record_of_another_form_is_no_matter_of_the_others() {
        let wide = ",".repeat(200);
        let text = format!("name,disabled\nalice\nbob,yes\n{wide}\ncarol,true\n\n,\n");
        let expected = [
            "line 2: it has 1 fields, and not 2 as the first line",
            "line 3: `disabled` is neither `true` nor `false`",
            "line 4: it has 64 fields or more",
            "line 5: carol",
            "line 7: ",
        ];
        reads(&text, &expected);
        let bytes = b"name,email\na\xffb,\nalice,\n";
        assert_eq!(read(bytes, 5), ["line 2: `name` is not UTF-8", "line 3: alice"]);
    }

    #[test]
    fn what_columns_there_are_is_told_before_anything_is_done() {
        for (header, reason) in [
            ("", "the file is empty"),
            ("name,password\n", "line 1: passwords in plain are not imported"),
            ("name,role\n", "line 1: unknown column \"role\"; it must be one of `name`"),
            ("name,name\n", "line 1: the column `name` is there twice"),
            ("alice,Viewer\n", "line 1: the first line names no column"),
            ("email\n", "line 1: there is no column `name`"),
            ("name,\"x\n", "line 1: a quote is opened"),
        ] {
            let failure = CsvRecords::new(Box::new(Cursor::new(header.to_owned()))).err().unwrap();
            let said = failure.ending().1.unwrap();
            assert!(said.starts_with(reason) && !said.contains("alice"), "{said}");
        }
    }
}
