//! Records of JSONL: an object on each line.

use std::{
    io::{self, BufRead},
    str,
};

use memchr::memchr;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;

use super::record::{Bad, Fields, KNOWN, MAX_RECORD, NO_PASSWORDS, Record, Records};

const BOM: &str = "\u{feff}";

pub(super) struct JsonRecords {
    input: Box<dyn BufRead + Send>,
    /// The line that was read last.
    line: u64,
    position: u64,
    text: Vec<u8>,
    is_over: bool,
}

/// A line of the file.
enum Line {
    Whole,
    Long,
}

impl JsonRecords {
    pub(super) fn new(input: Box<dyn BufRead + Send>) -> Self {
        Self { input, line: 0, position: 0, text: Vec::new(), is_over: false }
    }

    /// Reads a line to its end, and keeps no more of it than a record may have.
    fn read_line(&mut self) -> io::Result<Option<Line>> {
        self.text.clear();
        let mut is_long = false;
        let mut is_started = false;
        loop {
            let input = self.input.fill_buf()?;
            if input.is_empty() && !is_started {
                return Ok(None);
            }
            let end = memchr(b'\n', input);
            let part = &input[..end.unwrap_or(input.len())];
            let room = MAX_RECORD - self.text.len();
            is_long |= part.len() > room;
            self.text.extend_from_slice(&part[..part.len().min(room)]);
            let is_end = input.is_empty() || end.is_some();
            let read = part.len() + usize::from(end.is_some());
            self.input.consume(read);
            self.position += u64::try_from(read).unwrap_or(u64::MAX);
            is_started = true;
            if is_end {
                self.line += 1;
                return Ok(Some(if is_long { Line::Long } else { Line::Whole }));
            }
        }
    }

    fn record(&self, user: Result<Fields, Bad>) -> Record {
        Record { line: self.line, last_line: self.line, user: user.and_then(Fields::user) }
    }

    fn text(&self) -> Result<&str, Bad> {
        let text = str::from_utf8(&self.text).map_err(|_| Bad::of_one("it is not UTF-8"))?;
        let text = if self.line == 1 { text.strip_prefix(BOM).unwrap_or(text) } else { text };
        Ok(text.trim_ascii())
    }
}

impl Records for JsonRecords {
    fn next(&mut self) -> Option<Record> {
        while !self.is_over {
            match self.read_line() {
                Ok(None) => break,
                Ok(Some(Line::Long)) => {
                    let reason = format!("it has more than {} KiB", MAX_RECORD / 1024);
                    return Some(self.record(Err(Bad::of_one(reason))));
                }
                Ok(Some(Line::Whole)) => match self.text() {
                    Ok("") => {}
                    text => return Some(self.record(text.and_then(fields))),
                },
                Err(error) => {
                    self.is_over = true;
                    self.line += 1;
                    let reason = format!("from here on the file cannot be read: {error}");
                    return Some(self.record(Err(Bad::of_one(reason))));
                }
            }
        }
        None
    }

    fn position(&self) -> u64 {
        self.position
    }
}

/// The members as they stand there: their types are judged later, without repeating what they hold.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Object {
    name: Option<Value>,
    display_name: Option<Value>,
    email: Option<Value>,
    roles: Option<Value>,
    permissions: Option<Value>,
    password_hash: Option<Value>,
    disabled: Option<Value>,
    password: Option<IgnoredAny>,
}

fn fields(text: &str) -> Result<Fields, Bad> {
    if !text.starts_with('{') {
        return Err(Bad::of_one("it is no JSON object"));
    }
    let object: Object = serde_json::from_str(text).map_err(|error| wrong(&error))?;
    if object.password.is_some() {
        return Err(Bad::of_all(NO_PASSWORDS));
    }
    Ok(Fields {
        name: as_text("name", object.name)?,
        display_name: as_text("display_name", object.display_name)?,
        email: as_text("email", object.email)?,
        roles: as_list("roles", object.roles)?,
        permissions: as_list("permissions", object.permissions)?,
        password_hash: as_text("password_hash", object.password_hash)?,
        disabled: as_flag("disabled", object.disabled.as_ref())?,
    })
}

/// Where JSON is not as it should be, or which member is not known or there twice.
fn wrong(error: &serde_json::Error) -> Bad {
    if !error.is_data() {
        return Bad::of_one(format!("it is no JSON: {}", without_place(&error.to_string(), error.column())));
    }
    let text = error.to_string();
    match text.split('`').nth(1) {
        Some(member) if text.starts_with("unknown field") => {
            Bad::of_all(format!("unknown member {member:?}; it must be one of {KNOWN}"))
        }
        Some(member) if text.starts_with("duplicate field") => {
            Bad::of_one(format!("the member {member:?} is there twice"))
        }
        _ => Bad::of_one("it is no JSON object of a user"),
    }
}

