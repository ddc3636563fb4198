//! Records of CSV (RFC 4180). At most one record is in memory, and an invalid record does not affect the others.

use std::io::{self, BufRead, Cursor};

use csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder, StringRecord, Terminator};
use serde::Deserialize;

use super::{
    error::RecordError,
    lines::{Lines, RecordText},
    quotes::Quotes,
    record::{Record, Records, UserFields},
    schema::{KNOWN_FIELDS, known_fields},
};
use crate::error::Failure;

pub(super) struct CsvRecords {
    lines: Lines,
    /// Parses one record at a time, so that a record cannot exceed the limit.
    parser: Reader<Cursor<Vec<u8>>>,
    columns: StringRecord,
    is_over: bool,
}

/// The text of a record, and the lines where it stands.
#[derive(Default)]
struct Frame {
    line: u64,
    last_line: u64,
    text: RecordText,
    quotes: Quotes,
}

/// A user as the `csv` crate reads it: an empty field is `None`.
#[derive(Deserialize)]
struct Row {
    name: String,
    display_name: Option<String>,
    email: Option<String>,
    email_verified: Option<bool>,
    roles: Option<String>,
    permissions: Option<String>,
    password_hash: Option<String>,
    disabled: Option<bool>,
}

impl CsvRecords {
    /// Reads the line of column names.
    pub(super) fn new(input: Box<dyn BufRead + Send>) -> Result<Self, Failure> {
        // A carriage return does not end a line, because it could stand in the middle of a name.
        let parser =
            ReaderBuilder::new().has_headers(false).terminator(Terminator::Any(b'\n')).from_reader(Cursor::default());
        let unreadable = |error| Failure::usage(format!("the file cannot be read: {error}"));
        let lines = Lines::new(input).map_err(unreadable)?;
        let mut records = Self { lines, parser, columns: StringRecord::new(), is_over: false };
        let header = records.frame().map_err(unreadable)?.ok_or_else(|| Failure::usage("the file is empty"))?;
        let columns = records.parse(&header).and_then(check_columns);
        records.columns = columns.map_err(|error| Failure::usage(format!("line {}: {error}", header.line)))?;
        Ok(records)
    }

    /// Reads the text of the next record that is not an empty line.
    fn frame(&mut self) -> io::Result<Option<Frame>> {
        loop {
            let mut frame = Frame::default();
            if !self.lines.read(|piece| frame.push(piece))? {
                return Ok(None);
            }
            frame.line = self.lines.number();
            while frame.quotes.is_open() && self.lines.read(|piece| frame.push(piece))? {}
            frame.last_line = self.lines.number();
            if !frame.text.content().is_empty() {
                return Ok(Some(frame));
            }
        }
    }

    /// Splits a record into its fields, as many as the first line has.
    fn parse(&mut self, frame: &Frame) -> Result<StringRecord, RecordError> {
        frame.check()?;
        *self.parser.get_mut() = Cursor::new([frame.text.content(), b"\n"].concat());
        let mut record = ByteRecord::new();
        match self.parser.read_byte_record(&mut record) {
            Ok(true) => StringRecord::from_byte_record(record).map_err(|error| {
                match self.columns.get(error.utf8_error().field()) {
                    Some(column) => RecordError::not_utf8(column),
                    None => RecordError::all("the column names are not UTF-8"),
                }
            }),
            Ok(false) => Err(RecordError::one("it is no record of CSV")),
            Err(error) => Err(self.error(&error)),
        }
    }

    fn fields(&mut self, frame: &Frame) -> Result<UserFields, RecordError> {
        let record = self.parse(frame)?;
        let row: Row = record.deserialize(Some(&self.columns)).map_err(|error| self.error(&error))?;
        row.into_fields()?.checked()
    }

    /// Returns an error in our words, without the values.
    fn error(&self, error: &csv::Error) -> RecordError {
        match error.kind() {
            ErrorKind::UnequalLengths { expected_len, len, .. } => {
                let has_list = self.columns.iter().any(|name| name == "roles" || name == "permissions");
                let hint =
                    if len > expected_len && has_list { "; separate roles and permissions with `;`" } else { "" };
                RecordError::one(format!("it has {len} fields, but the first line has {expected_len}{hint}"))
            }
            ErrorKind::Deserialize { err, .. } => {
                let field = err.field().and_then(|field| self.columns.get(usize::try_from(field).ok()?));
                RecordError::not_a_flag(field.unwrap_or("disabled"))
            }
            _ => RecordError::one("it is no record of CSV"),
        }
    }
}

impl Records for CsvRecords {
    fn next(&mut self) -> Option<Record> {
        if self.is_over {
            return None;
        }
        match self.frame() {
            Ok(frame) => frame.map(|frame| {
                let fields = self.fields(&frame);
                Record { line: frame.line, last_line: frame.last_line, fields }
            }),
            Err(error) => {
                self.is_over = true;
                let line = self.lines.number() + 1;
                Some(Record { line, last_line: line, fields: Err(RecordError::unreadable(&error)) })
            }
        }
    }

    fn position(&self) -> u64 {
        self.lines.position()
    }
}

impl Frame {
    fn push(&mut self, piece: &[u8]) {
        self.quotes.read(piece);
        self.text.push(piece);
    }

    /// Rejects a record that the `csv` crate would read in another way than its author meant.
    fn check(&self) -> Result<(), RecordError> {
        if self.quotes.is_open() {
            Err(RecordError::open_quote())
        } else if self.quotes.are_misplaced {
            Err(RecordError::misplaced_quote())
        } else if self.text.is_too_long {
            Err(RecordError::too_long())
        } else {
            Ok(())
        }
    }
}

impl Row {
    fn into_fields(self) -> Result<UserFields, RecordError> {
        Ok(UserFields {
            name: self.name,
            display_name: self.display_name,
            email: self.email,
            email_verified: self.email_verified.unwrap_or_default(),
            roles: list("roles", self.roles)?,
            permissions: list("permissions", self.permissions)?,
            password_hash: self.password_hash,
            disabled: self.disabled.unwrap_or_default(),
        })
    }
}

/// Splits names at `;`. A comma is an error, because it is most likely meant as a separator.
fn list(field: &str, text: Option<String>) -> Result<Vec<String>, RecordError> {
    let text = text.unwrap_or_default();
    if text.contains(',') {
        return Err(RecordError::one(format!(
            "`{field}` has a comma; separate names with `;`, and use JSONL for a name that contains a comma"
        )));
    }
    let names = text.split(';').map(|name| name.trim_matches(' ')).filter(|name| !name.is_empty());
    Ok(names.map(str::to_owned).collect())
}