/// The line is that of the file, and not the first.
fn without_place(text: &str, column: usize) -> String {
    let what = text.split(" at line ").next().unwrap_or_default();
    format!("{what} at character {column}")
}

fn as_text(member: &str, value: Option<Value>) -> Result<Option<String>, Bad> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Bad::of_one(format!("`{member}` is no text"))),
    }
}

fn as_list(member: &str, value: Option<Value>) -> Result<Vec<String>, Bad> {
    let wrong = || Bad::of_one(format!("`{member}` is no list of texts"));
    let Some(value) = value.filter(|value| !value.is_null()) else { return Ok(Vec::new()) };
    let Value::Array(values) = value else { return Err(wrong()) };
    let texts = values.into_iter().map(|value| match value {
        Value::String(text) => Ok(text),
        _ => Err(wrong()),
    });
    texts.collect()
}

fn as_flag(member: &str, value: Option<&Value>) -> Result<bool, Bad> {
    match value {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(Bad::of_one(format!("`{member}` is neither `true` nor `false`"))),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Cursor};

    use super::{JsonRecords, MAX_RECORD, Records};

    fn read(text: &[u8], piece: usize) -> Vec<String> {
        let mut records = JsonRecords::new(Box::new(BufReader::with_capacity(piece, Cursor::new(text.to_vec()))));
        let mut read = Vec::new();
        while let Some(record) = records.next() {
            let is = record.user.as_ref().map_or_else(|bad| bad.reason.clone(), |user| user.name().to_owned());
            read.push(format!("{}: {is}", record.place()));
        }
        assert_eq!(records.position(), text.len() as u64);
        read
    }

    #[test]
    fn lines_may_end_as_on_any_system_and_the_last_one_not_at_all() {
        for text in [
            "{\"name\":\"alice\"}\n\n{\"name\":\"bob\",\"roles\":[\"Viewer\"],\"disabled\":null}\n",
            "\u{feff}{\"name\":\"alice\"}\r\n\r\n {\"name\":\"bob\"} ",
        ] {
            for piece in [1, 7, 1 << 16] {
                assert_eq!(read(text.as_bytes(), piece), ["line 1: alice", "line 3: bob"], "{text}");
            }
        }
        assert!(read(b"", 8).is_empty());
    }

    #[test]
    fn what_is_wrong_with_a_line_is_told_without_what_it_holds() {
        let secret = "$2b$12$EuZvjQ0pG5Lh8cXcG0GxUOW1wmKxBqk0zHqB1nPy8yZ6r1y7VbYxK";
        for (line, reason) in [
            (format!("{{\"name\":\"a\",\"password\":\"{secret}\"}}"), "passwords in plain are not imported"),
            (format!("{{\"name\":\"a\",\"disabled\":\"{secret}\"}}"), "`disabled` is neither `true` nor `false`"),
            (format!("{{\"name\":\"a\",\"roles\":\"{secret}\"}}"), "`roles` is no list of texts"),
            (format!("{{\"name\":\"a\",\"roles\":[\"{secret}\"]}}"), "a password hash stands where a name should"),
            (format!("{{\"name\":[\"{secret}\"]}}"), "`name` is no text"),
            (format!("\"{secret}\""), "it is no JSON object"),
            (format!("[\"{secret}\"]"), "it is no JSON object"),
            (format!("{{\"name\":\"{secret}"), "it is no JSON: EOF while parsing a string at character"),
            (format!("{{\"email\":\"{secret}\"}}"), "there is no `name`"),
            ("{\"name\":\"a\",\"role\":[]}".to_owned(), "unknown member \"role\"; it must be one of `name`"),
            ("{\"name\":\"a\",\"name\":\"b\"}".to_owned(), "the member \"name\" is there twice"),
            ("{\"name\":\"a\"} {}".to_owned(), "it is no JSON: trailing characters at character 14"),
        ] {
            let said = read(line.as_bytes(), 16).pop().unwrap();
            assert!(said.starts_with(&format!("line 1: {reason}")) && !said.contains(secret), "{said}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_or_not_utf_8_is_no_matter_of_the_others() {
        let mut text = b"{\"name\":\"a\xff\"}\n".to_vec();
        text.resize(text.len() + MAX_RECORD + 1, b'x');
        text.extend(b"\n{\"name\":\"alice\"}");
        let expected = ["line 1: it is not UTF-8", "line 2: it has more than 64 KiB", "line 3: alice"];
        assert_eq!(read(&text, 1000), expected);
    }
}