/// Checks the column names in the first line.
fn check_columns(columns: StringRecord) -> Result<StringRecord, RecordError> {
    let is_known = |name: &str| name == "password" || KNOWN_FIELDS.contains(&name);
    if !columns.iter().any(is_known) {
        // The line may be a user with a hash, so the error does not repeat it.
        return Err(RecordError::all(format!("the first line names no column; the known ones are {}", known_fields())));
    }
    for (index, name) in columns.iter().enumerate() {
        match name {
            "password" => return Err(RecordError::plain_password()),
            _ if !is_known(name) => return Err(RecordError::unknown("column", name)),
            _ if columns.iter().take(index).any(|other| other == name) => {
                return Err(RecordError::all(format!("the column `{name}` appears twice")));
            }
            _ => {}
        }
    }
    if columns.iter().all(|name| name != "name") {
        return Err(RecordError::all("the column `name` is missing in the first line"));
    }
    Ok(columns)
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Cursor};

    use super::{
        super::{error::OPEN_QUOTE, schema::MAX_RECORD},
        CsvRecords, RecordError, Records,
    };

    /// Reads in pieces of this size, and returns the name or the error of each record.
    fn read(text: &[u8], piece: usize) -> Vec<String> {
        let input = BufReader::with_capacity(piece, Cursor::new(text.to_vec()));
        let mut records = CsvRecords::new(Box::new(input)).unwrap();
        let mut read = Vec::new();
        while let Some(record) = records.next() {
            let outcome = record.fields.as_ref().map_or_else(ToString::to_string, |fields| fields.name.clone());
            read.push(format!("{}: {outcome}", record.place()));
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
    fn lines_end_as_on_any_system() {
        let expected = ["line 2: alice", "line 4: bob"];
        reads("name,roles\nalice,Viewer\n\nbob,\n", &expected);
        reads("name,roles\r\nalice,Viewer\r\n\r\nbob,", &expected);
        reads("\u{feff}name,roles\nalice,\"Viewer\"\r\n\nbob,\"\"", &expected);
        reads("\n\nname\n", &[]);
        reads("name", &[]);
    }

    #[test]
    fn a_quoted_text_never_becomes_a_record() {
        let text = "name,display_name\nalice,\"A, \"\"B\"\"\"\nbob,\"x\nmallory,Administrator\n\"\ncarol,\n";
        reads(text, &["line 2: alice", "lines 3 to 5: bob", "line 6: carol"]);
        let huge = "x\nmallory,y\n".repeat(MAX_RECORD / 8);
        let text = format!("name,display_name\nbob,\"{huge}\"\ncarol,\n");
        let lines = huge.lines().count();
        let long = format!("lines 2 to {}: it has more than 64 KiB", lines + 2);
        reads(&text, &[&long, &format!("line {}: carol", lines + 3)]);
    }

    #[test]
    fn a_misplaced_quote_is_rejected() {
        let misplaced = RecordError::misplaced_quote();
        let text = "\u{feff}\"name\",display_name\nalice,\"Alice \"the A\" A.\"\nbob,Bob \"B\"\ncarol,\n";
        reads(text, &[&format!("line 2: {misplaced}"), &format!("line 3: {misplaced}"), "line 4: carol"]);
    }

    #[test]
    fn a_carriage_return_does_not_end_a_line() {
        reads("name,email\nbob,\rmallory\ncarol,\n", &["line 2: bob", "line 3: carol"]);
    }

    #[test]
    fn an_unclosed_quote_is_reported_where_it_is_opened() {
        for end in ["", "\n"] {
            let expected = format!("lines 3 to 4: {OPEN_QUOTE}");
            reads(&format!("name,email\nalice,\nbob,\"x\ncarol,{end}"), &["line 2: alice", &expected]);
            reads(&format!("name,email\nbob,\"x{end}"), &[&format!("line 2: {OPEN_QUOTE}")]);
        }
    }

    #[test]
    fn an_invalid_record_does_not_affect_the_others() {
        let wide = ",".repeat(200);
        let text = format!("name,disabled\nalice\nbob,yes\n{wide}\ncarol,true\n\n,\n");
        let expected = [
            "line 2: it has 1 fields, but the first line has 2",
            "line 3: `disabled` is neither `true` nor `false`",
            "line 4: it has 201 fields, but the first line has 2",
            "line 5: carol",
            "line 7: ",
        ];
        reads(&text, &expected);
        let bytes = b"name,email\na\xffb,\nalice,\n";
        assert_eq!(read(bytes, 5), ["line 2: `name` is not UTF-8", "line 3: alice"]);
    }

    #[test]
    fn a_comma_between_roles_is_rejected_with_the_separator() {
        let text = "name,roles\nalice,\"Viewer,Editor\"\nbob,Viewer,Editor\ncarol,Viewer;Editor\n";
        let expected = [
            "line 2: `roles` has a comma; separate names with `;`, and use JSONL for a name that contains a comma",
            "line 3: it has 3 fields, but the first line has 2; separate roles and permissions with `;`",
            "line 4: carol",
        ];
        reads(text, &expected);
    }

    #[test]
    fn column_names_are_checked_before_the_first_record() {
        for (header, reason) in [
            ("", "the file is empty"),
            ("name,password\n", "line 1: plain passwords are not imported"),
            ("name,role\n", "line 1: unknown column \"role\"; the known ones are `name`"),
            ("name,name\n", "line 1: the column `name` appears twice"),
            ("alice,Viewer\n", "line 1: the first line names no column"),
            ("email\n", "line 1: the column `name` is missing"),
            ("name,\"x\n", "line 1: a quote is opened"),
        ] {
            let failure = CsvRecords::new(Box::new(Cursor::new(header.to_owned()))).err().unwrap();
            let message = failure.into_exit().1.unwrap();
            assert!(message.starts_with(reason) && !message.contains("alice"), "{message}");
        }
        let bytes = Cursor::new(b"name,\xff\n");
        let failure = CsvRecords::new(Box::new(bytes)).err().unwrap();
        assert_eq!(failure.into_exit().1.unwrap(), "line 1: the column names are not UTF-8");
    }
}
